import Gateway
import Registries
import Synchronization
import Testing

struct MemoryRegistryTests {
    private func service(_ id: String, version: String = "1", port: Int = 1) -> Service {
        Service(name: "s", version: version, nodes: [Node(id: id, address: "10.0.0.1:\(port)")])
    }

    @Test func `nodes of one version are gathered`() async throws {
        let registry = MemoryRegistry()
        for (id, version) in [("b", "1"), ("a", "1"), ("c", "2")] {
            try await registry.register(service(id, version: version), lifetime: nil)
        }
        let services = await registry.services(named: "s")
        #expect(services.map(\.version) == ["1", "2"])
        #expect(services.map { $0.nodes.map(\.id) } == [["a", "b"], ["c"]])
        #expect(await registry.services() == services)
        #expect(await registry.services(named: "t").isEmpty)
    }

    @Test func `a node is replaced by one with the same id`() async throws {
        let registry = MemoryRegistry()
        try await registry.register(service("a", port: 1), lifetime: nil)
        try await registry.register(service("a", port: 2), lifetime: nil)
        #expect(await registry.services()[0].nodes.map(\.address) == ["10.0.0.1:2"])
    }

    @Test func `a node is forgotten after its lifetime, unless it was renewed`() async throws {
        let start = ContinuousClock.now
        let elapsed = Mutex(Duration.zero)
        let registry = MemoryRegistry { start + elapsed.withLock { $0 } }
        var events = await registry.watch().makeAsyncIterator()
        try await registry.register(service("a"), lifetime: .seconds(60))
        try await registry.register(service("b"), lifetime: .seconds(60))
        elapsed.withLock { $0 = .seconds(30) }
        try await registry.register(service("a"), lifetime: .seconds(60))
        elapsed.withLock { $0 = .seconds(60) }
        #expect(await registry.services()[0].nodes.map(\.id) == ["a"])
        elapsed.withLock { $0 = .seconds(90) }
        #expect(await registry.services().isEmpty)
        // The renewal is no news.
        for expected in [
            RegistryEvent.registered(service("a")), .registered(service("b")), .deregistered(service("b")),
            .deregistered(service("a")),
        ] {
            #expect(await events.next() == expected)
        }
    }

    @Test(
        "deregistering takes out what is named",
        arguments: [
            (Service(name: "s", version: "1", nodes: [Node(id: "a", address: "")]), ["b", "c"]),
            (Service(name: "s", version: "1"), ["c"]), (Service(name: "s", version: ""), []),
            (Service(name: "s", version: "3"), ["a", "b", "c"]), (Service(name: "t", version: ""), ["a", "b", "c"]),
        ])
    func deregisters(service named: Service, left: [String]) async throws {
        let registry = MemoryRegistry()
        for (id, version) in [("a", "1"), ("b", "1"), ("c", "2")] {
            try await registry.register(service(id, version: version), lifetime: nil)
        }
        await registry.deregister(named)
        #expect(await registry.services().flatMap(\.nodes).map(\.id) == left)
    }

    @Test func `a service without name or nodes is refused, and so is one node too many`() async throws {
        let registry = MemoryRegistry()
        await #expect(throws: RegistryError.self) { try await registry.register(Service(name: "s"), lifetime: nil) }
        let nameless = Service(name: "", nodes: [Node(id: "a", address: "")])
        await #expect(throws: RegistryError.self) { try await registry.register(nameless, lifetime: nil) }
        let nodes = (0..<MemoryRegistry.maximumNodes).map { Node(id: "\($0)", address: "10.0.0.1:1") }
        try await registry.register(Service(name: "s", nodes: nodes), lifetime: nil)
        try await registry.register(Service(name: "s", nodes: [nodes[0]]), lifetime: nil)
        await #expect(throws: RegistryError.self) { try await registry.register(service("x"), lifetime: nil) }
    }

    @Test func `a watcher that never listens costs a bounded backlog of the newest events`() async throws {
        let registry = MemoryRegistry()
        let events = await registry.watch()
        for port in 1...2_000 { try await registry.register(service("a", port: port), lifetime: nil) }
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next() == .registered(service("a", port: 2_000 - 1_024 + 1)))
    }
}
