import Gateway
import HTTP
import Resolvers
import Server
import Testing

/// `/a/b/c` asks for endpoint `b` of service `a`, whatever follows. Counts how often it is asked.
private final class CountingResolver: Resolver {
    let name = "counting"
    let asked = Counter()

    func resolve(_ head: RequestHead) throws(GatewayError) -> Destination {
        asked.add(1)
        let segments = head.path.split(separator: "/")
        guard segments.count > 1 else { throw GatewayError(.notFound, "the path names no service") }
        return Destination(service: String(segments[0]), endpoint: String(segments[1]))
    }
}

struct CatalogRouterTests {
    private static let mucp = ["protocol": "mucp"]
    private let view = CatalogView()
    private let resolver = CountingResolver()

    private func router(_ mode: CatalogRouter.Mode) -> CatalogRouter {
        CatalogRouter(
            resolver: resolver, namespace: "go.micro.api", mode: mode, view: view, strategy: RoundRobin(),
            health: NodeHealth())
    }

    private func register(_ generation: UInt64, _ services: Service...) {
        view.replace(with: Catalog(generation: generation, services: services))
    }

    private func service(_ name: String, version: String = "1", _ nodes: [String: [String: String]]) -> Service {
        Service(
            name: name, version: version,
            nodes: nodes.sorted { $0.key < $1.key }.map { Node(id: $0.key, address: "\($0.key):1", metadata: $0.value) }
        )
    }

    private func head(_ path: String, method: HTTP.Method = .get, host: String = "h") -> RequestHead {
        RequestHead(method: method, target: path, authority: host)
    }

    @Test func `a route has the nodes of all versions that can be used`() throws {
        register(
            1, service("a", version: "1", ["n1": Self.mucp, "n2": [:]]),
            service("a", version: "2", ["n3": ["protocol": "grpc"]]))
        #expect(try router(.kind(.rpc)).route(head("/a/B.C")).nodes.nodes.map(\.id) == ["n1", "n3"])
        #expect(try router(.kind(.http)).route(head("/a/B.C")).nodes.nodes.map(\.id) == ["n2"])
    }

