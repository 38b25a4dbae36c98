internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// Moves the bytes of a WebSocket between a client and a node, both ways, until both have finished.
///
/// It works as `Relay` does, with attempts that never wait. It does not look into frames, but knows where they end: when
/// the server stops, or both sides have been silent for too long, each is sent a close frame at the next such place.
struct TunnelRelay: ~Copyable {
    /// Rounds in one tick of the loop, so that two fast sides do not keep everyone else waiting.
    private static let roundsPerTick = 8
    /// How long one side may be silent when the other has finished.
    private static let halfClosedTimeout = Duration.seconds(60)
    /// How long the two may take to answer our close frames.
    private static let closeTimeout = Duration.seconds(5)

    private let exchange: Exchange
    private let connection: UpstreamConnection
    private let idleTimeout: Duration

    private var fromClient = WebSocketFrameTracker()
    private var fromNode = WebSocketFrameTracker()
    private var hasClientFinished = false
    private var hasNodeFinished = false
    private var hasToldClient = false
    private var hasToldNode = false
    private var isNodeBroken = false
    /// When we began to close, and until when we wait. Nil while the tunnel is open.
    private var closingUntil: ContinuousClock.Instant?
    /// True once our close frame follows what the other side has sent; the rest of that is thrown away.
    private var isClosedToClient = false
    private var isClosedToNode = false
    private var scratch = ByteBuffer()
    /// How much is read at once: little, until that proves to be too little, because silent tunnels keep the memory.
    private var clientReadSize = idleReadSize
    private var nodeReadSize = idleReadSize
    private static let idleReadSize = 4_096

    /// - Parameter idleTimeout: How long the tunnel may be silent in both directions.
    init(exchange: Exchange, connection: UpstreamConnection, idleTimeout: Duration) {
        self.exchange = exchange
        self.connection = connection
        self.idleTimeout = idleTimeout
        // What the node sent together with its answer.
        fromNode.follow(connection.input)
    }

    /// Runs to the end of the tunnel. However it ends, nobody is left to be told but those at its two ends.
    nonisolated(nonsending) mutating func run() async {
        do throws(GatewayError) {
            try await relay()
        } catch {
            // The client is gone, and the node is about to see it.
        }
    }

    nonisolated(nonsending) private mutating func relay() async throws(GatewayError) {
        var rounds = 0
        setDeadline()
        while true {
            var hasMoved = try moveToNode()
            hasMoved = try moveToClient() || hasMoved
            if isOver {
                if !hasToldClient { try exchange.end() }
                return try exchange.flush()
            }
            if hasMoved {
                rounds += 1
                if rounds % Self.roundsPerTick == 0 { await waitForNextTick() }
                setDeadline()
                continue
            }
            guard try goesOn() else { return }
            try exchange.flush()
            releaseMemory()
            await exchange.wakeup.wait()
        }
    }

    private mutating func releaseMemory() {
        connection.input.releaseMemory(above: Self.idleReadSize)
        connection.output.releaseMemory(above: Self.idleReadSize)
        scratch.releaseMemory(above: 0)
        (clientReadSize, nodeReadSize) = (Self.idleReadSize, Self.idleReadSize)
    }

    private var isOver: Bool {
        let nothingWaits = connection.input.isEmpty && (connection.output.isEmpty || isNodeBroken)
        if isNodeBroken { return connection.input.isEmpty }
        if closingUntil != nil {
            let haveAnswered =
                (hasClientFinished || fromClient.hasClosed) && (hasNodeFinished || fromNode.hasClosed)
            return nothingWaits && haveAnswered
        }
        return nothingWaits && hasClientFinished && hasNodeFinished
    }

    /// Decides what to do when nothing moves. Returns false when the tunnel is to be cut.
    private mutating func goesOn() throws(GatewayError) -> Bool {
        if exchange.isClientGone { return false }
        if closingUntil == nil, exchange.isStopping || connection.deadline.hasExpired {
            // Where one side has finished there is nothing left to be said properly.
            guard !hasClientFinished, !hasNodeFinished else { return !connection.deadline.hasExpired }
            closingUntil = exchange.now + Self.closeTimeout
            setDeadline()
            exchange.wakeup.fire()
            return true
        }
        return !connection.deadline.hasExpired
    }

