internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// Tells a WebSocket of every change of the catalog, each as a text in JSON. What the client sends is not looked at.
///
/// A client that is slow gets fewer and larger changes: what is told is the difference between the catalog that it knows and
/// the one there is, so nothing piles up.
struct RegistryFeed: ~Copyable {
    /// Bytes for the client beyond which it is told nothing new.
    private static let highMark = 65_536
    /// Rounds in one tick of the loop, so that others come to theirs.
    private static let roundsPerTick = 8
    /// How long a client may take nothing of what waits for it.
    private static let writeTimeout = Duration.seconds(30)
    /// The longest message of a client, in bytes.
    private static let maximumMessage = 16_384

    private let exchange: Exchange
    private let view: CatalogView
    private let service: String?
    private let deadline: Deadline
    private var socket: WebSocketConnection
    private var input = ByteBuffer()
    /// What the client has been told of, or is about to be.
    private var known: Catalog
    /// What it is about to be told, the next one last.
    private var changes: [RegistryChange] = []
    private var isClientGone = false
    private var blockedSince: ContinuousClock.Instant?

    /// - Parameter service: The only one that the client wants to hear of; nil for all.
    init(_ exchange: Exchange, _ view: CatalogView, service: String?) {
        self.exchange = exchange
        self.view = view
        self.service = service
        deadline = Deadline(on: exchange.loop, firing: exchange.wakeup)
        var limits = WebSocketLimits()
        limits.message = Self.maximumMessage
        socket = WebSocketConnection(.server, limits: limits, now: exchange.now)
        known = view.catalog
    }

    /// Runs until the WebSocket is closed, or its client gone.
    nonisolated(nonsending) mutating func run() async {
        view.notify(exchange.wakeup)
        var rounds = 0
        while !isClientGone, !(socket.isOver && socket.output.isEmpty) {
            var hasMoved = takeFromClient()
            hasMoved = tell() || hasMoved
            hasMoved = write() || hasMoved
            if hasMoved {
                rounds += 1
                if rounds % Self.roundsPerTick == 0 {
                    deadline.set(exchange.now)
                    await exchange.wakeup.wait()
                }
                continue
            }
            prepareToWait()
            if isClientGone || socket.isOver { continue }
            await exchange.wakeup.wait()
        }
        view.forget(exchange.wakeup)
        deadline.cancel()
        // A client that has closed properly learns that nothing follows the close frame. One that has left does not.
        if !isClientGone { try? exchange.end() }
    }

    /// Returns true when something moved.
    private mutating func takeFromClient() -> Bool {
        guard socket.output.count < Self.highMark, !socket.isOver else { return false }
        switch socket.receive(from: &input, now: exchange.now) {
        case .text, .binary, .closed: return true
        case .nothing: break
        }
        guard !socket.isOver else { return false }
        do throws(GatewayError) {
            guard let count = try exchange.tryReadBody(into: &input, atMost: 4_096) else {
                isClientGone = exchange.isClientGone
                return false
            }
            if count == 0 { isClientGone = true }
        } catch {
            isClientGone = true
        }
        return true
    }

    /// Returns true when the client is told something.
    private mutating func tell() -> Bool {
        guard socket.isOpen, socket.output.count < Self.highMark else { return false }
        if changes.isEmpty, view.catalog.generation != known.generation {
            changes = RegistryChange.all(from: known, to: view.catalog, of: service).reversed()
            known = view.catalog
        }
        guard let change = changes.popLast() else { return false }
        var text = ByteBuffer()
        change.write(to: &text)
        socket.send(text)
        return true
    }

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

    /// Does what time or the server asks for, and sets the clock for the next time.
    private mutating func prepareToWait() {
        if exchange.isStopping {
            socket.close(WebSocketClose(.goingAway, reason: "the gateway is stopping"), now: exchange.now)
        }
        if socket.output.count >= Self.highMark { socket.excuseSilence(now: exchange.now) }
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
}
