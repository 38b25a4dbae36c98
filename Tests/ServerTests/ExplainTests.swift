import Bytes
import Gateway
import HTTP
import Handlers
import Resolvers
import Server
import TestSupport
import Testing

/// Whether what is explained is what is done.
struct ExplainTests {
    private static func catalog(_ dice: inout SeededNumbers) -> Catalog {
        let services = RandomRoutes.services.filter { _ in dice.roll(3) > 0 }.flatMap { name in
            (1...(1 + dice.roll(3))).map { version in
                let nodes = (0..<dice.roll(3)).map { number in
                    Node(
                        id: "\(name)-\(version)-\(number)", address: "10.0.0.\(number):1",
                        metadata: ["protocol": dice.pick(["mucp", "http", "grpc"])])
                }
                let endpoints = ["A.B", "A.A", "B.C", "E.1", "E.2"].filter { _ in dice.roll(3) == 0 }.map {
                    Endpoint(name: $0)
                }
                return Service(name: name, version: "\(version)", endpoints: endpoints, nodes: nodes)
            }
        }
        return Catalog(generation: 1, services: services)
    }

    private static func mode(_ dice: inout SeededNumbers) -> CatalogRouter.Mode {
        dice.roll(3) == 0 ? .meta : .kind(dice.pick(HandlerKind.allCases))
    }

    @Test func `what is explained is what is done, over thousands of random gateways and requests`() async throws {
        try await onOwnThread(Self.compare)
    }

    private static func compare() throws {
        var winners = 0
        var problems = 0
        var refused = 0
        for seed in 1...400 {
            var dice = SeededNumbers(seed: UInt64(seed))
            let mode = Self.mode(&dice)
            let view = CatalogView()
            view.replace(with: Self.catalog(&dice))
            let rules = try RandomRoutes.rules(&dice)
            let namespace = Namespace(configured: dice.pick(["go.micro", "", "domain"]), type: "api")
            let router = CatalogRouter(
                resolver: MicroResolver(namespace: namespace, mode: dice.roll(2) == 0 ? .rpc : .proxy), namespace: "n",
                mode: mode, view: view, strategy: RoundRobin(), health: NodeHealth(),
                declared: DeclaredRoutes(Published(RouteIndex(rules))))
            for _ in 0..<40 {
                let head = RandomRoutes.head(&dice)
                let explanation = router.explain(head)
                let winner = explanation.tried.first { $0.verdict == .wins }
                do throws(GatewayError) {
                    let route = try router.route(head)
                    #expect(explanation.problem == nil, "seed \(seed): \(head.method) \(head.target)")
                    #expect(explanation.kind == route.kind)
                    #expect(explanation.destination == route.destination)
                    #expect(explanation.fields.map(\.name) == route.binding?.fields.map(\.name) ?? [])
                    #expect(explanation.fields.map(\.value) == route.binding?.fields.map(\.value) ?? [])
                    #expect(winner?.origin == route.binding?.rule.origin, "seed \(seed): \(head.method) \(head.target)")
                    let candidates = explanation.nodes.filter { $0.state == .candidate }.map(\.id)
                    #expect(Set(candidates) == Set(route.nodes.nodes.map(\.id)))
                    winners += winner == nil ? 0 : 1
                    check(route, in: view.catalog)
                } catch {
                    #expect(explanation.problem == error)
                    problems += 1
                }
                // The first that fits decides, and one of the operator for good.
                let first = RouteComparison(rules).verdicts(for: head, limit: 1).first { $0.verdict == .wins }?.rule
                guard let first, first.declarer == .operator, first.kind.nodeUse != nil, mode != .grpc else { continue }
                #expect(explanation.tried.first?.verdict == .wins)
                if view.catalog.versions(of: first.services[0]).isEmpty {
                    #expect(explanation.problem?.status == .serviceUnavailable)
                    refused += 1
                }
            }
        }
        // Else the dice are bad, and nothing was tried.
        #expect(winners > 1_000 && problems > 1_000, "\(winners) by routes, \(problems) with problems")
        #expect(refused > 100, "\(refused)")
    }

    // MARK: What is sent

    /// Keeps the head of what it is to pass on.
    private final class Keeping: Backend, @unchecked Sendable {
        var lines: [Substring] = []