    private func setDeadline() {
        let isHalfClosed = hasClientFinished || hasNodeFinished
        let limit = isHalfClosed ? min(Self.halfClosedTimeout, idleTimeout) : idleTimeout
        connection.deadline.set(closingUntil ?? exchange.now + limit)
    }

    /// Lets the loop look at its other sockets, whatever these two have to do.
    nonisolated(nonsending) private func waitForNextTick() async {
        connection.deadline.set(exchange.now)
        await exchange.wakeup.wait()
    }

    // MARK: To the node

    /// Returns true when something moved.
    private mutating func moveToNode() throws(GatewayError) -> Bool {
        var hasMoved = try readClient()
        if isNodeBroken { return hasMoved }
        if closingUntil != nil, !isClosedToNode, fromClient.isBetweenFrames, !fromClient.hasClosed {
            let close = WebSocketClose(.goingAway, reason: "the gateway closes this connection")
            WebSocketFrameWriter.write(
                close, maskingKey: UInt32.random(in: .min ... .max), to: &connection.output)
            isClosedToNode = true
        }
        let before = connection.output.count
        do throws(ChannelError) {
            _ = try connection.channel.tryWrite(&connection.output)
        } catch {
            breakOff()
            return true
        }
        hasMoved = hasMoved || connection.output.count < before
        if hasClientFinished, connection.output.isEmpty, !hasToldNode {
            hasToldNode = true
            connection.channel.finish()
        }
        return hasMoved
    }

    private mutating func readClient() throws(GatewayError) -> Bool {
        guard !hasClientFinished, connection.output.count < Relay.highMark else { return false }
        let count: Int?
        if isClosedToNode {
            scratch.removeAll()
            count = try exchange.tryReadBody(into: &scratch, atMost: Relay.highMark)
            fromClient.follow(scratch)
        } else {
            let limit = min(clientReadSize, closingUntil == nil ? .max : fromClient.bytesToBoundary)
            guard limit > 0 else { return false }
            let before = connection.output.count
            count = try exchange.tryReadBody(into: &connection.output, atMost: limit)
            if count == clientReadSize { clientReadSize = Relay.highMark }
            fromClient.follow(connection.output, from: before)
        }
        if count == 0 { hasClientFinished = true }
        return count != nil
    }

    // MARK: To the client

    /// Returns true when something moved.
    private mutating func moveToClient() throws(GatewayError) -> Bool {
        var hasMoved = readNode()
        if closingUntil != nil, !isClosedToClient, fromNode.isBetweenFrames, !fromNode.hasClosed,
            connection.input.isEmpty
        {
            let close = WebSocketClose(.goingAway, reason: "the gateway closes this connection")
            WebSocketFrameWriter.write(close, to: &connection.input)
            isClosedToClient = true
        }
        if !connection.input.isEmpty {
            hasMoved = try exchange.tryWrite(&connection.input, atMost: connection.input.count) > 0 || hasMoved
        }
        if hasNodeFinished, connection.input.isEmpty, !hasToldClient {
            hasToldClient = true
            try exchange.end()
        }
        return hasMoved
    }

    private mutating func readNode() -> Bool {
        guard !hasNodeFinished, connection.input.isEmpty || isClosedToClient else { return false }
        let count: Int?
        do throws(ChannelError) {
            if isClosedToClient {
                scratch.removeAll()
                count = try connection.channel.tryRead(into: &scratch, atMost: UpstreamConnection.readSize)
                fromNode.follow(scratch)
            } else {
                let limit = min(nodeReadSize, closingUntil == nil ? .max : fromNode.bytesToBoundary)
                guard limit > 0 else { return false }
                count = try connection.channel.tryRead(into: &connection.input, atMost: limit)
                if count == nodeReadSize { nodeReadSize = UpstreamConnection.readSize }
                fromNode.follow(connection.input)
            }
        } catch {
            breakOff()
            return true
        }
        if count == 0 { hasNodeFinished = true }
        return count != nil
    }

    /// The node is gone. What it said before is still passed on.
    private mutating func breakOff() {
        isNodeBroken = true
        hasNodeFinished = true
        connection.output.removeAll()
    }
}
