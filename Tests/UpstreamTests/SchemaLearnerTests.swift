import Gateway
import Logging
import Reactor
import Server
import TestSupport
import Testing
import Upstream

/// A learner on a loop that is turned by hand, and the nodes that it asks.
private final class LearnerRig {
    /// What the learner uses and gives. Unchecked because everything runs on the test's own thread.
    final class Parts: @unchecked Sendable {
        let transport = MemoryTransport()
        var published: [LearntServices] = []
        var limits = SchemaLearner.Limits()
        let log = TestLog(level: .info)
    }

    let loop = ManualEventLoop()
    let parts = Parts()
    private let worker: Worker
    private var nodes: [HTTP2Peer] = []
    private var generation: UInt64 = 0

    init(limits: SchemaLearner.Limits = SchemaLearner.Limits()) {
        worker = Worker(loop: loop) { loop in
            WorkerContext(
                loop: loop, configuration: SessionConfiguration(),
                logger: .silent)
        }
        let (worker, parts) = (worker, parts)
        parts.limits = limits
        Task(executorPreference: loop) {
            await worker.host { context in
                SchemaLearner(
                    pool: HTTP2Pool(loop: context.loop, transport: parts.transport, tasks: context.tasks),
                    tasks: context.tasks, catalog: context.catalog, limits: parts.limits,
                    logger: parts.log.logger
                ) { parts.published.append($0) }
            }
        }
        loop.drain()
    }

    static func node(_ number: Int, _ metadata: [String: String] = ["protocol": "grpc"]) -> Node {
        Node(id: "n\(number)", address: "10.0.0.\(number):9090", metadata: metadata)
    }

    /// A new catalog. Nothing is answered yet.
    func show(_ services: [Service]) {
        generation += 1
        let (worker, catalog) = (worker, Catalog(generation: generation, services: services))
        Task(executorPreference: loop) { await worker.replaceCatalog(with: catalog) }
        loop.drain()
    }

    func show(_ nodes: Node..., version: String = "1") {
        show(nodes.isEmpty ? [] : [Service(name: "shop", version: version, nodes: nodes)])
    }

    /// The nodes' ends of connections, in order.
    var connections: [HTTP2Peer] {
        for peer in parts.transport.peers.dropFirst(nodes.count) { nodes.append(HTTP2Peer(peer)) }
        return nodes
    }

    /// Lets all nodes answer until there is nothing more to answer. Returns how many questions there were.
    @discardableResult
    func answer(_ files: [ShopFile]? = [ShopFile()]) -> Int {
        var count = 0
        while true {
            loop.drain()
            let questions = connections.reduce(0) { $0 + $1.reflect(files) }
            if questions == 0, loop.drain() == 0 { return count }
            count += questions
        }
    }

    var paths: [String] { parts.published.last?.routes.rules.map(\.condition.text) ?? [] }
}

