internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON
internal import Reactor

/// Messages to and from one node in Go Micro's RPC over HTTP/1.1. The stream has its connection for itself: each of our
/// messages is a request and each of the service's a response, and the two are not paired.
///
/// The protocol has neither pings nor an acknowledgement of the beginning: that an endpoint does not exist, or that a
/// node went away, shows only when something arrives.
final class MUCPStream: RPCStream {
    /// Bytes kept for a node that is slow to take them.
    private static let highMark = 65_536

    private let connection: UpstreamConnection
    private let node: Node
    private let service: String
    private let maximumMessage: Int
    /// On the whole stream. The connection's deadline is set for it.
    private let limit: Duration
    /// What each of our messages begins with.
    private var head = ByteBuffer()
    private var hasFinishedSending = false
    private var body = ByteBuffer()
    /// True while the head of a response is there and its content is not.
    private var hasHead = false
    private var reader = BodyReader(.none)
    private var isOver = false
    private var failure: GatewayError?
    /// Why nothing can be sent any more. What the node has sent is read all the same, for it may say why.
    private var sendingFailure: ChannelError?

    /// Opens the stream.
    ///
    /// - Parameters:
    ///   - id: Of the stream, for the node's logs: there is no other stream on the connection.
    ///   - maximumMessage: The longest message accepted, in bytes.
    init(
        _ call: RPCCall, id: Int, over connection: UpstreamConnection, with node: Node, maximumMessage: Int,
        now: ContinuousClock.Instant
    ) {
        self.connection = connection
        self.node = node
        self.maximumMessage = maximumMessage
        service = call.destination.service
        limit = call.deadline - now
        MUCPRequest.writeStreamHead(
            call, host: node.address, id: id, timeLeft: limit, as: .json, to: &head)
        connection.output.append(head)
        // The service throws the body of the first request away, but takes none that is no message.
        MUCPRequest.writeContent(ByteBuffer("{}"), to: &connection.output)
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
            connection.output.append(head)
            MUCPRequest.writeContent(message, to: &connection.output)
            flush()
        }
        message.removeAll()
        return true
    }

    func finishSending() throws(GatewayError) {
        guard !hasFinishedSending else { return }
        hasFinishedSending = true
        guard !isOver else { return }
        connection.output.append(head)
        MUCPRequest.writeEndOfStream(to: &connection.output)
        flush()
    }

    func cancel() {
        guard !isOver else { return }
        // Politely, unless the node is so slow that the words would never reach it.
        if !hasFinishedSending, connection.output.isEmpty {
            connection.output.append(head)
            MUCPRequest.writeEndOfStream(to: &connection.output)
            flush()
        }
        close()
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
                return try take(into: &message)
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
            throw .broken(node, (sendingFailure ?? error).reason)
        }
        throw .broken(node, "it closed the connection before the end of the stream")
    }

    /// Makes a message of a whole response, or the end.
    private func take(into message: inout ByteBuffer) throws(GatewayError) -> RPCStreamArrival {
        if MUCPResponse.error(in: connection.response) == "EOS" { return .end }
        try MUCPResponse.check(connection.response, body: body, of: service, node: node)
        // Services have been seen to lay two messages over each other that they sent quickly, one after the other.
        guard body.isJSON else {
            throw .broken(node, "a message of the stream is no JSON; the service may have mixed up two of them")
        }
        message.append(body)
        // Go's encoder ends each value with a line feed.
        if message.endsWithLineFeed { message.removeLast(1) }
        return .message
    }
}

extension ByteBuffer {
    fileprivate var isJSON: Bool { (try? JSONScanner.validate(span)) != nil }

    fileprivate var endsWithLineFeed: Bool { !isEmpty && span[count - 1] == 0x0a }
}
