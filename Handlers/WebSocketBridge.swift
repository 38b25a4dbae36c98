internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON
internal import Reactor

/// Moves messages between a WebSocket and the stream of a service, both ways at once, each as soon as it is there.
///
/// It is a loop of attempts that never wait. Neither side's messages pile up: while the service takes nothing the client
/// is not read, and while the client takes nothing the service is not.
struct WebSocketBridge: ~Copyable {
    /// Bytes for the client beyond which the service has to wait.
    private static let highMark = 65_536
    /// Rounds in one tick of the loop, so that two fast sides do not keep everyone else waiting.
    private static let roundsPerTick = 8
    /// How long a client may take nothing of what waits for it.
    private static let writeTimeout = Duration.seconds(30)

    private let exchange: Exchange
    private let stream: any RPCStream
    private let format: MessageFormat
    private let takesAnything: Bool
    private let answer: RouteRule.AnswerField?
    private let deadline: Deadline
    private var socket: WebSocketConnection
    /// What the client has sent and nobody has looked at.
    private var input = ByteBuffer()
    /// A message that the service has had no room for yet.
    private var waiting: ByteBuffer?
    private var reply = ByteBuffer()
    private var hasFinishedSending = false
    private var isClientGone = false
    /// Since when the client has taken nothing of what waits for it. Nil while nothing waits.
    private var blockedSince: ContinuousClock.Instant?
    /// How much is read at once: little, until that proves to be too little, because silent clients keep the memory.
    private var readSize = idleReadSize
    private static let idleReadSize = 4_096

    /// - Parameters:
    ///   - first: A message to begin with, before the client says anything.
    ///   - takesAnything: Whether messages of the client may be whatever they are, empty ones among them. Default false:
    ///     they are as the format says, and an empty one ends what the client sends.
    ///   - answer: What the client gets of each message in JSON. Default all of it.
    init(
        _ exchange: Exchange, _ stream: any RPCStream, format: MessageFormat, limits: WebSocketLimits,
        first: ByteBuffer?, takesAnything: Bool = false, answer: RouteRule.AnswerField? = nil
    ) {
        self.exchange = exchange
        self.stream = stream
        self.format = format
        self.takesAnything = takesAnything
        self.answer = answer
        deadline = Deadline(on: exchange.loop, firing: exchange.wakeup)
        socket = WebSocketConnection(.server, limits: limits, now: exchange.now)
        waiting = first
    }

    /// Runs until the WebSocket is closed, or its client gone. The stream is left to its owner to cancel.
    nonisolated(nonsending) mutating func run() async {
        var rounds = 0
        while !isClientGone, !(socket.isOver && socket.output.isEmpty) {
            var hasMoved = takeFromClient()
            hasMoved = takeFromService() || hasMoved
            hasMoved = write() || hasMoved
            if hasMoved {
                rounds += 1
                if rounds % Self.roundsPerTick == 0 { await waitForNextTick() }
                continue
            }
            prepareToWait()
            if isClientGone || socket.isOver { continue }
            releaseMemory()
            await exchange.wakeup.wait()
        }
        deadline.cancel()
        if !isClientGone { end() }
    }

    /// Tells a client that has closed properly that nothing comes after the close frame.
    private func end() {
        do throws(GatewayError) {
            try exchange.end()
        } catch {
            // It has left meanwhile.
        }
    }

    /// Lets the loop look at its other sockets, whatever these two sides have to do.
    nonisolated(nonsending) private func waitForNextTick() async {
        deadline.set(exchange.now)
        await exchange.wakeup.wait()
    }

    private mutating func releaseMemory() {
        input.releaseMemory(above: Self.idleReadSize)
        reply.releaseMemory(above: Self.idleReadSize)
        socket.output.releaseMemory(above: Self.idleReadSize)
        readSize = Self.idleReadSize
    }

    /// Does what time or the server asks for, and sets the clock for the next time.
    private mutating func prepareToWait() {
        if exchange.isStopping { close(.goingAway, "the gateway is stopping") }
        // Who is not read cannot be heard.
        if waiting != nil || socket.output.count >= Self.highMark { socket.excuseSilence(now: exchange.now) }
        socket.tick(now: exchange.now)
        if write() { exchange.wakeup.fire() }
        do throws(GatewayError) {
            try exchange.flush()
        } catch {
            isClientGone = true
        }
        let limit = blockedSince.map { $0 + Self.writeTimeout }
        if let limit, exchange.now >= limit { isClientGone = true }
        let next = [socket.nextTick, limit].compactMap { $0 }.min()
        if let next { deadline.set(next) } else { deadline.clear() }
    }