    @Test func `an unknown service is explained: what was derived, by which rule, and what is near`() {
        register(1, service("greeter", ["n1": Self.mucp]))
        let error = #expect(throws: GatewayError.self) { try router(.kind(.rpc)).route(head("/greter/Say.Hello")) }
        #expect(error?.status == .notFound)
        #expect(error?.service == "greter")
        for part in ["greter", "Say.Hello", "counting", "go.micro.api", "greeter"] {
            #expect(error?.report.detail.contains(part) == true, "\(part)")
        }
        // A name that was given and not derived needs no such explanation.
        let named = #expect(throws: GatewayError.self) {
            try router(.kind(.rpc)).route(to: Destination(service: "x", endpoint: "y"))
        }
        #expect(named?.report.detail == "service x is not registered")
    }

    @Test func `an empty catalog says that it is`() {
        let error = #expect(throws: GatewayError.self) { try router(.kind(.rpc)).route(head("/a/b")) }
        #expect(error?.report.detail.contains("nothing is registered at all") == true)
    }

    @Test func `a service without nodes is 503, one of another kind says which handler is right`() {
        register(1, service("empty", [:]), service("web", ["n1": [:]]), service("rpc", ["n2": Self.mucp]))
        let empty = #expect(throws: GatewayError.self) { try router(.kind(.rpc)).route(head("/empty/x")) }
        #expect(empty?.status == .serviceUnavailable)
        #expect(empty?.service == "empty")
        let web = #expect(throws: GatewayError.self) { try router(.kind(.rpc)).route(head("/web/x")) }
        #expect(web?.report.detail.contains("handler http") == true)
        #expect(web?.service == "web")
        let rpc = #expect(throws: GatewayError.self) { try router(.kind(.http)).route(head("/rpc/x")) }
        #expect(rpc?.report.detail.contains("handler rpc") == true)
    }

    @Test func `what was decided is remembered until the catalog changes`() throws {
        register(1, service("a", ["n1": Self.mucp]))
        let router = router(.kind(.rpc))
        let first = try router.route(head("/a/b"))
        #expect(try router.route(head("/a/b")) === first)
        #expect(resolver.asked.value == 1)
        // Another query is the same path; another method or host may be another route.
        _ = try router.route(head("/a/b?c=d"))
        #expect(resolver.asked.value == 1)
        _ = try router.route(head("/a/b", method: .post))
        _ = try router.route(head("/a/b", host: "other"))
        #expect(resolver.asked.value == 3)

        register(2, service("a", ["n2": Self.mucp]))
        let second = try router.route(head("/a/b"))
        #expect(second.nodes.nodes.map(\.id) == ["n2"])
        #expect(resolver.asked.value == 4)
        register(3)
        #expect(throws: GatewayError.self) { try router.route(head("/a/b")) }
    }

    @Test func `whatever the memory forgot, the answer is the same`() throws {
        register(1, service("a", ["n1": Self.mucp]), service("b", ["n2": Self.mucp]))
        let router = router(.kind(.rpc))
        for number in (0..<5_000).map({ ($0 &* 7_919) % 3_000 }) {
            let (service, host) = (number % 2 == 0 ? "a" : "b", "h\(number % 5)")
            let route = try router.route(head("/\(service)/E.N\(number)", host: host))
            #expect(route.destination == Destination(service: service, endpoint: "E.N\(number)"))
            #expect(route.nodes.nodes.map(\.id) == [service == "a" ? "n1" : "n2"])
        }
        let long = "/a/" + String(repeating: "x", count: 5_000)
        for _ in 0..<2 { #expect(try router.route(head(long)).destination.endpoint.count == 5_000) }
    }

    /// C15. The memory has one place for each hash value, which anybody can compute.
    @Test func `paths that were made to fall on one place are each routed as if there were no memory`() throws {
        register(1, service("a", ["n1": Self.mucp]), service("b", ["n2": Self.mucp]))
        let paths = (0..<200_000).lazy.map { "/\($0 % 2 == 0 ? "a" : "b")/\($0)" }.filter { path in
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in (path + "h").utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            return (hash ^ (hash >> 32)) % 1_024 == 7
        }
        let router = router(.kind(.rpc))
        var count = 0
        for path in paths {
            for _ in 0..<2 {
                let route = try router.route(head(path))
                #expect(route.nodes.nodes.map(\.id) == [path.hasPrefix("/a") ? "n1" : "n2"])
                #expect(path.hasSuffix("/\(route.destination.endpoint)"))
            }
            count += 1
        }
        #expect(count > 100)
        // What was asked for last is remembered, and nothing else of them: no place is ever searched.
        #expect(resolver.asked.value == count)
    }

    /// B06 and B11.
    @Test("a host in any case is the same host, be there one or two hundred", arguments: [1, 200])
    func hosts(count: Int) throws {
        let services = (0..<count).map { service("site\($0).example", ["n\($0)": ["protocol": "http"]]) }
        view.replace(with: Catalog(generation: 1, services: services))
        let router = CatalogRouter(
            resolver: HostResolver(), namespace: "", mode: .kind(.http), view: view, strategy: RoundRobin(),
            health: NodeHealth())
        var random = SystemRandomNumberGenerator()
        for number in (0..<2_000).map({ $0 % count }) {
            let host = String("site\(number).example".map { random.next() % 2 == 0 ? Character($0.uppercased()) : $0 })
            let end = ["", ".", ":80", ".:8080"][Int(random.next() % 4)]
            let route = try router.route(head("/x", host: host + end))
            #expect(route.destination.service == "site\(number).example", "\(host)\(end)")
            #expect(route.nodes.nodes.map(\.id) == ["n\(number)"])
        }
    }

    @Test func `a node that rests goes on resting in the next catalog`() throws {
        register(1, service("a", ["n1": Self.mucp, "n2": Self.mucp]))
        let router = router(.kind(.rpc))
        let now = ContinuousClock.now
        let route = try router.route(head("/a/b"))
        let failed = try #require(route.nodes.nodes.first)
        route.nodes.recordFailure(of: failed, now: now)
        register(2, service("a", ["n1": Self.mucp, "n2": Self.mucp]))
        let next = try router.route(head("/a/b")).nodes
        #expect(Set((0..<10).compactMap { _ in next.next(now: now)?.id }) == ["n2"])
    }
}

/// For whose nodes a request is, when a service has several versions.
struct ServiceVersionTests {
    private let view = CatalogView()

    /// A version whose node has its name, and describes these endpoints: what each declares as its route, or nothing.
    private static func version(
        _ version: String, _ endpoints: [String: [String: String]] = [:], speaks: String = "mucp", nodes: Int = 1
    ) -> Service {
        Service(
            name: "go.micro.api.items", version: version,
            endpoints: endpoints.sorted { $0.key < $1.key }.map { Endpoint(name: $0.key, metadata: $0.value) },
            nodes: (0..<nodes).map {
                Node(id: $0 == 0 ? version : "\(version)-\($0)", address: "n:1", metadata: ["protocol": speaks])
            })
    }

