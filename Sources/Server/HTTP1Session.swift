internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// HTTP/1.1 on one connection from a client: bytes to exchanges and back (RFC 9112).
///
/// Requests are answered one after the other, in order, also when the client sends several at once. Between requests a
/// connection needs nothing of all this, so a session serves a connection while that has something to do, and then
/// another: there are as many as there are requests at once, and what they have in memory is warm.
final class HTTP1Session: ServerSession {
    let listener: ListenerContext
    let context: WorkerContext
    let loop: any EventLoop
    let configuration: SessionConfiguration
    let handler: any Handler
    private var parser: RequestParser
    /// Made in `init`, as soon as there is a session to make it of.
    private(set) var exchange: Exchange!

    // What is served, until `detach`. It outlives being served, so nothing needs to be counted for each request.
    private unowned(unsafe) var connection: ServerConnection
    private(set) unowned(unsafe) var channel: any Channel
    private(set) unowned(unsafe) var wakeup: Wakeup
    private(set) unowned(unsafe) var deadline: Deadline

    /// Bytes from the client that nobody has read yet.
    var input = ByteBuffer()
    /// Bytes for the client that the socket has not taken yet.
    var output = ByteBuffer()
    var request = RequestBody()
    var response = ResponseBody()
    var tunnel = TunnelState()
    /// False once the connection must end after the current answer.
    var keepsAlive = true
    /// True once the client may be sending what nobody will read.
    var mustLinger = false
    /// What the last reading of the body handed out.
    var lastTaken = 0
    private(set) var isDraining = false
    /// True where the next request would begin, so that nothing of the last is left in the session.
    private var isBetweenRequests = false
    /// True until the first bytes have shown that they are no preface of HTTP/2.
    var mayBeginHTTP2 = false
    /// The session that takes over when the client has changed to HTTP/2.
    var successor: (any ServerSession)?

    init(for connection: ServerConnection) {
        self.connection = connection
        channel = connection.channel
        wakeup = connection.wakeup
        deadline = connection.deadline
        listener = connection.listener
        context = listener.worker
        loop = context.loop
        configuration = context.configuration
        handler = listener.handler
        parser = RequestParser(limits: configuration.headLimits, isSecure: listener.security != nil)
        exchange = Exchange(
            stream: self, forwarding: connection.forwarding, isPeerLoopback: connection.isPeerLoopback, loop: loop,
            wakeup: connection.wakeup)
        attach(to: connection)
    }

    /// Begins to serve a connection.
    func attach(to connection: ServerConnection) {
        self.connection = connection
        channel = connection.channel
        wakeup = connection.wakeup
        deadline = connection.deadline
        exchange.move(
            to: connection.forwarding, isPeerLoopback: connection.isPeerLoopback, wakeup: connection.wakeup)
        mayBeginHTTP2 = connection.mayBeginHTTP2
        isDraining = connection.isDraining
        isBetweenRequests = false
        keepsAlive = true
        mustLinger = false
    }

    func detach() {
        connection.mayBeginHTTP2 = mayBeginHTTP2
        guard isBetweenRequests else { return }
        input.releaseMemory(above: Self.keptMemory)
        output.releaseMemory(above: Self.keptMemory)
        exchange.releaseMemory()
        listener.giveBack(self)
    }

    /// A buffer that is larger is not kept for the next request, in bytes.
    private static let keptMemory = 131_072

    var forwarding: ForwardingContext { exchange.forwarding }

    var isPeerLoopback: Bool { exchange.isPeerLoopback }

    nonisolated(nonsending) func serve() async -> SessionOutcome {
        var hasServed = false
        while true {
            switch await serveOne() {
            case .kept: hasServed = true
            case .idle: return hasServed ? .idleAgain : .stillIdle
            case .over:
                if successor != nil { return .succeeded }
                await finish()
                return .over
            }
        }
    }

    /// Answers the current request with `Connection: close`, and waits for no other. Endless answers end.
    func drain() {
        isDraining = true
        keepsAlive = false
        wakeup.fire()
    }

    /// What comes after a request, or instead of one.
    private enum Step {
        case kept, idle, over
    }

    nonisolated(nonsending) private func serveOne() async -> Step {
        do throws(GatewayError) {
            switch try await readHead() {
            case .arrived: break
            case .idle: return .idle
            case .none: return .over
            }
        } catch {
            mustLinger = true
            keepsAlive = false
            let canGoOn = await answer(error)
            context.accessLog?.record(malformed: error, exchange, bytes: response.sent)
            return canGoOn ? .kept : .over
        }
        return await answerRequest() ? .kept : .over
    }

    /// Returns false when the connection is to be closed.
    nonisolated(nonsending) private func answerRequest() async -> Bool {
        let began = loop.now
        if exchange.withRequest({ $0.fields.contains(.http2Settings) }), changeToHTTP2() { return false }
        var canGoOn = true
        do throws(GatewayError) {
            try await handler.lastHandler(for: exchange).handle(exchange)
            guard response.isEnded || tunnel.isOpen else { throw GatewayError(.fault, "no answer was given") }
            if let failure = exchange.lateFailure { context.report(failure, exchange) }
        } catch {
            canGoOn = await answer(error)
        }
        leaveTunnel()
        context.accessLog?.record(exchange, took: loop.preciseNow - began, bytes: response.sent)
        guard canGoOn, await flushAll() else { return false }
        guard await skipRestOfBody() else { return false }
        return keepsAlive && !isDraining
    }

    // MARK: The head

    /// What comes of waiting for a head.
    private enum Arrival {
        /// It, or a part of it, is there.
        case arrived
        /// Nothing of it has come.
        case idle
        /// None will come.
        case none
    }

