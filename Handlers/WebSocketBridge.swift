internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON

/// Moves messages between a WebSocket and the stream of a service, both ways at once, each as soon as it is there.
///
/// It is a loop of attempts that never wait. Neither side's messages pile up: while the service takes nothing the client
/// is not read, and while the client takes nothing the service is not.
struct WebSocketBridge: ~Copyable {
    /// Memory that is kept for messages of the service while none comes, in bytes.
    private static let idleMemory = 4_096

    private let exchange: Exchange
    private let stream: any RPCStream
    private let format: MessageFormat
    private let takesAnything: Bool
    private let answer: RouteRule.AnswerField?
    private var client: WebSocketClient
    /// A message that the service has had no room for yet.
    private var waiting: ByteBuffer?
    private var reply = ByteBuffer()
    private var hasFinishedSending = false

    /// - Parameters:
    ///   - maximumMessage: The longest message of the client, in bytes.
    ///   - first: A message to begin with, before the client says anything.
    ///   - takesAnything: Whether messages of the client may be whatever they are, empty ones among them. Default false:
    ///     they are as the format says, and an empty one ends what the client sends.
    ///   - answer: What the client gets of each message in JSON. Default all of it.
    init(
        _ exchange: Exchange, _ stream: any RPCStream, format: MessageFormat, maximumMessage: Int,
        first: ByteBuffer?, takesAnything: Bool = false, answer: RouteRule.AnswerField? = nil
    ) {
        self.exchange = exchange
        self.stream = stream
        self.format = format
        self.takesAnything = takesAnything
        self.answer = answer
        client = WebSocketClient(exchange, maximumMessage: maximumMessage)
        waiting = first
    }

    /// Runs until the WebSocket is closed, or its client gone. The stream is left to its owner to cancel.
    nonisolated(nonsending) mutating func run() async {
        while !client.isOver {
            var hasMoved = takeFromClient()
            hasMoved = takeFromService() || hasMoved
            hasMoved = client.write() || hasMoved
            if !hasMoved { reply.releaseMemory(above: Self.idleMemory) }
            await client.rest(after: hasMoved, isRead: waiting == nil)
        }
        client.end()
    }

    // MARK: From the client

    /// Returns true when something moved.
    private mutating func takeFromClient() -> Bool {
        if !client.socket.isOpen { waiting = nil }
        if waiting != nil { return sendWaiting() }
        switch client.receive() {
        case nil: return false
        case .nothing?: break
        case .text?: takeMessage(isText: true)
        case .binary?: takeMessage(isText: false)
        case .closed?: stream.cancel()
        }
        return true
    }

    private mutating func takeMessage(isText: Bool) {
        if takesAnything { return waiting = client.socket.message.take() }
        guard !hasFinishedSending else {
            return client.close(.policyViolation, "a message came after the empty one that is the last")
        }
        // In protobuf, a message without bytes is one whose fields all have their defaults.
        if client.socket.message.isEmpty, isText || format == .json { return finishSending() }
        switch format {
        case .json:
            // Micro v2 took JSON from frames of both kinds.
            do throws(PayloadProblem) {
                _ = try Payload.isObject(client.socket.message.span)
            } catch {
                return client.close(.invalidPayload, "\(error)")
            }
        case .protobuf:
            guard !isText else { return client.close(.unsupportedData, "messages in protobuf are binary") }
        }
        waiting = client.socket.message.take()
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
        guard client.socket.isOpen, client.hasRoom else { return false }
        do throws(GatewayError) {
            switch try stream.tryReceive(into: &reply) {
            case .nothing: return false
            case .message:
                if format == .json { try answer?.pick(from: &reply) }
                passReply()
            case .end: client.close(.normal, "")
            }
        } catch {
            fail(error)
        }
        return true
    }

    private mutating func passReply() {
        var checker = UTF8Checker()
        if format == .protobuf {
            client.socket.send(reply, isText: false)
        } else if checker.take(reply.span), checker.isComplete {
            client.socket.send(reply)
        } else {
            client.close(.internalError, "the service sent a message that is no text")
        }
        reply.removeAll()
    }

    private mutating func fail(_ error: GatewayError) {
        client.socket.close(WebSocketClose(error.report), now: exchange.now)
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
