import Bytes
import Gateway
import Glibc
import HTTP
import Handlers
import Logging
import Reactor
import Server
import TestSupport
import Upstream

/// `/go.greeter/Say.Hello` is what it looks like.
struct LiteralResolver: Resolver {
    let name = "literal"

    func resolve(_ head: RequestHead) throws(GatewayError) -> Destination {
        let segments = head.path.split(separator: "/")
        guard segments.count == 2 else { throw GatewayError(.notFound, "two segments are wanted") }
        return Destination(service: String(segments[0]), endpoint: String(segments[1]))
    }
}

/// A client, the RPC side of the gateway, and nodes of `go.greeter`, on a loop that is turned by hand.
struct CallRig: TwoSided {
    static let address = "10.0.0.5:9090"
    static let mucp = ["protocol": "mucp", "transport": "http"]

    let loop = ManualEventLoop()
    let client = Peer()
    let parts = Parts()
    private let worker: Worker

    init(
        nodes: [Node] = [Node(id: "n1", address: address, metadata: mucp)], attempts: Int = 2,
        access: RPCAccess = .everyone, from peer: Address = .v4(192, 0, 2, 7, port: 40_000),
        trusted: [AddressRange] = [], configuration: RPCConfiguration = RPCConfiguration()
    ) {
        var configuration = configuration
        configuration.namespace = .fixed(Namespace.standard)
        worker = Worker(loop: loop) { loop in
            WorkerContext(
                loop: loop, configuration: SessionConfiguration(),
                logger: .silent)
        }
        let (worker, parts, client) = (worker, parts, client)
        let limits = PoolConfiguration()
        let makeHandler: @Sendable (WorkerContext) -> any Handler = { [configuration] context in
            parts.handler(
                context,
                make: { pool in
                    Self.front(context, pool, parts.health, attempts: attempts, access: access, configuration)
                }, limits)
        }
        let catalog = Catalog(generation: 1, services: [Self.greeter(nodes)])
        Task(executorPreference: loop) {
            await worker.replaceCatalog(with: catalog)
            await worker.adopt(
                from: peer, facts: ClientFacts(trustedProxies: trusted), makeChannel: { MemoryChannel(client) },
                makeHandler: makeHandler)
        }
        loop.drain()
    }

    private static func front(
        _ context: WorkerContext, _ pool: UpstreamPool, _ health: NodeHealth, attempts: Int, access: RPCAccess,
        _ configuration: RPCConfiguration
    ) -> any Handler {
        let router = CatalogRouter(
            resolver: LiteralResolver(), namespace: "none", mode: .kind(.rpc), view: context.catalog,
            strategy: InOrder(), health: health)
        let dispatcher = Dispatcher(
            callers: [.mucp(transport: "http"): MUCPCaller(pool: pool)], loop: context.loop,
            maximumAttempts: attempts)
        let rpc = RPCEndpointHandler(
            access: access, router: router, dispatcher: dispatcher, catalog: context.catalog,
            configuration: configuration)
        let calls = RPCHandler(dispatcher: dispatcher, catalog: context.catalog, configuration: configuration)
        return FrontHandler(version: "1.0", rpc: rpc, next: RoutingHandler(router: router, always: calls))
    }

    private static func greeter(_ nodes: [Node]) -> Service {
        let text = FieldDescription(
            name: "HelloRequest", type: "HelloRequest",
            fields: [
                FieldDescription(name: "name", type: "string"), FieldDescription(name: "age", type: "int64"),
            ])
        return Service(
            name: "go.greeter",
            endpoints: [
                Endpoint(name: "Say.Hello", request: text), Endpoint(name: "Say.Bye"),
                Endpoint(name: "Say.Count", metadata: ["stream": "true"]),
                Endpoint(name: "Topic", metadata: ["subscriber": "true"]),
            ], nodes: nodes)
    }

    /// The gateway stops.
    func drain() {
        let worker = worker
        Task(executorPreference: loop) { _ = await worker.drain(within: .seconds(1)) }
        loop.drain()
    }

    /// The client sends JSON.
    @discardableResult
    func call(_ body: String = "{}", path: String = "/go.greeter/Say.Hello", fields: String = "") -> String {
        ask(Self.post(body, path: path, fields: fields))
    }

    static func post(_ body: String, path: String, fields: String = "") -> String {
        let type = fields.contains("Content-Type") ? "" : "Content-Type: application/json\r\n"
        return
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(type)\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    /// An answer as a service gives it.
    static func reply(_ body: String, fields: String = "") -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

/// A recorded message of Go Micro, kept beside this file.
func golden(_ name: String) -> String {
    let path = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
    guard let file = fopen("/\(path)/Golden/\(name).txt", "r") else { preconditionFailure("no message \(name)") }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
}