    private func router(
        _ versions: [Service], mode: CatalogRouter.Mode = .meta, rules: [RouteRule] = []
    ) -> CatalogRouter {
        let catalog = Catalog(generation: 1, services: versions)
        view.replace(with: catalog)
        return CatalogRouter(
            resolver: MicroResolver(namespace: Namespace(configured: "go.micro", type: "api"), mode: .rpc),
            namespace: "go.micro.api", mode: mode, view: view, strategy: RoundRobin(), health: NodeHealth(),
            declared: DeclaredRoutes(Published(RouteIndex(rules + EndpointRoutes.read(catalog).rules))))
    }

    private func head(_ line: String) -> RequestHead {
        let words = line.split(separator: " ").map(String.init)
        return RequestHead(method: HTTP.Method(words[0]) ?? .get, target: words[1], authority: "h")
    }

    private func nodes(_ route: Route) -> [String] { route.nodes.nodes.map(\.id) }

    @Test func `a route that one version declares leads to no node of another`() throws {
        let router = router([Self.version("1"), Self.version("2", ["Items.Read": ["path": "/items/{id}"]])])
        #expect(try nodes(router.route(head("GET /items/7"))) == ["2"])
        // What the path alone names is for all of them.
        #expect(try nodes(router.route(head("GET /items/items/drop"))) == ["1", "2"])
    }

    @Test func `a route that several versions declare leads to the nodes of these`() throws {
        let read = ["Items.Read": ["path": "/items/{id}", "method": "GET"]]
        let router = router([
            Self.version("1", read), Self.version("2", read, nodes: 2), Self.version("3", ["Items.Drop": [:]]),
        ])
        let route = try router.route(head("GET /items/7"))
        #expect(nodes(route) == ["1", "2", "2-1"])
        // They take turns whatever endpoint of these versions is asked for.
        #expect(try router.route(head("GET /items/items/read")).nodes === route.nodes)
    }

    @Test(
        "versions that differ in methods share the ones that they have in common",
        arguments: [
            ("GET /items/7", ["1", "2", "3"]), ("POST /items/7", ["2", "3"]), ("PUT /items/7", ["3"]),
            ("HEAD /items/7", ["1", "2", "3"]),
        ])
    func methods(line: String, expected: [String]) throws {
        func declaring(_ methods: String) -> [String: [String: String]] {
            ["Items.Do": ["path": "/items/{id}", "method": methods].filter { !$0.value.isEmpty }]
        }
        let router = router([
            Self.version("1", declaring("GET")), Self.version("2", declaring("POST,GET")),
            Self.version("3", declaring("")),
        ])
        #expect(try nodes(router.route(head(line))) == expected)
    }

    @Test func `what an endpoint says in both encodings is one route, and methods with bodies of their own are two`() {
        let list = #"[{"path":"/a","method":"GET"},{"path":"/a","method":"POST","body":"*"}]"#
        let metadata = ["routes": list, "path": "/a", "method": "GET"]
        let versions = ["1", "2"].map { Self.version($0, ["Items.Do": metadata]) }
        let rules = EndpointRoutes.read(Catalog(generation: 1, services: versions)).rules
        #expect(rules.map(\.condition.description) == ["GET /a", "POST /a"])
        #expect(rules.map(\.body) == [.merged, .message])
        #expect(rules.allSatisfy { $0.declarer == .versions(["1", "2"]) })
    }

    @Test func `a version that declares a route and has no node is 503, and no other is asked`() {
        let router = router([
            Self.version("1"), Self.version("2", ["Items.Read": ["path": "/items/{id}"]], nodes: 0),
        ])
        let error = #expect(throws: GatewayError.self) { try router.route(head("GET /items/7")) }
        #expect(error?.status == .serviceUnavailable)
    }

    @Test func `a version that has gone while its route is still known is not replaced by another`() throws {
        let declaring = Self.version("2", ["Items.Read": ["path": "/items/{id}"]])
        let rules = EndpointRoutes.read(Catalog(generation: 1, services: [declaring])).rules
        let router = router([Self.version("1")], rules: rules)
        let explanation = router.explain(head("GET /items/7"))
        #expect(explanation.tried.map(\.verdict) == [.unregistered])
        #expect(try router.route(head("GET /items/7")).destination.endpoint == "Items.7")
    }

