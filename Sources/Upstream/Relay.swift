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
    /// Rounds in one tick of the loop, so that two fast sides do not keep everyone else waiting.
    private static let roundsPerTick = 8

    private let exchange: Exchange
    private let connection: UpstreamConnection
    private let node: Node
    private let timeout: Duration
    private let requestFraming: BodyFraming
    /// The offer of a client that wants a WebSocket of this node.
    private let handshake: WebSocketHandshake?

    private var requestIsComplete: Bool
    private var requestIsAbandoned = false
    private var hasHead = false
    private var hasSwitched = false
    private var body = BodyReader(.none)
    /// Bytes of the response's body at the front of the connection's input that have not been passed on.
    private var pending = 0

    init(exchange: Exchange, connection: UpstreamConnection, node: Node, timeout: Duration) {
        self.exchange = exchange
        self.connection = connection
        self.node = node
        self.timeout = timeout
        requestFraming = exchange.requestBody
        requestIsComplete = requestFraming == .none
        handshake = exchange.handshake.map(Self.withKey)
    }

    /// A client of HTTP/2 has no key, which a node of HTTP/1.1 wants.
    private static func withKey(_ handshake: WebSocketHandshake) -> WebSocketHandshake {
        handshake.key.isEmpty ? handshake.adding(key: WebSocketClientHandshake().key) : handshake
    }

    /// What has become of the connection to the node.
    enum Outcome {
        /// It can carry another request.
        case reusable
        case spent
        /// It is a tunnel, and so is the client's.
        case switched
    }

    /// Runs to the end of the response.
    nonisolated(nonsending) mutating func run() async throws(GatewayError) -> Outcome {
        writeRequest()
        connection.deadline.set(exchange.now + timeout)
        var rounds = 0
        while true {
            let hasSent = try sendRequest()
            let hasReceived = try receiveResponse()
            if hasSwitched { return .switched }
            if hasHead, body.isComplete, pending == 0 { break }
            if hasSent || hasReceived {
                rounds += 1
                if rounds % Self.roundsPerTick == 0 { await waitForNextTick() }
                connection.deadline.set(exchange.now + timeout)
                continue
            }
            try await waitForEither()
        }
        // A client that did not ask for trailers may not expect them (RFC 9110, 6.5.1).
        let wantsTrailers = exchange.request.fields.hasToken("trailers", in: .te)
        try exchange.end(trailers: wantsTrailers ? body.trailers : HeaderFields())
        let canBeKept =
            requestIsComplete && !requestIsAbandoned && connection.output.isEmpty && connection.input.isEmpty
            && connection.response.keepsConnectionAlive
        return canBeKept ? .reusable : .spent
    }

    private func writeRequest() {
        connection.mayBecomeTunnel = handshake != nil
        if let handshake, exchange.webSocketOffer == .extendedConnect {
            exchange.request.fields.set(.secWebSocketKey, handshake.key)
        }
        ForwardedRequest.write(
            exchange.request, framing: requestFraming, context: exchange.forwarding, upgrades: handshake != nil,
            rewrite: exchange.rewrite, host: exchange.rewrite?.isWebService == true ? node.address : nil,
            to: &connection.output)
    }

    nonisolated(nonsending) private func waitForEither() async throws(GatewayError) {
        if exchange.isClientGone { throw GatewayError(.clientGone, "the client left") }
        if exchange.hasBegunResponse { try exchange.flush() }
        if connection.deadline.hasExpired { throw .timedOut(node, after: timeout) }
        await exchange.wakeup.wait()
    }

    /// Lets the loop look at its other sockets, whatever these two have to do.
    nonisolated(nonsending) private func waitForNextTick() async {
        connection.deadline.set(exchange.now)
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
        guard let count = try exchange.tryReadBody(into: &connection.output, atMost: Self.highMark) else {
            return false
        }
        if count == 0 { requestIsComplete = true }
        return true
    }

    private mutating func takeChunk() throws(GatewayError) -> Bool {
        var chunk = ByteBuffer()
        guard let count = try exchange.tryReadBody(into: &chunk, atMost: Self.highMark) else { return false }
        if count == 0 {
            requestIsComplete = true
            HeadWriter.writeLastChunk(trailers: exchange.requestTrailers, to: &connection.output)
        } else {
            HeadWriter.writeChunkSize(count, to: &connection.output)
            connection.output.append(count, consuming: &chunk)
            HeadWriter.writeChunkEnd(to: &connection.output)
        }
        return true
    }

    // MARK: To the client

    /// Returns true when something moved.
    private mutating func receiveResponse() throws(GatewayError) -> Bool {
        guard !hasHead else { return try passBody() }
        guard try fill() else { return false }
        guard try parseHead() else { return true }
        if connection.response.status == .switchingProtocols { return try switchProtocols() }
        let framing = try responseFraming()
        body = BodyReader(framing)
        hasHead = true
        exchange.rewrite?.restrict(&connection.response.fields)
        try exchange.begin(connection.response, body: framing)
        _ = try passBody()
        return true
    }

    /// The node has become a WebSocket, and so must the client's connection.
    private mutating func switchProtocols() throws(GatewayError) -> Bool {
        do throws(ResponseProblem) {
            // The key is not ours, but a node that cannot answer it understands nothing of what comes next.
            try WebSocketHandshake.checkAnswer(connection.response, to: handshake?.key ?? "")
        } catch {
            throw .broken(node, error.reason)
        }
        try exchange.switchProtocols(connection.response)
        hasSwitched = true
        return true
    }

    /// Reads from the node. Returns true when something came, were it the end of a body that ends with the connection.
    private mutating func fill() throws(GatewayError) -> Bool {
        do throws(ChannelError) {
            switch try connection.tryFill() {
            case .nothing: return false
            case .bytes: return true
            case .end: break
            }
        } catch {
            throw .broken(node, error.reason)
        }
        guard endsAtClose() else { throw .broken(node, ChannelError.closed.reason) }
        return true
    }

    private mutating func endsAtClose() -> Bool {
        guard hasHead else { return false }
        do throws(BodyProblem) {
            try body.endOfInput()
            return true
        } catch {
            return false
        }
    }

    /// Skips interim responses, which concern the hop between us and the node.
    private func parseHead() throws(GatewayError) -> Bool {
        do throws(ResponseProblem) {
            while try connection.tryParseHead() {
                if try connection.isFinal { return true }
            }
            return false
        } catch {
            throw .broken(node, error.reason)
        }
    }

    private func responseFraming() throws(GatewayError) -> BodyFraming {
        do throws(ResponseProblem) {
            return try BodyFraming.ofResponse(connection.response, to: exchange.request.method)
        } catch {
            throw .broken(node, error.reason)
        }
    }

    /// Passes on what the node has sent of the body, and reads more when everything is passed on.
    private mutating func passBody() throws(GatewayError) -> Bool {
        var hasMoved = false
        while try passPiece() { hasMoved = true }
        guard !body.isComplete, pending == 0 || connection.input.isEmpty, try fill() else { return hasMoved }
        while try passPiece() {}
        return true
    }

    /// Returns false when more must come first, or the client must take something first.
    private mutating func passPiece() throws(GatewayError) -> Bool {
        guard pending == 0 else {
            let available = min(pending, connection.input.count)
            guard available > 0 else { return false }
            let taken = try exchange.tryWrite(&connection.input, atMost: available)
            pending -= taken
            return taken > 0
        }
        guard !body.isComplete else { return false }
        do throws(BodyProblem) {
            let before = connection.input.count
            pending = try connection.skipFraming(with: &body)
            return pending > 0 || connection.input.count < before
        } catch {
            throw .broken(node, error.reason)
        }
    }
}
