internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON
internal import Reactor

/// Messages to and from one node in Go Micro's RPC over HTTP/1.1. The stream has its connection for itself: each of our
/// messages is a request and each of the service's a response, and the two are not paired.
///
/// The protocol has neither pings nor an acknowledgement of the beginning: that an endpoint does not exist, or that a
/// node went away, shows only when something arrives. So does that a service knows no envelopes, as it is with calls; the
/// stream is then begun once more without them, on the same connection.
final class MUCPStream: RPCStream {
    /// Bytes kept for a node that is slow to take them.
    private static let highMark = 65_536

    private let connection: UpstreamConnection
    private let node: Node
    private let destination: Destination
    private let id: Int
    private var codec: MUCPCodec
    private let maximumMessage: Int
    /// On the whole stream. The connection's deadline is set for it.
    private let limit: Duration
    /// What each of our messages begins with.
    private var head = ByteBuffer()
    /// A message in its envelope.
    private var envelope = ByteBuffer()
    private var hasFinishedSending = false
    private var body = ByteBuffer()
    /// True while the head of a response is there and its content is not.
    private var hasHead = false
    private var reader = BodyReader(.none)
    private var isOver = false
    private var failure: GatewayError?
    /// Why nothing can be sent any more. What the node has sent is read all the same, for it may say why.
    private var sendingFailure: ChannelError?
    /// Nil once the service has understood something, and where there is no other codec to try.
    private var unheard: MUCPUnheardMessages?
    /// What the service said to envelopes, until it has understood the messages without them.
    private var refusal: GatewayError?
    /// How many more times it may say so, having got that many messages before we knew.
    private var refusalsToCome = 0

    /// Opens the stream.
    ///
    /// - Parameters:
    ///   - id: Of the stream, for the node's logs: there is no other stream on the connection.
    ///   - maximumMessage: The longest message accepted, in bytes.
    init(
        _ call: RPCCall, id: Int, as codec: MUCPCodec, over connection: UpstreamConnection, with node: Node,
        maximumMessage: Int, now: ContinuousClock.Instant
    ) {
        self.connection = connection
        self.node = node
        self.codec = codec
        self.id = id
        self.maximumMessage = maximumMessage
        destination = call.destination
        limit = call.deadline - now
        MUCPRequest.writeStreamHead(call, host: node.address, id: id, timeLeft: limit, as: codec, to: &head)
        if codec == .protoRPC {
            var plain = ByteBuffer()
            MUCPRequest.writeStreamHead(
                call, host: node.address, id: id, timeLeft: limit, as: .protobuf, to: &plain)
            unheard = MUCPUnheardMessages(head: plain)
        }
        // The service throws the body of the first request away, but takes none that is no message.
        var nothing = ByteBuffer()
        codec.writeEmptyMessage(to: &nothing)
        write(nothing)
        flush()
    }

    deinit { connection.close() }

    // MARK: To the service

    func trySend(_ message: inout ByteBuffer) throws(GatewayError) -> Bool {
        precondition(!hasFinishedSending, "nothing follows the end of sending")
        flush()
        guard connection.output.count < Self.highMark else { return false }
        // A stream that is over has no reader; why it is over is told to who receives.
        if !isOver {
            unheard?.append(message)
            write(message)
            flush()
        }
        message.removeAll()
        return true
    }

    func finishSending() throws(GatewayError) {
        guard !hasFinishedSending else { return }
        hasFinishedSending = true
        guard !isOver else { return }
        writeEnd()
        flush()
    }

    func cancel() {
        guard !isOver else { return }
        // Politely, unless the node is so slow that the words would never reach it.
        if !hasFinishedSending, connection.output.isEmpty {
            writeEnd()
            flush()
        }
        close()
    }

    private func write(_ message: borrowing ByteBuffer) {
        connection.output.append(head)
        guard codec.hasEnvelope else { return MUCPRequest.writeContent(message, to: &connection.output) }
        codec.wrap(message, endpoint: destination.endpoint, sequence: id, into: &envelope)
        MUCPRequest.writeContent(envelope, to: &connection.output)
        envelope.removeAll()
        envelope.releaseMemory(above: Self.highMark)
    }

    /// The end has no body in any codec.
    private func writeEnd() {
        connection.output.append(head)
        MUCPRequest.writeEndOfStream(to: &connection.output)
    }

