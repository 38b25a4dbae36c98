import Bytes
import Gateway
import HTTP
import Handlers
import Resolvers
import Server
import Testing

/// Whether what is explained is what is done.
struct ExplainTests {
    /// The same numbers in every run.
    private struct Dice {
        private var state: UInt64

        init(_ seed: Int) { state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1 }

        mutating func roll(_ count: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int((state >> 33) % UInt64(count))
        }

        mutating func pick<Value>(_ values: [Value]) -> Value { values[roll(values.count)] }
    }

    private static let hosts = ["localhost", "example.com", "a.example.com", "b.a.example.com"]
    private static let methods: [Method] = [.get, .post, .put, .head]
    private static let services = ["go.micro.api.a", "go.micro.api.b", "go.micro.api.c", "go.micro.api.v1.a", "other"]
    private static let words = ["a", "b", "c", "v1"]

    private static func path(_ dice: inout Dice) -> String {
        var segments = (0...dice.roll(4)).map { _ in dice.pick(words + ["a%2Fb", "%61", ""]) }
        if dice.roll(6) == 0 { segments[segments.count - 1] += ":go" }
        return "/" + segments.joined(separator: "/") + (dice.roll(4) == 0 ? "?x=1" : "")
    }

    private static func pattern(_ dice: inout Dice) -> String {
        if dice.roll(8) == 0 {
            return dice.pick(["^/a/.*$", "^/[ab]/?$", "^/.*c$", "^/(a|b)/c$", "^/v1/[[:alpha:]]+$"])
        }
        var hasRest = false
        let segments = (0...dice.roll(4)).map { index in
            switch dice.roll(7) {
            case 0: return "*"
            case 1: return "{f\(index)}"
            case 2 where !hasRest:
                hasRest = true
                return dice.pick(["**", "{r=**}"])
            default: return dice.pick(words)
            }
        }
        return "/" + segments.joined(separator: "/") + (dice.roll(6) == 0 ? ":go" : "")
    }

    private static func rules(_ dice: inout Dice) throws -> [RouteRule] {
        try (0..<dice.roll(12)).map { number in
            let methods = dice.roll(3) == 0 ? [] : [dice.pick(methods), dice.pick(methods)]
            let hosts =
                dice.roll(2) == 0 ? [] : [try HostPattern(dice.pick(hosts + ["*.example.com", "*.a.example.com"]))]
            return RouteRule(
                on: try RouteRule.Condition(path: pattern(&dice), methods: methods, hosts: hosts),
                kind: dice.pick(HandlerKind.allCases), services: [dice.pick(services)], endpoint: "E.\(number)",
                declarer: dice.pick([.author, .operator, .versions(["1"]), .versions(["2", "3"]), .versions(["4"])]),
                origin: "rule \(number)")
        }
    }

    private static func catalog(_ dice: inout Dice) -> Catalog {
        let services = services.filter { _ in dice.roll(3) > 0 }.flatMap { name in
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

    private static func mode(_ dice: inout Dice) -> CatalogRouter.Mode {
        dice.roll(3) == 0 ? .meta : .kind(dice.pick(HandlerKind.allCases))
    }

    private func head(_ dice: inout Dice) -> RequestHead {
        RequestHead(
            method: dice.pick(Self.methods), target: Self.path(&dice), authority: dice.pick(Self.hosts))
    }

    @Test func `what is explained is what is done, over thousands of random gateways and requests`() throws {
        var winners = 0
        var problems = 0
        var refused = 0
        for seed in 1...400 {
            var dice = Dice(seed)
            let mode = Self.mode(&dice)
            let view = CatalogView()
            view.replace(with: Self.catalog(&dice))
            let rules = try Self.rules(&dice)
            let namespace = Namespace(configured: dice.pick(["go.micro", "", "domain"]), type: "api")
            let router = CatalogRouter(
                resolver: MicroResolver(namespace: namespace, mode: dice.roll(2) == 0 ? .rpc : .proxy), namespace: "n",
                mode: mode, view: view, strategy: RoundRobin(), health: NodeHealth(),
                declared: DeclaredRoutes(Published(RouteIndex(rules))))
            for _ in 0..<40 {
                let head = head(&dice)
                let explanation = router.explain(head)
                let winner = explanation.tried.first { $0.verdict == .wins }
                do throws(GatewayError) {
                    let route = try router.route(head)
                    #expect(explanation.problem == nil, "\(head.method) \(head.target)")
                    #expect(explanation.kind == route.kind)
                    #expect(explanation.destination == route.destination)
                    #expect(explanation.fields.map(\.name) == route.binding?.fields.map(\.name) ?? [])
                    #expect(explanation.fields.map(\.value) == route.binding?.fields.map(\.value) ?? [])
                    #expect(winner?.origin == route.binding?.rule.origin, "\(head.method) \(head.target)")
                    let candidates = explanation.nodes.filter { $0.state == .candidate }.map(\.id)
                    #expect(Set(candidates) == Set(route.nodes.nodes.map(\.id)))
                    winners += winner == nil ? 0 : 1
                    check(route, in: view.catalog)
                } catch {
                    #expect(explanation.problem == error)
                    problems += 1
                }
                // The first that fits decides, and one of the operator for good.
                let first = RouteComparison.verdicts(on: rules, for: head, limit: 1).first { $0.verdict == .wins }?.rule
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

    /// Nodes are of versions that have declared the route, or else that describe the endpoint where some do.
    private func check(_ route: Route, in catalog: Catalog) {
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

    /// Hardening case L12: the index finds what a look at every rule finds.
    @Test func `the index agrees with a look at every route, over a hundred thousand requests`() throws {
        var matches = 0
        for seed in 1...2_000 {
            var dice = Dice(seed + 1_000_000)
            let rules = try Self.rules(&dice)
            let index = RouteIndex(rules)
            for _ in 0..<50 {
                let head = head(&dice)
                let slow = RouteComparison.verdicts(on: rules, for: head, limit: 1).first { $0.verdict == .wins }
                let fast = index.binding(of: head)
                guard fast?.rule !== slow?.rule else {
                    matches += fast == nil ? 0 : 1
                    continue
                }
                Issue.record(
                    "\(head.method) \(head.authority)\(head.target): index \(fast?.rule.condition.description ?? "none"), by looking \(slow?.rule.condition.description ?? "none"); seed \(seed)"
                )
            }
        }
        #expect(matches > 10_000)
    }
}
