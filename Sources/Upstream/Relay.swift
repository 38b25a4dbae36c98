internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// Moves one request to a node and the response back, both at once, through bounded buffers.
///
/// It is a loop of attempts that never wait: send what there is, take what has come. When a whole round brings nothing,
/// the task waits for its wake-up, which both sockets and the deadline fire. So a node may answer before it has read the
/// request, and a slow client or a slow node makes the other side wait instead of making memory grow.
struct Relay: ~Copyable {
    /// Bytes kept for a side that is slow to take them.
    static let highMark = 65_536

    private let exchange: Exchange
    private let connection: UpstreamConnection
    private let node: Node
    private let timeout: Duration
    private let requestFraming: BodyFraming

    private var requestIsComplete: Bool
    private var requestIsAbandoned = false
    private var body: BodyReader?
    /// Bytes of the response's body at the front of the connection's input that have not been passed on.
    private var pending = 0
    private var responseBody = ByteBuffer()

    init(exchange: Exchange, connection: UpstreamConnection, node: Node, timeout: Duration) {
        self.exchange = exchange
        self.connection = connection
        self.node = node
        self.timeout = timeout
        requestFraming = exchange.requestBody
        requestIsComplete = requestFraming == .none
    }

    /// Runs to the end of the response. Returns true when the connection can carry another request.
    nonisolated(nonsending) mutating func run() async throws(GatewayError) -> Bool {
        ForwardedRequest.write(
            exchange.request, framing: requestFraming, context: exchange.forwarding, to: &connection.output)
        connection.deadline.set(exchange.now + timeout)
        while true {
            let hasSent = try sendRequest()
            let hasReceived = try receiveResponse()
            if let body, body.isComplete, pending == 0, responseBody.isEmpty { break }
            if hasSent || hasReceived {
                connection.deadline.set(exchange.now + timeout)
                continue
            }
            try await waitForEither()
        }
        try exchange.end()
        return requestIsComplete && !requestIsAbandoned && connection.output.isEmpty && connection.input.isEmpty
            && connection.response.keepsConnectionAlive
    }

    nonisolated(nonsending) private func waitForEither() async throws(GatewayError) {
        if exchange.isClientGone { throw GatewayError(.clientGone, "the client left") }
        if exchange.hasBegunResponse { try exchange.flush() }
        if connection.deadline.hasExpired { throw .timedOut(node, after: timeout) }
        await exchange.wakeup.wait()
    }

    // MARK: To the node

    /// Returns true when something moved.
    private mutating func sendRequest() throws(GatewayError) -> Bool {
        var hasMoved = false
        if !requestIsComplete, connection.output.count < Self.highMark {
            hasMoved = try takeBody()
        }
        guard !connection.output.isEmpty, !requestIsAbandoned else { return hasMoved }
        let before = connection.output.count
        do throws(ChannelError) {
            _ = try connection.channel.tryWrite(&connection.output)
        } catch {
            // The node may have answered and closed before it read everything; its answer decides.
            requestIsAbandoned = true
            connection.output.removeAll()
            return true
        }
        return hasMoved || connection.output.count < before
    }

    private mutating func takeBody() throws(GatewayError) -> Bool {
        if requestFraming == .chunked { return try takeChunk() }
        guard let count = try exchange.tryReadBody(into: &connection.output, atMost: Self.highMark) else { return false }
        if count == 0 { requestIsComplete = true }
        return true
    }

    private mutating func takeChunk() throws(GatewayError) -> Bool {
        var chunk = ByteBuffer()
        guard let count = try exchange.tryReadBody(into: &chunk, atMost: Self.highMark) else { return false }
        if count == 0 {
            requestIsComplete = true
            HeadWriter.writeLastChunk(to: &connection.output)
        } else {
            HeadWriter.writeChunkSize(count, to: &connection.output)
            connection.output.append(count, consuming: &chunk)
            connection.output.append("\r\n")
        }
        return true
    }

    // MARK: To the client

    private mutating func receiveResponse() throws(GatewayError) -> Bool {
        if body == nil {
            guard try fill() else { return false }
            return try beginResponse()
        }
        return try passBody()
    }

    /// Reads from the node unless enough is waiting. Returns true when there is something to look at.
    private mutating func fill() throws(GatewayError) -> Bool {
        do throws(ChannelError) {
            return try connection.tryFill()
        } catch {
            if error == .closed, try endAtClose() { return true }
            throw .broken(node, error.reason, mayHaveBeenSent: mayHaveBeenSeen)
        }
    }

    /// A reused connection that closes before the first byte of a response may still have carried the request.
    private var mayHaveBeenSeen: Bool { true }

    /// The end of the stream is the end of a body without length, and an error everywhere else.
    private mutating func endAtClose() throws(GatewayError) -> Bool {
        guard body != nil else { return false }
        do throws(BodyProblem) {
            try body?.endOfInput()
            return true
        } catch {
            return false
        }
    }

    private mutating func beginResponse() throws(GatewayError) -> Bool {
        do throws(ResponseProblem) {
            while true {
                guard try connection.tryParseHead() else { return true }
                // Interim responses concern the hop between us and the node.
                guard (100...199).contains(connection.response.status.code) else { break }
                guard connection.response.status.code != 101 else { throw ResponseProblem("101 without an upgrade") }
            }
            let framing = try BodyFraming.ofResponse(connection.response, to: exchange.request.method)
            body = BodyReader(framing)
            try begin(framing)
        } catch let problem {
            throw .broken(node, "\(problem.reason)")
        }
        _ = try passBody()
        return true
    }

    private func begin(_ framing: BodyFraming) throws(ResponseProblem) {
    }

    /// Passes on what the node has sent of the body. Returns true when something moved.
    private mutating func passBody() throws(GatewayError) -> Bool {
        false
    }
}