    private func flush() {
        guard !isOver, sendingFailure == nil, !connection.output.isEmpty else { return }
        do throws(ChannelError) {
            _ = try connection.channel.tryWrite(&connection.output)
        } catch {
            sendingFailure = error
            connection.output.releaseMemory()
        }
    }

    private func close() {
        isOver = true
        unheard = nil
        connection.output.releaseMemory()
        connection.close()
    }

    // MARK: From the service

    func tryReceive(into message: inout ByteBuffer) throws(GatewayError) -> RPCStreamArrival {
        if isOver {
            if let failure { throw failure }
            return .end
        }
        do throws(GatewayError) {
            let arrival = try receive(into: &message)
            if case .end = arrival { close() }
            return arrival
        } catch {
            failure = error
            close()
            throw error
        }
    }

    private func receive(into message: inout ByteBuffer) throws(GatewayError) -> RPCStreamArrival {
        flush()
        while true {
            if !hasHead, let framing = try connection.takeHead(to: .post, from: node) {
                reader = BodyReader(framing)
                hasHead = true
            }
            if hasHead, try connection.takeBody(from: node, &reader, body: &body, limit: maximumMessage) {
                hasHead = false
                defer { body.removeAll() }
                if let arrival = try take(into: &message) { return arrival }
                continue
            }
            guard try fill() else {
                guard connection.deadline.hasExpired else { return .nothing }
                throw .timedOut(node, after: limit)
            }
        }
    }

    /// Returns false when nothing has come.
    private func fill() throws(GatewayError) -> Bool {
        do throws(ChannelError) {
            switch try connection.tryFill() {
            case .nothing: return false
            case .bytes: return true
            case .end: break
            }
        } catch {
            throw refusal ?? .broken(node, (sendingFailure ?? error).reason)
        }
        throw refusal ?? .broken(node, "it closed the connection before the end of the stream")
    }

    /// Makes a message of a whole response, or the end. Nil for one that is neither.
    private func take(into message: inout ByteBuffer) throws(GatewayError) -> RPCStreamArrival? {
        if MUCPResponse.error(in: connection.response) == MUCPResponse.endOfStream { return .end }
        do throws(GatewayError) {
            try MUCPResponse.check(connection.response, body: body, of: destination.service, node: node)
        } catch {
            guard error.code == .unsupportedMediaType, isOld(error) || sendAgain(because: error) else { throw error }
            return nil
        }
        (unheard, refusal) = (nil, nil)
        // Services from before Go Micro 1.0 report errors, the end among them, in the envelope only.
        if let error = try unwrap() {
            guard error == MUCPResponse.endOfStream else {
                throw GatewayError(reportedBy: destination.service, text: error)
            }
            return .end
        }
        message.append(body)
        return .message
    }

    /// Leaves the message alone in `body`. Returns the text of the error that is there instead.
    private func unwrap() throws(GatewayError) -> String? {
        do throws(MUCPProblem) {
            let error = try codec.unwrap(&body)
            if codec == .json, !body.isJSON { throw MUCPProblem("it is no JSON") }
            return error
        } catch {
            // Services have been seen to lay two messages over each other that they sent quickly, one after the other.
            throw .broken(
                node, "a message of the stream is broken, or the service has mixed up two of them: \(error.reason)")
        }
    }

    // MARK: Without envelopes

    /// Whether a refusal is one more of those that the service has sent before it got the messages without envelopes.
    private func isOld(_ refusal: GatewayError) -> Bool {
        guard self.refusal != nil, refusalsToCome > 0 else { return false }
        refusalsToCome -= 1
        // Where it says what it does not know, it is not to be guessed.
        return !refusal.detail.contains("application/protobuf")
    }

    /// Begins the stream once more, in protobuf without envelopes. Returns false when that cannot be done.
    private func sendAgain(because refusal: GatewayError) -> Bool {
        guard let unheard, unheard.isComplete, connection.response.keepsConnectionAlive else { return false }
        self.refusal = refusal
        refusalsToCome = unheard.count + (hasFinishedSending ? 1 : 0)
        codec = .protobuf
        head = unheard.head
        unheard.write(to: &connection.output)
        if hasFinishedSending { writeEnd() }
        self.unheard = nil
        flush()
        return true
    }
}

extension ByteBuffer {
    fileprivate var isJSON: Bool { (try? JSONScanner.validate(span)) != nil }
}