struct SchemaLearnerTests {
    @Test func `what a node declares is known without a request, with its types`() throws {
        let rig = LearnerRig()
        rig.show(LearnerRig.node(1))
        rig.answer([ShopFile(methods: ["Get": "/v1/shelves/{name}", "Watch": ""], streams: ["Watch"])])
        let learnt = try #require(rig.parts.published.last)
        let rule = try #require(learnt.routes.rules.first)
        #expect(learnt.routes.rules.count == 1)
        #expect(rule.condition.text == "/v1/shelves/{name}")
        #expect(rule.services == ["shop"])
        #expect(rule.endpoint == "Shelf.Get")
        #expect(rule.path == "/shop.v1.Shelf/Get")
        #expect(rule.request?.fields.map(\.name).contains("page_size") == true)
        let endpoints = learnt.services[0].endpoints
        #expect(endpoints.map(\.name) == ["Shelf.Get", "Shelf.Watch"])
        #expect(endpoints.map(\.isStream) == [false, true])
        #expect(endpoints[0].request?.fields.map(\.name) == ["name", "pageSize"])
        #expect(
            rig.parts.log.lines == [
                "info: gRPC service shop, version 1, tells of 2 endpoints and 1 route by reflection"
            ])
    }

    @Test func `two services of one server whose endpoints are named alike are told apart`() throws {
        let rig = LearnerRig()
        rig.show(LearnerRig.node(1))
        rig.answer([ShopFile(), ShopFile(service: "shop.v2.Shelf", methods: ["Get": "/v2/shelves/{name}", "Put": ""])])
        let learnt = try #require(rig.parts.published.last)
        #expect(learnt.routes.rules.map(\.endpoint) == ["shop.v1.Shelf.Get", "shop.v2.Shelf.Get"])
        #expect(learnt.services[0].endpoints.map(\.name) == ["shop.v1.Shelf.Get", "shop.v2.Shelf.Get", "Shelf.Put"])
    }

    @Test func `routes go with the last node`() {
        let rig = LearnerRig()
        rig.show(LearnerRig.node(1), LearnerRig.node(2))
        rig.answer()
        #expect(rig.paths == ["/v1/shelves/{name}"])
        rig.show(LearnerRig.node(2))
        #expect(rig.answer() == 0)
        #expect(rig.paths == ["/v1/shelves/{name}"])
        rig.show()
        #expect(rig.paths == [])
        #expect(rig.parts.published.count == 2)
    }

    @Test func `a node that is new is asked at once, and replaces what was known`() {
        let rig = LearnerRig()
        rig.show(LearnerRig.node(1))
        rig.answer()
        rig.show(LearnerRig.node(1), LearnerRig.node(2))
        #expect(rig.parts.transport.asked == ["10.0.0.1:9090", "10.0.0.2:9090"])
        rig.answer([ShopFile(methods: ["Get": "/v2/{name}"])])
        #expect(rig.paths == ["/v2/{name}"])
    }

    @Test func `a node that comes while another is asked is asked afterwards`() {
        let rig = LearnerRig()
        rig.show(LearnerRig.node(1))
        rig.show(LearnerRig.node(1), LearnerRig.node(2))
        #expect(rig.parts.transport.asked == ["10.0.0.1:9090"])
        rig.answer()
        #expect(rig.parts.transport.asked == ["10.0.0.1:9090", "10.0.0.2:9090"])
        #expect(rig.parts.published.last?.services.first?.nodes.count == 2)
    }

    @Test func `a server may be exchanged behind its address, and an answer that is the same is no news`() {
        let rig = LearnerRig()
        rig.show(LearnerRig.node(1))
        rig.answer()
        rig.loop.advance(by: .seconds(29))
        #expect(rig.answer() == 0)
        rig.loop.advance(by: .seconds(1))
        #expect(rig.answer() > 0)
        #expect(rig.parts.published.count == 1)
        rig.loop.advance(by: .seconds(30))
        rig.answer([ShopFile(methods: ["Get": "/v2/{name}"])])
        #expect(rig.parts.published.count == 2)
        #expect(rig.paths == ["/v2/{name}"])
    }

    @Test func `a node without reflection is left alone, which is said once`() {
        let rig = LearnerRig()
        rig.show(LearnerRig.node(1))
        #expect(rig.answer(nil) == 2, "both versions of reflection")
        rig.loop.advance(by: .seconds(299))
        #expect(rig.answer(nil) == 0)
        rig.loop.advance(by: .seconds(1))
        #expect(rig.answer(nil) == 2)
        #expect(rig.parts.log.lines.count == 1)
        #expect(rig.parts.log.lines.first?.hasPrefix("info: gRPC service shop, version 1, has no reflection") == true)
        #expect(rig.parts.published.isEmpty)
        // One that is new may have it.
        rig.show(LearnerRig.node(1), LearnerRig.node(2))
        rig.answer()
        #expect(rig.paths == ["/v1/shelves/{name}"])
    }

    @Test func `who does not answer is asked again, ever more seldom, and what was known stays`() {
        let rig = LearnerRig()
        rig.show(LearnerRig.node(1))
        rig.answer()
        rig.connections[0].peer.reset()
        rig.loop.drain()
        rig.parts.transport.refused = ["10.0.0.1:9090"]
        rig.loop.advance(by: .seconds(30))
        var asked = rig.parts.transport.asked.count
        #expect(asked == 2)
        for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
            rig.loop.advance(by: .seconds(wait) - .milliseconds(1))
            #expect(rig.parts.transport.asked.count == asked, "before \(wait) s")
            rig.loop.advance(by: .milliseconds(1))
            asked += 1
            #expect(rig.parts.transport.asked.count == asked, "after \(wait) s")
        }
        #expect(rig.paths == ["/v1/shelves/{name}"])
        #expect(rig.parts.log.lines.filter { $0.contains("tried again") }.count == 1)
        rig.parts.transport.refused = []
        rig.loop.advance(by: .seconds(60))
        rig.answer([ShopFile(methods: ["Get": "/v2/{name}"])])
        #expect(rig.paths == ["/v2/{name}"])
    }

    @Test func `another node is asked when one fails`() {
        let rig = LearnerRig()
        rig.parts.transport.refused = ["10.0.0.1:9090"]
        rig.show(LearnerRig.node(1), LearnerRig.node(2))
        rig.loop.advance(by: .seconds(1))
        rig.answer()
        #expect(rig.paths == ["/v1/shelves/{name}"])
    }

    @Test func `a node that is silent is given up after a while`() {
        let rig = LearnerRig()
        rig.show(LearnerRig.node(1))
        rig.loop.advance(by: .seconds(5))
        #expect(rig.parts.log.lines.count == 1)
        rig.loop.advance(by: .seconds(1))
        rig.answer()
        #expect(rig.paths == ["/v1/shelves/{name}"])
    }

    @Test(
        "services that are not gRPC, or are of Go Micro, are not asked",
        arguments: [
            [:], ["protocol": "http"], ["protocol": "mucp"],
            ["protocol": "grpc", "server": "grpc", "transport": "grpc"], ["protocol": "grpc", "broker": "http"],
        ])
    func others(metadata: [String: String]) {
        let rig = LearnerRig()
        rig.show(LearnerRig.node(1, metadata))
        rig.loop.advance(by: .seconds(600))
        #expect(rig.parts.transport.asked.isEmpty)
    }

    @Test func `no more than a few are asked at a time, and no more than many at all`() {
        var limits = SchemaLearner.Limits()
        limits.services = 5
        let rig = LearnerRig(limits: limits)
        rig.show((1...7).map { Service(name: "s\($0)", nodes: [LearnerRig.node($0)]) })
        #expect(rig.parts.transport.asked.count == 4)
        rig.answer()
        #expect(rig.parts.transport.asked.count == 5)
        #expect(rig.parts.published.last?.services.map(\.name) == ["s1", "s2", "s3", "s4", "s5"])
        #expect(rig.parts.log.lines.filter { $0.hasPrefix("warning: 2 gRPC services are not asked") }.count == 1)
    }

    @Test func `descriptors that go beyond the bytes of all are left out, which is said once`() {
        var limits = SchemaLearner.Limits()
        limits.bytes = ShopFile().descriptor.count + 10
        let rig = LearnerRig(limits: limits)
        rig.show((1...2).map { Service(name: "s\($0)", nodes: [LearnerRig.node($0)]) })
        rig.answer()
        #expect(rig.parts.published.last?.services.map(\.name) == ["s1"])
        rig.loop.advance(by: .seconds(300))
        rig.answer()
        #expect(rig.parts.log.lines.filter { $0.contains("beyond") }.count == 1)
        // There is room again once the other has gone.
        rig.show([Service(name: "s2", nodes: [LearnerRig.node(2)])])
        rig.loop.advance(by: .seconds(300))
        rig.answer()
        #expect(rig.parts.published.last?.services.map(\.name) == ["s2"])
    }

    @Test func `versions that declare the same share one route`() {
        let rig = LearnerRig()
        rig.show([
            Service(name: "shop", version: "1", nodes: [LearnerRig.node(1)]),
            Service(name: "shop", version: "2", nodes: [LearnerRig.node(2)]),
        ])
        rig.answer()
        #expect(rig.parts.published.last?.services.count == 2)
        #expect(rig.paths == ["/v1/shelves/{name}"])
    }

    @Test func `a route that cannot be is told, and the others go on`() {
        let rig = LearnerRig()
        rig.show(LearnerRig.node(1))
        rig.answer([ShopFile(methods: ["Get": "/v1/{nothing}", "Put": "/v1/put/{name}"])])
        #expect(rig.paths == ["/v1/put/{name}"])
        let warnings = rig.parts.published.last?.routes.warnings ?? []
        #expect(warnings.count == 1)
        #expect(warnings.first?.hasPrefix("the route GET /v1/{nothing} of shop.v1.Shelf.Get is left out") == true)
    }
}
