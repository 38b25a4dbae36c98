internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// The client of a WebSocket that ends here: its messages and its clock.
///
/// Whoever serves it goes round and round: it tries what there is to do, none of which waits, and then calls `rest`.
struct WebSocketClient: ~Copyable {
    /// Bytes for the client beyond which nothing more is made for it.
    private static let highMark = 65_536
    /// Rounds in one tick of the loop, so that two fast sides do not keep everyone else waiting.
    private static let roundsPerTick = 8
    /// How long a client may take nothing of what waits for it.
    private static let writeTimeout = Duration.seconds(30)
    private static let idleReadSize = 4_096

    /// What is spoken. Messages are sent by it; `write` brings them on their way.
    var socket: WebSocketConnection
    private let exchange: Exchange
    private let deadline: Deadline
    /// What the client has sent and nobody has looked at.
    private var input = ByteBuffer()
    /// How much is read at once: little, until that proves to be too little, because silent clients keep the memory.
    private var readSize = idleReadSize
    private var isGone = false
    /// Since when the client has taken nothing of what waits for it. Nil while nothing waits.
    private var blockedSince: ContinuousClock.Instant?
    private var rounds = 0

    /// - Parameter maximumMessage: The longest message of the client, in bytes.
    init(_ exchange: Exchange, maximumMessage: Int) {
        self.exchange = exchange
        deadline = Deadline(on: exchange.loop, firing: exchange.wakeup)
        var limits = WebSocketLimits()
        limits.message = maximumMessage
        socket = WebSocketConnection(.server, limits: limits, now: exchange.now)
    }

    /// Whether the client has left, or both sides have said that they will say no more, and it knows.
    var isOver: Bool { isGone || (socket.isOver && socket.output.isEmpty) }

    /// Whether it takes what it is sent, so that more may be made for it.
    var hasRoom: Bool { socket.output.count < Self.highMark }

    mutating func close(_ code: WebSocketCloseCode, _ reason: String) {
        socket.close(WebSocketClose(code, reason: reason), now: exchange.now)
    }

    /// Reads on, until there is a message, which is then in `socket.message`. A client that takes nothing is not read.
    ///
    /// - Returns: `.nothing` when something was read that is no message yet; nil when there is nothing to read.
    mutating func receive() -> WebSocketConnection.Event? {
        guard hasRoom, !socket.isOver else { return nil }
        let event = socket.receive(from: &input, now: exchange.now)
        guard event == .nothing else { return event }
        return !socket.isOver && readMore() ? .nothing : nil
    }

    private mutating func readMore() -> Bool {
        do throws(GatewayError) {
            guard let count = try exchange.tryReadBody(into: &input, atMost: readSize) else {
                isGone = exchange.isClientGone
                return false
            }
            if count == readSize { readSize = Self.highMark }
            if count == 0 { isGone = true }
        } catch {
            isGone = true
        }
        return true
    }

    /// Returns true when something moved.
    mutating func write() -> Bool {
        guard !socket.output.isEmpty else { return false }
        do throws(GatewayError) {
            guard try exchange.tryWrite(&socket.output, atMost: socket.output.count) > 0 else {
                blockedSince = blockedSince ?? exchange.now
                return false
            }
            blockedSince = nil
        } catch {
            isGone = true
        }
        return true
    }

    /// Ends a round. Where something has moved the next may begin, though others come to theirs now and then; else it waits
    /// until something happens, or there is something to do because of the time.
    ///
    /// - Parameter isRead: Whether the client was listened to. Who is not read cannot be heard.
    nonisolated(nonsending) mutating func rest(after hasMoved: Bool, isRead: Bool = true) async {
        if hasMoved {
            rounds += 1
            if rounds % Self.roundsPerTick == 0 {
                deadline.set(exchange.now)
                await exchange.wakeup.wait()
            }
            return
        }
        prepareToWait(isRead: isRead)
        if isGone || socket.isOver { return }
        input.releaseMemory(above: Self.idleReadSize)
        socket.output.releaseMemory(above: Self.idleReadSize)
        readSize = Self.idleReadSize
        await exchange.wakeup.wait()
    }

    /// Does what time or the server asks for, and sets the clock for the next time.
    private mutating func prepareToWait(isRead: Bool) {
        if exchange.isStopping { close(.goingAway, "the gateway is stopping") }
        if !isRead || !hasRoom { socket.excuseSilence(now: exchange.now) }
        socket.tick(now: exchange.now)
        if write() { exchange.wakeup.fire() }
        do throws(GatewayError) {
            try exchange.flush()
        } catch {
            isGone = true
        }
        let limit = blockedSince.map { $0 + Self.writeTimeout }
        if let limit, exchange.now >= limit { isGone = true }
        let next = [socket.nextTick, limit].compactMap { $0 }.min()
        if let next { deadline.set(next) } else { deadline.clear() }
    }

    /// After the last round: tells a client that has closed properly that nothing comes after the close frame.
    mutating func end() {
        deadline.cancel()
        guard !isGone else { return }
        do throws(GatewayError) {
            try exchange.end()
        } catch {
            // It has left meanwhile.
        }
    }
}