    /// Waits for the head of the next request, once it has begun.
    nonisolated(nonsending) private func readHead() async throws(GatewayError) -> Arrival {
        var isPartial = false
        while true {
            if mayBeginHTTP2, !input.isEmpty, beginsHTTP2() { return .none }
            if !input.isEmpty, !mayBeginHTTP2, try parseHead() { break }
            if !input.isEmpty, !isPartial {  // The first byte starts the clock for the whole head.
                isPartial = true
                deadline.set(loop.now + configuration.headerTimeout)
            }
            let arrival = try await readMore(isPartial: isPartial)
            guard arrival == .arrived else { return arrival }
        }
        deadline.clear()
        exchange.reset()
        keepsAlive = exchange.withRequest { $0.keepsConnectionAlive } && !isDraining
        return .arrived
    }

    nonisolated(nonsending) private func readMore(isPartial: Bool) async throws(GatewayError) -> Arrival {
        isBetweenRequests = !isPartial
        while true {
            if isDraining, input.isEmpty { return .none }
            do throws(ChannelError) {
                if let count = try channel.tryRead(into: &input, atMost: Self.headReadSize) {
                    guard count > 0 else { return .none }
                    isBetweenRequests = false
                    return .arrived
                }
            } catch {
                return .none
            }
            guard isPartial else { return .idle }
            if deadline.hasExpired {
                forgetExchange()
                throw GatewayError(.requestTimeout, "the request's header did not arrive in time")
            }
            await wakeup.wait()
        }
    }

    /// Enough for nearly every head, and for the small bodies that come along.
    private static let headReadSize = 8_192

    private static let tunnel = RequestProblem(.notImplemented, "This server makes no tunnels.")

    private func parseHead() throws(GatewayError) -> Bool {
        do throws(RequestProblem) {
            guard try parser.take(from: &input, into: &exchange.request) else { return false }
            try exchange.withRequest { (head) throws(RequestProblem) in
                // What follows would not be HTTP. Closing keeps it from being taken for requests.
                guard head.method != .connect else { throw Self.tunnel }
                request.begin(try BodyFraming.ofRequest(head), expectsContinue: head.expectsContinue)
                response.begin(head.method, head.version)
            }
            return true
        } catch {
            forgetExchange()
            if error == .secureBytes {
                context.handshakes.note(
                    "a client began TLS on a port that speaks plain HTTP", from: exchange.forwarding.clientAddress)
            }
            throw GatewayError(error)
        }
    }

    /// Forgets the exchange before, so that an error without a request of its own can be answered.
    private func forgetExchange() {
        response.begin(.get, .http11)
        request.begin(.none, expectsContinue: false)
        exchange.forgetRequest()
    }

    // MARK: Errors

    /// Turns an error into the answer. Returns false when the connection must be closed at once, because an answer was
    /// begun already and cannot be taken back.
    nonisolated(nonsending) private func answer(_ error: GatewayError) async -> Bool {
        context.report(error, exchange)
        guard error.code != .clientGone, !exchange.hasBegunResponse else { return false }
        if !request.isComplete { (keepsAlive, mustLinger) = (false, true) }
        do throws(GatewayError) {
            try await ErrorResponse.send(error, to: exchange)
            return await flushAll() && keepsAlive
        } catch {
            return false
        }
    }

    // MARK: The end of an exchange

    /// Sends what is buffered. Returns false when the client does not take it.
    nonisolated(nonsending) private func flushAll() async -> Bool {
        while !output.isEmpty {
            do throws(GatewayError) {
                if try flushSome() { return true }
            } catch {
                return false
            }
            await wakeup.wait()
        }
        return true
    }

    /// Reads what is left of a body that the handler did not want, so that the next request can be found behind it. One
    /// that is long, or that the client was not yet asked for, ends the connection instead.
    nonisolated(nonsending) private func skipRestOfBody() async -> Bool {
        if request.isComplete { return true }
        if keepsAlive, !request.isContinueExpected, await skipBody() { return true }
        mustLinger = true
        return false
    }

    nonisolated(nonsending) private func skipBody() async -> Bool {
        var rest = ByteBuffer()
        var skipped = 0
        while skipped < Self.skippedBytes {
            rest.removeAll()
            do throws(GatewayError) {
                switch try tryReadBody(into: &rest, atMost: Self.headReadSize) {
                case nil: await wakeup.wait()
                case 0?: return true
                case let count?: skipped += count
                }
            } catch {
                return false
            }
        }
        return false
    }

    static let skippedBytes = 262_144

    /// Says goodbye in a way that lets the last answer arrive.
    nonisolated(nonsending) private func finish() async {
        guard mustLinger, !channel.isBroken, output.isEmpty else { return }
        channel.finish()
        deadline.set(loop.now + configuration.lingerTimeout)
        var count = input.count
        while count < configuration.lingerBytes, !deadline.hasExpired {
            input.removeAll()
            do throws(ChannelError) {
                guard let more = try channel.tryRead(into: &input, atMost: Self.headReadSize) else {
                    await wakeup.wait()
                    continue
                }
                guard more > 0 else { return }
                count += more
            } catch {
                return
            }
        }
    }
}

extension GatewayError {
    /// A request that cannot be understood.
    init(_ problem: RequestProblem) {
        let code: Code =
            switch problem.status {
            case .contentTooLarge: .contentTooLarge
            case .uriTooLong: .uriTooLong
            case .headerFieldsTooLarge: .headerFieldsTooLarge
            case .notImplemented: .notImplemented
            case .versionNotSupported: .versionNotSupported
            case .expectationFailed: .expectationFailed
            case .misdirectedRequest: .misdirected
            default: .badRequest
            }
        self.init(code, problem.reason)
    }
}