    @Test(
        "an endpoint that only some versions describe is asked of these",
        arguments: [
            ([version("1", ["Items.Read": [:]]), version("2", ["Items.Read": [:], "Items.Drop": [:]])], ["2"]),
            // Nobody describes it, or anything.
            ([version("1", ["Items.Read": [:]]), version("2", ["Items.Make": [:]])], ["1", "2"]),
            ([version("1"), version("2")], ["1", "2"]),
            ([version("1"), version("2", ["Items.Drop": [:]])], ["2"]),
            // What listens to a topic is not called.
            ([version("1"), version("2", ["Items.Drop": ["subscriber": "true"]])], ["1", "2"]),
            // A node that may not have it is better than none.
            ([version("1"), version("2", ["Items.Drop": [:]], nodes: 0)], ["1"]),
            ([version("1"), version("2", ["Items.Drop": [:]], speaks: "http")], ["1"]),
        ])
    func described(versions: [Service], expected: [String]) throws {
        let router = router(versions)
        #expect(try nodes(router.route(head("GET /items/items/drop"))) == expected)
        let named = Destination(service: "go.micro.api.items", endpoint: "Items.Drop")
        #expect(try nodes(router.route(to: named)) == expected)
    }

    @Test func `what is passed on as HTTP goes to all versions, since it names no endpoint`() throws {
        let router = router(
            [Self.version("1", speaks: "http"), Self.version("2", ["GET": [:]], speaks: "http")], mode: .kind(.http))
        #expect(try nodes(router.route(head("GET /items/items/drop"))) == ["1", "2"])
    }

    @Test func `of a hundred versions each has its own nodes`() throws {
        let versions = (100..<200).map {
            Self.version("\($0)", ["Items.N\($0)": ["path": "/n\($0)"], "Items.Even": $0 % 2 == 0 ? [:] : ["subscriber": "true"]])
        }
        let router = router(versions)
        for number in 100..<200 {
            #expect(try nodes(router.route(head("GET /n\(number)"))) == ["\(number)"])
            #expect(try nodes(router.route(head("GET /items/items/n\(number)"))) == ["\(number)"])
        }
        let even = try nodes(router.route(head("GET /items/items/even")))
        #expect(even == stride(from: 100, to: 200, by: 2).map(String.init))
    }

    @Test func `an explanation shows nodes of other versions, and why they are skipped`() {
        let router = router([
            Self.version("1"), Self.version("2", ["Items.Read": ["path": "/items/{id}"]]),
        ])
        #expect(router.explain(head("GET /items/7")).nodes.map(\.state) == [.undeclared, .candidate])
        #expect(router.explain(head("GET /items/items/read")).nodes.map(\.state) == [.undescribed, .candidate])
        #expect(router.explain(head("GET /items/items/drop")).nodes.map(\.state) == [.candidate, .candidate])
    }
}

/// Routes that the operator has declared.
struct OperatorRouteTests {
    private let view = CatalogView()

    private func router(_ services: [String]) throws -> CatalogRouter {
        let nodes = [Node(id: "n", address: "n:1", metadata: ["protocol": "mucp"])]
        view.replace(with: Catalog(generation: 1, services: services.map { Service(name: $0, nodes: nodes) }))
        let rules = [
            RouteRule(
                on: try RouteRule.Condition(path: "/orders/{id}"), services: ["billing", "go.micro.api.billing"],
                endpoint: "Orders.Read", declarer: .operator, origin: "micro api add route")
        ]
        return CatalogRouter(
            resolver: MicroResolver(namespace: Namespace(configured: "go.micro", type: "api"), mode: .rpc),
            namespace: "go.micro.api", mode: .meta, view: view, strategy: RoundRobin(), health: NodeHealth(),
            declared: DeclaredRoutes(Published(RouteIndex(rules))))
    }

    @Test func `while the service is not registered, no other is asked`() throws {
        let router = try router(["go.micro.api.orders", "go.micro.api.biling"])
        let head = RequestHead(method: .get, target: "/orders/7", authority: "h")
        let error = #expect(throws: GatewayError.self) { try router.route(head) }
        #expect(error?.status == .serviceUnavailable)
        #expect(
            error?.report.detail
                == "this path belongs to service billing, which is not registered; the nearest registered name is go.micro.api.biling"
        )
        #expect(error?.detail.contains("/orders/{id} is of micro api add route") == true)
        #expect(error?.service == "billing")
        let explanation = router.explain(head)
        #expect(explanation.problem == error)
        #expect(explanation.tried.map(\.verdict) == [.wins])
        #expect(explanation.resolved == nil, "the resolver is not asked")
    }

    @Test func `the service may be registered under either name`() throws {
        for name in ["billing", "go.micro.api.billing"] {
            let route = try router([name]).route(RequestHead(method: .get, target: "/orders/7", authority: "h"))
            #expect(route.destination == Destination(service: name, endpoint: "Orders.Read"))
        }
    }

    @Test func `where nothing is near, nothing is guessed`() throws {
        let error = #expect(throws: GatewayError.self) {
            try router(["completely.different"]).route(RequestHead(method: .get, target: "/orders/7", authority: "h"))
        }
        #expect(error?.report.detail == "this path belongs to service billing, which is not registered")
    }
}