    private mutating func close(_ code: WebSocketCloseCode, _ reason: String) {
        socket.close(WebSocketClose(code, reason: reason), now: exchange.now)
    }

    // MARK: From the client

    /// Returns true when something moved.
    private mutating func takeFromClient() -> Bool {
        if !socket.isOpen { waiting = nil }
        if waiting != nil { return sendWaiting() }
        guard socket.output.count < Self.highMark, !socket.isOver else { return false }
        switch socket.receive(from: &input, now: exchange.now) {
        case .nothing: return readMore()
        case .text: takeMessage(isText: true)
        case .binary: takeMessage(isText: false)
        case .closed: stream.cancel()
        }
        return true
    }

    private mutating func readMore() -> Bool {
        guard !socket.isOver else { return false }
        do throws(GatewayError) {
            guard let count = try exchange.tryReadBody(into: &input, atMost: readSize) else {
                isClientGone = exchange.isClientGone
                return false
            }
            if count == readSize { readSize = Self.highMark }
            if count == 0 { isClientGone = true }
            return true
        } catch {
            isClientGone = true
            return true
        }
    }

    private mutating func takeMessage(isText: Bool) {
        if takesAnything { return waiting = socket.message.take() }
        if hasFinishedSending { return close(.policyViolation, "a message came after the empty one that is the last") }
        // In protobuf, a message without bytes is one whose fields all have their defaults.
        if socket.message.isEmpty, isText || format == .json { return finishSending() }
        switch format {
        case .json:
            // Micro v2 took JSON from frames of both kinds.
            do throws(PayloadProblem) {
                _ = try Payload.isObject(socket.message.span)
            } catch {
                return close(.invalidPayload, "\(error)")
            }
        case .protobuf:
            guard !isText else { return close(.unsupportedData, "messages in protobuf are binary") }
        }
        waiting = socket.message.take()
    }

    /// Returns true when the service has taken the message.
    private mutating func sendWaiting() -> Bool {
        guard var message = waiting.take() else { return false }
        do throws(GatewayError) {
            if try stream.trySend(&message) { return true }
            waiting = message
            return false
        } catch {
            fail(error)
            return true
        }
    }

    private mutating func finishSending() {
        hasFinishedSending = true
        do throws(GatewayError) {
            try stream.finishSending()
        } catch {
            fail(error)
        }
    }

    // MARK: From the service

    /// Returns true when something moved.
    private mutating func takeFromService() -> Bool {
        guard socket.isOpen, socket.output.count < Self.highMark else { return false }
        do throws(GatewayError) {
            switch try stream.tryReceive(into: &reply) {
            case .nothing: return false
            case .message:
                if format == .json { try answer?.pick(from: &reply) }
                passReply()
            case .end: close(.normal, "")
            }
        } catch {
            fail(error)
        }
        return true
    }

    private mutating func passReply() {
        var checker = UTF8Checker()
        if format == .protobuf {
            socket.send(reply, isText: false)
        } else if checker.take(reply.span), checker.isComplete {
            socket.send(reply)
        } else {
            close(.internalError, "the service sent a message that is no text")
        }
        reply.removeAll()
    }

    private mutating func fail(_ error: GatewayError) {
        socket.close(WebSocketClose(error.report), now: exchange.now)
    }

    // MARK: To the client

    /// Returns true when something moved.
    private mutating func write() -> Bool {
        guard !socket.output.isEmpty else { return false }
        do throws(GatewayError) {
            guard try exchange.tryWrite(&socket.output, atMost: socket.output.count) > 0 else {
                blockedSince = blockedSince ?? exchange.now
                return false
            }
            blockedSince = nil
        } catch {
            isClientGone = true
        }
        return true
    }
}

extension WebSocketClose {
    /// An error of a stream: 1011, with the error as JSON. What does not fit is cut out of its sentence, so that the
    /// rest can still be read as JSON.
    init(_ error: MicroError) {
        var error = error
        while error.text.utf8.count > Self.maximumReason, !error.detail.isEmpty { error.detail.removeLast() }
        if error.text.utf8.count > Self.maximumReason { error.id = "" }
        self.init(.internalError, reason: error.text)
    }
}
