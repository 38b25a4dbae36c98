import Gateway
import HTTP
import Handlers
import Logging
import Reactor
import Resolvers
import Server
import TestSupport
import Upstream

/// Clients over HTTP/1.1, the gateway, and nodes of `go.greeter` that speak gRPC, on a loop that is turned by hand.
final class GRPCRig {
    static let address = "10.0.0.5:9090"
    static let goMicro = ["protocol": "grpc", "server": "grpc", "transport": "grpc"]

    /// What the worker's handlers use. Unchecked because everything runs on the test's own thread.
    final class Parts: @unchecked Sendable {
        let transport = MemoryTransport()
        let health = NodeHealth()
        var pool: HTTP2Pool?
        var caller: GRPCCaller?
        var handler: (any Handler)?
    }

    let loop = ManualEventLoop()
    let parts = Parts()
    let client = Peer()
    private let worker: Worker
    private let makeHandler: @Sendable (WorkerContext) -> any Handler
    private var nodes: [HTTP2Peer] = []

    init(
        nodes: [String] = [address], metadata: [String: String] = goMicro, limits: HTTP2Limits = HTTP2Limits(),
        rpc: RPCConfiguration = RPCConfiguration(),
        next: (@Sendable (GRPCCaller, WorkerContext) -> any Handler)? = nil
    ) {
        worker = Worker(loop: loop) { loop in
            WorkerContext(
                loop: loop, configuration: SessionConfiguration(),
                logger: .silent)
        }
        let (worker, parts) = (worker, parts)
        makeHandler = { context in
            if let handler = parts.handler { return handler }
            let pool = HTTP2Pool(
                loop: context.loop, transport: parts.transport, tasks: context.tasks, limits: limits)
            let caller = GRPCCaller(pool: pool, methods: GoMicroMethods())
            let handler = next?(caller, context) ?? Self.front(context, pool, caller, parts.health, rpc)
            (parts.pool, parts.caller, parts.handler) = (pool, caller, handler)
            return handler
        }
        let greeter = Service(
            name: "go.greeter", nodes: nodes.map { Node(id: $0, address: $0, metadata: metadata) })
        Task(executorPreference: loop) {
            await worker.replaceCatalog(with: Catalog(generation: 1, services: [greeter]))
        }
        adopt(client)
    }

    private static func front(
        _ context: WorkerContext, _ pool: HTTP2Pool, _ caller: GRPCCaller, _ health: NodeHealth,
        _ rpc: RPCConfiguration
    ) -> any Handler {
        func router(_ resolver: any Resolver, _ mode: CatalogRouter.Mode) -> CatalogRouter {
            CatalogRouter(
                resolver: resolver, namespace: "none", mode: mode, view: context.catalog, strategy: InOrder(),
                health: health)
        }
        let calls = router(LiteralResolver(), .kind(.rpc))
        let dispatcher = Dispatcher(callers: [.grpc: caller], loop: context.loop)
        return FrontHandler(
            version: "1.0",
            rpc: RPCEndpointHandler(
                access: .everyone, router: calls, dispatcher: dispatcher, catalog: context.catalog, configuration: rpc),
            next: GRPCSwitchHandler(
                grpc: RoutingHandler(
                    router: router(GRPCResolver(), .grpc), always: ProxyHandler(backend: HTTP2Backend(pool: pool))),
                next: RoutingHandler(
                    router: calls,
                    always: RPCHandler(dispatcher: dispatcher, catalog: context.catalog, configuration: rpc))))
    }

    /// Connects one more client.
    func connect() -> Peer {
        let peer = Peer()
        adopt(peer)
        return peer
    }

    private func adopt(_ peer: Peer) {
        let (worker, makeHandler) = (worker, makeHandler)
        Task(executorPreference: loop) {
            await worker.adopt(
                from: .v4(192, 0, 2, 7, port: 40_000), makeChannel: { MemoryChannel(peer) }, makeHandler: makeHandler)
        }
        loop.drain()
    }

    /// The node's end of each connection, in order.
    var connections: [HTTP2Peer] {
        for peer in parts.transport.peers.dropFirst(nodes.count) { nodes.append(HTTP2Peer(peer)) }
        return nodes
    }

    var node: HTTP2Peer { connections[connections.count - 1] }

    /// The client sends a call in JSON.
    func call(_ body: String = "{}", fields: String = "", from client: Peer? = nil) {
        (client ?? self.client).send(CallRig.post(body, path: "/go.greeter/Say.Hello", fields: fields))
        loop.drain()
    }

    /// The client sends a call in gRPC, or gRPC-Web, over HTTP/1.1.
    func callNatively(_ body: String, type: String, fields: String = "") {
        let head =
            "POST /go.greeter.Say/Hello HTTP/1.1\r\nHost: a.example\r\nContent-Type: \(type)\r\nTE: trailers\r\n\(fields)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n"
        client.send(head + body)
        loop.drain()
    }

    /// What came at the newest connection, without what every connection begins with.
    func received() -> [HTTP2Peer.Received] {
        loop.drain()
        return node.take().filter {
            switch $0 {
            case .preface, .settings, .settingsAcknowledged: false
            case .windowUpdate(let stream, _): stream != 0
            default: true
            }
        }
    }

    /// What the client has got. Nil when it is no whole head.
    func reply(to client: Peer? = nil) -> Message? {
        loop.drain()
        return Message((client ?? self.client).take())
    }
}
