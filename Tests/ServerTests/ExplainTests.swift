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
        let services = RandomRoutes.services.filter { _ in dice.roll(3) > 0 }.map { name in
            let nodes = (0..<dice.roll(3)).map { number in
                Node(
                    id: "\(name)-\(number)", address: "10.0.0.\(number):1",
                    metadata: ["protocol": dice.pick(["mucp", "http", "grpc"])])
            }
            return Service(name: name, endpoints: [Endpoint(name: "A.B")], nodes: nodes)
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
                } catch {
                    #expect(explanation.problem == error)
                    problems += 1
                }
            }
        }
        // Else the dice are bad, and nothing was tried.
        #expect(winners > 1_000 && problems > 1_000, "\(winners) by routes, \(problems) with problems")
    }
}
