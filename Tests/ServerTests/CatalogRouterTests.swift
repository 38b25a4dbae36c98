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

    @Test func `a declared path is for its methods, and for asking which they are`() throws {
        let rules = try [("/items/{id}", [HTTP.Method.get]), ("/all", [.get, .options]), ("/any", [])].map {
            RouteRule(
                on: try RouteRule.Condition(path: $0.0, methods: $0.1), services: ["a"], endpoint: "B.C", origin: "test"
            )
        }
        register(1, service("a", ["n1": Self.mucp]))
        let router = CatalogRouter(
            resolver: resolver, namespace: "go.micro.api", mode: .kind(.rpc), view: view, strategy: RoundRobin(),
            health: NodeHealth(), declared: DeclaredRoutes(Published(RouteIndex(rules))))
        for method in [HTTP.Method.options, .put] {
            let error = #expect(throws: GatewayError.self) { try router.route(head("/items/7", method: method)) }
            #expect(error?.allow == "GET, HEAD, OPTIONS")
        }
        // A route that takes OPTIONS itself gets it.
        for path in ["/all", "/any"] {
            #expect(try router.route(head(path, method: .options)).destination.endpoint == "B.C")
        }
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

    /// C41.
    @Test(
        "errors of meta go by the name of the namespace, those of other handlers and of services do not",
        arguments: [
            (.meta, "staging.myapp.com", "/a/b", "staging.api"), (.meta, "localhost", "/a/b", "go.micro.api"),
            (.kind(.rpc), "staging.myapp.com", "/a/b", "go.micro.api"),
            (.meta, "staging.myapp.com", "/empty/b", "go.micro.client"),
        ] as [(CatalogRouter.Mode, String, String, String)])
    func reporter(mode: CatalogRouter.Mode, host: String, path: String, id: String) {
        register(1, service("empty", [:]))
        let router = CatalogRouter(
            resolver: resolver, namespace: "n", reporter: Namespace(configured: "domain", type: "api"), mode: mode,
            view: view, strategy: RoundRobin(), health: NodeHealth())
        let error = #expect(throws: GatewayError.self) { try router.route(head(path, host: host)) }
        #expect(error?.report.id == id)
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

    @Test func `what was decided twice is remembered until the catalog changes`() throws {
        register(1, service("a", ["n1": Self.mucp]))
        let router = router(.kind(.rpc))
        _ = try router.route(head("/a/b"))
        let second = try router.route(head("/a/b"))
        #expect(try router.route(head("/a/b")) === second)
        #expect(resolver.asked.value == 2)
        // Another query is the same path; another method or host may be another route.
        _ = try router.route(head("/a/b?c=d"))
        #expect(resolver.asked.value == 2)
        _ = try router.route(head("/a/b", method: .post))
        _ = try router.route(head("/a/b", host: "other"))
        #expect(resolver.asked.value == 4)

        register(2, service("a", ["n2": Self.mucp]))
        let other = try router.route(head("/a/b"))
        #expect(other.nodes.nodes.map(\.id) == ["n2"])
        #expect(resolver.asked.value == 5)
        register(3)
        #expect(throws: GatewayError.self) { try router.route(head("/a/b")) }
    }

    @Test func `paths that come once leave in memory what comes often`() throws {
        register(1, service("a", ["n1": Self.mucp]))
        let router = router(.kind(.rpc))
        let often = (0..<2).map { _ in head("/a/often") }
        for head in often { _ = try router.route(head) }
        for number in 0..<20_000 { _ = try router.route(head("/a/\(number)")) }
        #expect(resolver.asked.value == 20_002)
        _ = try router.route(often[0])
        #expect(resolver.asked.value == 20_002)
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
            for _ in 0..<3 {
                let route = try router.route(head(path))
                #expect(route.nodes.nodes.map(\.id) == [path.hasPrefix("/a") ? "n1" : "n2"])
                #expect(path.hasSuffix("/\(route.destination.endpoint)"))
            }
            count += 1
        }
        #expect(count > 100)
        // What was asked for last is remembered, and nothing else of them: no place is ever searched.
        #expect(resolver.asked.value == 2 * count)
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