        nonisolated(nonsending) func forward(_ exchange: Exchange, to node: Node) async throws(GatewayError) {
            var head = ByteBuffer()
            ForwardedRequest.write(
                exchange.request, framing: .none, context: exchange.forwarding, rewrite: exchange.rewrite, to: &head)
            lines = head.text.split(separator: "\r\n")
            try await exchange.respond(.ok, contentType: "text/plain", text: "")
        }
    }

    /// One loop with a whole gateway that only passes on.
    private final class Passing: @unchecked Sendable {
        let backend = Keeping()
        let loop = ManualEventLoop()
        var front: (any ExplainingHandler)?

        init(_ rules: [RouteRule], _ encodedSlashes: EncodedSlashes) throws {
            let view = CatalogView()
            let node = Node(id: "n", address: "10.0.0.1:1", metadata: ["protocol": "http"])
            let services = RandomRoutes.services.map { Service(name: $0, version: "1", nodes: [node]) }
            view.replace(with: Catalog(generation: 1, services: services))
            let router = CatalogRouter(
                resolver: MicroResolver(namespace: .fixed("go.micro.api"), mode: .proxy), namespace: "n",
                mode: .kind(.http), view: view, strategy: RoundRobin(), health: NodeHealth(),
                declared: DeclaredRoutes(Published(RouteIndex(rules))))
            let routing = RoutingHandler(
                router: router, handlers: [.http: ProxyHandler(backend: backend), .web: ProxyHandler(backend: backend)])
            front = FrontHandler(version: "1", rpc: routing, encodedSlashes: encodedSlashes, next: routing)
        }
    }

    @Test func `what is said to be sent is what is sent, with a prefix taken off and without`() async throws {
        try await onOwnThread {
            var (shortened, whole) = (0, 0)
            for seed in 1...200 {
                var dice = SeededNumbers(seed: UInt64(seed))
                let rules = try RandomRoutes.rules(&dice, of: [.http, .web])
                let passing = try Passing(rules, dice.pick(EncodedSlashes.allCases))
                let front = try #require(passing.front)
                let stage = Stage(loop: passing.loop) { Forwarding(to: passing) }
                let prefixes = rules.compactMap { $0.strippedPrefix?.description }
                for _ in 0..<30 {
                    var head = RandomRoutes.head(&dice)
                    if !prefixes.isEmpty, dice.roll(2) == 0 {
                        let target = dice.pick(prefixes) + head.target
                        head = RequestHead(method: head.method, target: target, authority: head.authority)
                    }
                    let explanation = front.explain(head, body: [])
                    passing.backend.lines = []
                    let scripted = ScriptedExchange(head, on: passing.loop)
                    stage.play(scripted)
                    #expect(explanation.problem == scripted.failure, "seed \(seed): \(head.target)")
                    let told = Dictionary(uniqueKeysWithValues: explanation.sends.map { ($0.name, $0.value) })
                    let line = passing.backend.lines.first.map { $0.dropLast(" HTTP/1.1".count) }
                    #expect(told["request"] == line.map { String($0) }, "seed \(seed): \(head.target)")
                    let prefix = passing.backend.lines.first { $0.hasPrefix("X-Forwarded-Prefix: ") }
                    #expect(told["X-Forwarded-Prefix"] == prefix.map { String($0.dropFirst(20)) })
                    if prefix != nil { shortened += 1 } else if line != nil { whole += 1 }
                }
            }
            #expect(shortened > 50 && whole > 100, "\(shortened) without a prefix, \(whole) as they were")
        }
    }

    /// Hands everything to the gateway of another object, which the test asks too.
    private final class Forwarding: Handler {
        private let passing: Passing
        init(to passing: Passing) { self.passing = passing }

        nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
            try await passing.front?.handle(exchange)
        }
    }

    /// Nodes are of versions that have declared the route, or else that describe the endpoint where some do.
    private static func check(_ route: Route, in catalog: Catalog) {
        let versions = catalog.versions(of: route.destination.service)
        let chosen = versions.filter { version in version.nodes.contains { route.nodes.nodes.contains($0) } }
        if case .versions(let names) = route.binding?.rule.declarer {
            #expect(chosen.allSatisfy { names.contains($0.version) })
        } else if route.kind.nodeUse == .calls {
            func describes(_ version: Service) -> Bool {
                version.endpoints.contains { $0.name == route.destination.endpoint }
            }
            #expect(chosen.allSatisfy(describes) || !chosen.contains(where: describes))
        }
    }
}
