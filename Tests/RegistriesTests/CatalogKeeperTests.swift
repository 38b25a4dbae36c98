import Gateway
import Logging
import Reactor
import Registries
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CatalogKeeperTests {
    /// A keeper on a loop of its own, and what it hands out.
    private final class Bench: Sendable {
        let loop: EpollEventLoop
        let keeper: CatalogKeeper
        let catalogs: AsyncStream<Catalog>
        let log = TestLog()

        init(_ registry: any Registry, keeping: CatalogKeeping = CatalogKeeping()) throws {
            loop = try EpollEventLoop(name: "test")
            loop.start()
            let (catalogs, continuation) = AsyncStream.makeStream(
                of: Catalog.self, bufferingPolicy: .bufferingNewest(64))
            self.catalogs = catalogs
            let log = log
            keeper = CatalogKeeper(
                registry: registry, loop: loop, keeping: keeping, logger: log.logger
            ) { continuation.yield($0) }
        }

        func stop() async {
            await keeper.stop()
            loop.stop()
        }
    }

    /// Longer than a busy machine holds up a thread that tells of many events.
    private static let longSettling = Duration.milliseconds(250)

    private func service(_ name: String, _ id: String, port: Int = 1) -> Service {
        Service(name: name, nodes: [Node(id: id, address: "10.0.0.1:\(port)")])
    }

    @Test func `the first picture is there when start returns`() async throws {
        let registry = MemoryRegistry()
        try await registry.register(service("s", "a"), lifetime: nil)
        let bench = try Bench(registry)
        await bench.keeper.start()
        let catalog = await bench.keeper.catalog
        #expect(catalog == Catalog(generation: 1, services: [service("s", "a")]))
        await bench.stop()
    }

    @Test func `a change becomes a new picture with the next generation`() async throws {
        let registry = MemoryRegistry()
        let bench = try Bench(registry)
        await bench.keeper.start()
        var catalogs = bench.catalogs.makeAsyncIterator()
        try await registry.register(service("s", "a"), lifetime: nil)
        #expect(await catalogs.next() == Catalog(generation: 1, services: [service("s", "a")]))
        try await registry.register(service("r", "b"), lifetime: nil)
        #expect(await catalogs.next()?.names == ["r", "s"])
        await registry.deregister(service("s", "a"))
        #expect(await catalogs.next() == Catalog(generation: 3, services: [service("r", "b")]))
        await bench.stop()
    }

    @Test func `endpoints that are known from elsewhere are shown where the registry tells of none`() async throws {
        var told = service("t", "b")
        told.endpoints = [Endpoint(name: "Told.By")]
        let registry = ScriptedRegistry([service("s", "a"), told])
        let bench = try Bench(registry)
        await bench.keeper.start()
        var catalogs = bench.catalogs.makeAsyncIterator()
        #expect(await catalogs.next()?.endpoint("Say.Hello", of: "s") == nil)
        let version = service("s", "a").version
        await bench.keeper.describe([
            Service(name: "s", version: version, endpoints: [Endpoint(name: "Say.Hello")]),
            Service(name: "s", version: "other", endpoints: [Endpoint(name: "Say.Bye")]),
            Service(name: "t", version: version, endpoints: [Endpoint(name: "Other")]),
        ])
        let described = try #require(await catalogs.next())
        #expect(described.generation == 2)
        #expect(described.versions(of: "s").flatMap(\.endpoints).map(\.name) == ["Say.Hello"])
        #expect(described.versions(of: "t").flatMap(\.endpoints).map(\.name) == ["Told.By"])
        await bench.keeper.describe([])
        #expect(await catalogs.next()?.endpoint("Say.Hello", of: "s") == nil)
        await bench.stop()
    }

    @Test func `a deregistered node leaves the picture without a question to the registry`() async throws {
        let registry = ScriptedRegistry([service("s", "a"), service("s", "b")])
        var keeping = CatalogKeeping()
        keeping.settling = .seconds(3_600)
        let bench = try Bench(registry, keeping: keeping)
        await bench.keeper.start()
        var catalogs = bench.catalogs.makeAsyncIterator()
        #expect(await catalogs.next()?.nodes(of: "s").count == 2)
        registry.tell(.deregistered(service("s", "a")))
        #expect(await catalogs.next()?.nodes(of: "s").map(\.id) == ["b"])
        #expect(registry.questions == ["*"])
        await bench.stop()
    }

    @Test func `an event asks for its service only, and equal pictures are dropped`() async throws {
        let registry = ScriptedRegistry([service("s", "a"), service("t", "b")])
        let bench = try Bench(registry)
        await bench.keeper.start()
        var catalogs = bench.catalogs.makeAsyncIterator()
        #expect(await catalogs.next()?.generation == 1)
        registry.tell(.registered(service("s", "a")))
        await registry.asked(times: 2)
        registry.set([service("s", "a"), service("t", "b", port: 2)])
        registry.tell(.registered(service("t", "b", port: 2)))
        let next = await catalogs.next()
        #expect(next?.generation == 2)
        #expect(next?.nodes(of: "t").map(\.address) == ["10.0.0.1:2"])
        #expect(registry.questions == ["*", "s", "t"])
        await bench.stop()
    }

    @Test func `a burst of events is one question`() async throws {
        let registry = ScriptedRegistry([])
        var keeping = CatalogKeeping()
        keeping.settling = Self.longSettling
        let bench = try Bench(registry, keeping: keeping)
        await bench.keeper.start()
        registry.set((0..<500).map { service("s", "\($0)") })
        for number in 0..<500 { registry.tell(.registered(service("s", "\(number)"))) }
        var catalogs = bench.catalogs.makeAsyncIterator()
        #expect(await catalogs.next()?.nodes(of: "s").count == 500)
        #expect(registry.questions.count <= 3)  // Two, unless this thread was held up for very long in the burst.
        await bench.stop()
    }

    @Test func `events of many services are one listing`() async throws {
        let registry = ScriptedRegistry([])
        var keeping = CatalogKeeping()
        keeping.settling = Self.longSettling
        let bench = try Bench(registry, keeping: keeping)
        await bench.keeper.start()
        registry.set((0..<200).map { service("s\($0)", "a") })
        for number in 0..<200 { registry.tell(.registered(service("s\(number)", "a"))) }
        for await catalog in bench.catalogs where catalog.names.count == 200 { break }
        #expect(registry.questions.contains { $0 == "*" })
        #expect(registry.questions.count < 100)
        await bench.stop()
    }

    @Test func `a registry that fails changes nothing, is reported once and asked again`() async throws {
        let registry = ScriptedRegistry([service("s", "a")])
        var keeping = CatalogKeeping()
        keeping.retries = [.milliseconds(1), .milliseconds(2)]
        let bench = try Bench(registry, keeping: keeping)
        await bench.keeper.start()
        var catalogs = bench.catalogs.makeAsyncIterator()
        #expect(await catalogs.next()?.generation == 1)
        registry.fail("the cable is out")
        registry.tell(.registered(service("s", "a")))
        await registry.asked(times: 6)
        #expect(await bench.keeper.catalog.nodes(of: "s").map(\.id) == ["a"])
        registry.set([service("s", "b")])
        #expect(await catalogs.next()?.nodes(of: "s").map(\.id) == ["b"])
        #expect(bench.log.messages.filter { $0.contains("the cable is out") }.count == 1)
        #expect(bench.log.messages.filter { $0.contains("answers again") }.count == 1)
        await bench.stop()
    }

    @Test func `a registry that is down at the start is tried again`() async throws {
        let registry = ScriptedRegistry([])
        registry.fail("nobody there")
        var keeping = CatalogKeeping()
        keeping.retries = [.milliseconds(1)]
        let bench = try Bench(registry, keeping: keeping)
        await bench.keeper.start()
        #expect(await bench.keeper.catalog == .empty)
        registry.set([service("s", "a")])
        var catalogs = bench.catalogs.makeAsyncIterator()
        #expect(await catalogs.next()?.names == ["s"])
        await bench.stop()
    }

    @Test func `everything is listed again, as an event may have been lost`() async throws {
        let registry = ScriptedRegistry([service("s", "a")])
        var keeping = CatalogKeeping()
        keeping.relisting = .milliseconds(5)
        let bench = try Bench(registry, keeping: keeping)
        await bench.keeper.start()
        var catalogs = bench.catalogs.makeAsyncIterator()
        #expect(await catalogs.next()?.generation == 1)
        registry.set([service("s", "b")])
        #expect(await catalogs.next()?.nodes(of: "s").map(\.id) == ["b"])
        await bench.stop()
    }

    @Test func `an answer that is older than a goodbye does not bring the node back`() async throws {
        let registry = ScriptedRegistry([service("s", "a"), service("s", "b")])
        var keeping = CatalogKeeping()
        keeping.settling = .milliseconds(1)
        let bench = try Bench(registry, keeping: keeping)
        await bench.keeper.start()
        var catalogs = bench.catalogs.makeAsyncIterator()
        #expect(await catalogs.next()?.nodes(of: "s").count == 2)
        registry.hold()
        registry.tell(.registered(service("s", "b")))
        await registry.asked(times: 2)
        registry.tell(.deregistered(service("s", "a")))
        #expect(await catalogs.next()?.nodes(of: "s").map(\.id) == ["b"])
        registry.set([service("s", "b"), service("t", "c")])
        registry.release(with: [service("s", "a"), service("s", "b", port: 2)])
        #expect(await catalogs.next()?.nodes(of: "s").map(\.address) == ["10.0.0.1:2"])
        await bench.stop()
    }
}
