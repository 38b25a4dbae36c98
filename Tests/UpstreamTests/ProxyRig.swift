import Bytes
import Gateway
import HTTP
import Handlers
import Logging
import Reactor
import Server
import TestSupport
import Upstream

/// Takes the nodes always in the same order, so that a test knows which is asked.
struct InOrder: Strategy {
    let name = "in order"

    func makeSelector(over nodes: [Node]) -> any Selector { Turns(nodes: nodes) }

    private struct Turns: Selector {
        let nodes: [Node]
        var turn = 0

        mutating func next() -> Node? {
            defer { turn += 1 }
            return nodes.isEmpty ? nil : nodes[turn % nodes.count]
        }
    }
}

/// What the worker's handlers use, for tests to look at. Unchecked because everything runs on the test's own thread.
final class Parts: @unchecked Sendable {
    let transport = MemoryTransport()
    let health = NodeHealth()
    private(set) var pool: UpstreamPool?
    private var handler: (any Handler)?

    /// The handler of all connections, made for the first one.
    func handler(_ context: WorkerContext, make: (UpstreamPool) -> any Handler, _ limits: PoolConfiguration)
        -> any Handler
    {
        if let handler { return handler }
        let pool = UpstreamPool(loop: context.loop, transport: transport, configuration: limits)
        let handler = make(pool)
        (self.pool, self.handler) = (pool, handler)
        return handler
    }

    var idleCount: Int { pool?.idleCount ?? 0 }
}

/// What stands between a client and nodes, both played by the test, on a loop that is turned by hand.
protocol TwoSided {
    var loop: ManualEventLoop { get }
    var client: Peer { get }
    var parts: Parts { get }
}

extension TwoSided {
    var peers: [Peer] { parts.transport.peers }

    /// The node's end of the newest connection.
    var node: Peer { peers[peers.count - 1] }

    /// The client sends. Returns what the node of the newest connection got since it was asked the last time.
    @discardableResult
    func ask(_ text: String) -> String {
        client.send(text)
        loop.drain()
        return peers.isEmpty ? "" : node.take()
    }

    /// The node sends. Returns what the client got since it was asked the last time.
    @discardableResult
    func answer(_ text: String) -> String {
        node.send(text)
        loop.drain()
        return client.take()
    }
}

/// A client, the whole proxy, and nodes, on a loop that is turned by hand: no socket, no thread, no clock.
struct ProxyRig: TwoSided {
    static let address = "10.0.0.1:80"

    let loop = ManualEventLoop()
    let client = Peer()
    let parts = Parts()
    private let worker: Worker
    private let facts: ClientFacts
    private let makeHandler: @Sendable (WorkerContext) -> any Handler

    init(
        nodes: [String] = [address], session: SessionConfiguration = SessionConfiguration(),
        pool limits: PoolConfiguration = PoolConfiguration(), attempts: Int = 2, trusted: [AddressRange] = []
    ) {
        worker = Worker(loop: loop) { loop in
            WorkerContext(
                loop: loop, configuration: session, logger: .silent)
        }
        facts = ClientFacts(trustedProxies: trusted)
        let parts = parts
        makeHandler = { context in
            parts.handler(
                context,
                make: { pool in
                    let router = FixedRouter(
                        service: "go.web", nodes: nodes.map { Node(id: $0, address: $0) }, strategy: InOrder(),
                        health: parts.health)
                    return RoutingHandler(
                        router: router,
                        always: ProxyHandler(backend: HTTPBackend(pool: pool), maximumAttempts: attempts))
                }, limits)
        }
        adopt(client)
    }

    /// Connects one more client.
    func connect() -> Peer {
        let peer = Peer()
        adopt(peer)
        return peer
    }

    private func adopt(_ peer: Peer) {
        let (worker, facts, makeHandler) = (worker, facts, makeHandler)
        Task(executorPreference: loop) {
            await worker.adopt(
                from: .v4(192, 0, 2, 7, port: 40_000), facts: facts, makeChannel: { MemoryChannel(peer) },
                makeHandler: makeHandler)
        }
        loop.drain()
    }

    /// Asks the server to stop, as a signal does.
    func drain(within limit: Duration = .seconds(10)) {
        let worker = worker
        Task(executorPreference: loop) { _ = await worker.drain(within: limit) }
        loop.drain()
    }

    /// A request and its answer. Returns what the client got.
    @discardableResult
    func roundTrip(_ request: String = get, _ response: String = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        -> String
    {
        ask(request)
        return answer(response)
    }

    static let get = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"
}

/// A message as a test looks at it.
struct Message {
    let startLine: String
    let fields: [(name: String, value: String)]
    let body: String

    /// Nil when the text holds no whole head.
    init?(_ text: String) {
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        var lines = text[..<end.lowerBound].split(separator: "\r\n")
        startLine = String(lines.removeFirst())
        fields = lines.map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (String(line[..<colon]), String(line[colon...].dropFirst(2)))
        }
        body = String(text[end.upperBound...])
    }

    /// The values of a field, in order.
    subscript(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    var status: String { String(startLine.split(separator: " ").dropFirst().first ?? "") }
}

/// Chunks taken apart: their sizes and content, and what follows the last one. Nil when the text is no such body, or it
/// does not end.
func unchunked(_ text: String) -> (content: String, trailers: String)? {
    var rest = text[...]
    var content = ""
    while let end = rest.firstRange(of: "\r\n") {
        guard let size = Int(rest[..<end.lowerBound], radix: 16) else { return nil }
        rest = rest[end.upperBound...]
        if size == 0 { return rest.hasSuffix("\r\n") ? (content, String(rest.dropLast())) : nil }
        guard rest.utf8.count >= size + 2 else { return nil }
        content += rest.prefix(size)
        rest = rest.dropFirst(size)
        guard rest.hasPrefix("\r\n") else { return nil }
        rest = rest.dropFirst(1)
    }
    return nil
}
