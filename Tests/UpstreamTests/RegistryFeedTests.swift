import Bytes
import Gateway
import HTTP
import Handlers
import JSON
import Logging
import Reactor
import Server
import TestSupport
import Testing

/// A client and the registry by HTTP, with catalogs that the test publishes.
private final class FeedRig {
    let loop = ManualEventLoop()
    let client = Peer()
    private let worker: Worker
    private var generation: UInt64 = 0

    init(_ services: [Service], origins: OriginPolicy = OriginPolicy()) {
        worker = Worker(loop: loop) { loop in
            WorkerContext(
                loop: loop, configuration: SessionConfiguration(),
                logger: .silent)
        }
        publish(services)
        let (worker, client) = (worker, client)
        Task(executorPreference: loop) {
            await worker.adopt(
                from: .loopback(port: 40_000), makeChannel: { MemoryChannel(client) },
                makeHandler: { context in
                    RoutingHandler(
                        router: CatalogRouter(
                            resolver: LiteralResolver(), namespace: "none", mode: .kind(.registry),
                            view: context.catalog, strategy: InOrder(), health: NodeHealth()),
                        always: RegistryHandler(
                            catalog: context.catalog, registrar: nil, policy: AccessPolicy(), origins: origins))
                })
        }
        loop.drain()
    }

    func publish(_ services: [Service]) {
        generation += 1
        let (worker, catalog) = (worker, Catalog(generation: generation, services: services))
        Task(executorPreference: loop) { await worker.replaceCatalog(with: catalog) }
        loop.drain()
    }

    func open(_ path: String = "/registry", fields: String = "") -> String {
        client.send(Handshake.request(path, fields: fields))
        loop.drain()
        return client.take()
    }

    func send(_ bytes: [UInt8]) {
        client.send(bytes)
        loop.drain()
    }

    func frames() -> [String] { takeFrames(of: client) }

    func drain() {
        let worker = worker
        Task(executorPreference: loop) { _ = await worker.drain(within: .seconds(10)) }
        loop.drain()
    }
}

struct RegistryFeedTests {
    private static func service(_ name: String, _ version: String = "1", _ nodes: String...) -> Service {
        Service(name: name, version: version, nodes: nodes.map { Node(id: $0, address: "10.0.0.1:1") })
    }

    /// What a change says: the action, the service, and the nodes.
    private func changes(_ frames: [String]) -> [String] {
        frames.map { frame in
            guard frame.hasPrefix("text "), let json = try? JSONParser.parse(frame.dropFirst(5).utf8.span),
                case .object(let change) = json, case .string(let action) = change["Action"],
                let record = change["Service"], let service = try? Service(json: record)
            else { return frame }
            return
                "\(action) \(service.name) \(service.version) \(service.nodes.map(\.id).sorted().joined(separator: ","))"
        }
    }

    @Test func `each change is a text, and nothing is said without one`() {
        let rig = FeedRig([Self.service("a", "1", "n1", "n2")])
        #expect(rig.open().hasPrefix("HTTP/1.1 101 "))
        #expect(rig.frames() == [])
        rig.publish([Self.service("a", "1", "n1", "n2"), Self.service("b", "1", "n3")])
        #expect(changes(rig.frames()) == ["create b 1 n3"])
        rig.publish([Self.service("a", "1", "n1", "n4"), Self.service("b", "1", "n3"), Self.service("b", "2", "n5")])
        #expect(changes(rig.frames()) == ["delete a 1 n2", "update a 1 n1,n4", "create b 2 n5"])
        rig.publish([Self.service("a", "1", "n1")])
        #expect(changes(rig.frames()) == ["delete a 1 n4", "delete b 1 n3", "delete b 2 n5"])
        rig.publish([Self.service("a", "1", "n1")])
        #expect(rig.frames() == [])
    }

    @Test func `one service can be asked for`() {
        let rig = FeedRig([])
        #expect(rig.open("/registry?service=b").hasPrefix("HTTP/1.1 101 "))
        rig.publish([Self.service("a", "1", "n1"), Self.service("b", "1", "n2")])
        #expect(changes(rig.frames()) == ["create b 1 n2"])
    }

    @Test func `a client that takes nothing is told the difference once it does`() {
        let rig = FeedRig([])
        _ = rig.open()
        rig.client.room = 0
        for number in 0..<50 {
            rig.publish((0...number).map { Self.service("s\($0)", "1", "n\($0)") })
        }
        rig.client.room = .max
        rig.loop.drain()
        let told = Set(changes(rig.frames()))
        for number in 0..<50 { #expect(told.contains("create s\(number) 1 n\(number)")) }
    }

    @Test func `pages of other origins may not, unless they are named`() {
        let evil = "Origin: https://evil.example\r\n"
        #expect(FeedRig([]).open(fields: evil).hasPrefix("HTTP/1.1 403 "))
        let named = FeedRig([], origins: OriginPolicy(allowed: ["https://evil.example"]))
        #expect(named.open(fields: evil).hasPrefix("HTTP/1.1 101 "))
    }

    @Test func `a silent client is pinged, and closing is answered`() {
        let rig = FeedRig([])
        _ = rig.open()
        rig.loop.advance(by: .seconds(31))
        #expect(rig.frames() == ["ping "])
        rig.send(clientText("hello"))
        #expect(rig.frames() == [])
        rig.drain()
        #expect(rig.frames() == ["close 1001 the gateway is stopping"])
    }
}
