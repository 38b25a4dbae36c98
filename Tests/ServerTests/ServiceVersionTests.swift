import Gateway
import HTTP
import Resolvers
import Server
import Testing

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

    /// Each version by itself says whether it declares what was found; the rule that all share must know the same.
    @Test("versions that declare what they like share each route with those that declare it too", arguments: 1...200)
    func shared(seed: UInt64) throws {
        var random = FastGenerator(seed: seed)
        let versions = (1...4).map { number in
            let endpoints = ["Items.Read", "Items.Make"].map { name in
                let methods = ["GET", "POST", "HEAD", "PUT"].filter { _ in random.next() % 3 == 0 }
                let path = random.next() % 4 == 0 ? "/items/{name}" : "/items/{id}"
                let host = random.next() % 4 == 0 ? "a.example" : ""
                return (
                    name,
                    ["path": path, "method": methods.joined(separator: ","), "host": host].filter { !$0.value.isEmpty }
                )
            }
            return Self.version("\(number)", Dictionary(uniqueKeysWithValues: endpoints))
        }
        let index = RouteIndex(EndpointRoutes.read(Catalog(generation: 1, services: versions)).rules)
        for method in [HTTP.Method.get, .post, .head, .put, .delete] {
            for host in ["a.example", "b.example"] {
                let head = RequestHead(method: method, target: "/items/7", authority: host)
                guard let rule = index.binding(of: head)?.rule else {
                    #expect(!versions.contains { RouteIndex(EndpointRoutes.read($0).rules).binding(of: head) != nil })
                    continue
                }
                let declaring = versions.filter { version in
                    EndpointRoutes.read(version).rules.contains {
                        $0.endpoint == rule.endpoint && $0.condition.text == rule.condition.text
                            && $0.condition.hosts == rule.condition.hosts && $0.condition.accepts(method)
                    }
                }
                #expect(
                    rule.declarer == .versions(Set(declaring.map(\.version))), "\(method) \(host) \(rule.condition)")
            }
        }
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

    // MARK: Versions that want different things

    /// Declares `Items.Do` with bodies by method: `PUT *` is the whole message.
    private static func wanting(_ version: String, _ words: [String], nodes: Int = 1) -> Service {
        let items = words.map { word in
            let parts = word.split(separator: " ", omittingEmptySubsequences: false)
            return #"{"path":"/items/{id}","method":"\#(parts[0])","body":"\#(parts[1])"}"#
        }
        let metadata = ["routes": "[\(items.joined(separator: ","))]"]
        return Self.version(version, ["Items.Do": items.isEmpty ? [:] : metadata], nodes: nodes)
    }

    @Test func `each version gets what it has declared, and all take turns`() throws {
        let router = router([
            Self.wanting("1", ["PUT *"]), Self.wanting("2", ["PUT item"], nodes: 2), Self.wanting("3", ["PUT *"]),
            Self.wanting("4", ["PUT item"], nodes: 0),
        ])
        var counts: [[String]: Int] = [:]
        for _ in 0..<40 {
            let route = try router.route(head("PUT /items/7"))
            #expect(route.binding?.rule.body == (nodes(route) == ["1", "3"] ? .message : .field("item")))
            #expect(route.binding?.fields.map(\.value) == ["7"])
            counts[nodes(route), default: 0] += 1
        }
        #expect(counts == [["1", "3"]: 20, ["2", "2-1"]: 20])
        #expect(try router.routes(head("PUT /items/7")).map(nodes) == [["1", "3"], ["2", "2-1"]])
        let explanation = router.explain(head("PUT /items/7"))
        #expect(explanation.nodes.filter { $0.state == .candidate }.map(\.id) == ["1", "2", "2-1", "3"])
    }

    @Test func `where nobody else can be asked, there is but one route`() throws {
        let router = router([Self.wanting("1", ["PUT *"], nodes: 0), Self.wanting("2", ["PUT item"])])
        let routes = try (0..<3).map { _ in try router.route(head("PUT /items/7")) }
        #expect(routes.allSatisfy { nodes($0) == ["2"] && $0.variants.isEmpty })
        #expect(routes[0].binding?.rule.body == .field("item"))
    }

    @Test("what a version gets is what it would get if it were alone", arguments: 1...200)
    func alone(seed: UInt64) throws {
        var random = FastGenerator(seed: seed)
        let versions = (1...4).map { number in
            let words = ["GET", "POST", "HEAD", "PUT", ""].filter { _ in random.next() % 3 == 0 }.map { method in
                "\(method) \(["", "*", "item"][Int(random.next() % 3)])"
            }
            return Self.wanting("\(number)", words)
        }
        let router = router(versions)
        for method in [HTTP.Method.get, .post, .head, .put, .delete] {
            let head = RequestHead(method: method, target: "/items/7", authority: "h")
            let all = try router.routes(head)
            guard all[0].binding != nil else { continue }
            var asked: Set<String> = []
            for route in all + (try (0..<8).map { _ in try router.route(head) }) {
                for node in route.nodes.nodes {
                    asked.insert(node.id)
                    let version = try #require(versions.first { $0.version == node.id })
                    let own = RouteIndex(EndpointRoutes.read(version).rules).binding(of: head)?.rule
                    #expect(route.binding?.rule.body == own?.body, "\(method), version \(node.id)")
                }
            }
            let rule = RouteIndex(EndpointRoutes.read(view.catalog).rules).binding(of: head)?.rule
            #expect(rule?.declarer == .versions(asked))
        }
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
            let even = $0 % 2 == 0 ? [:] : ["subscriber": "true"]
            return Self.version("\($0)", ["Items.N\($0)": ["path": "/n\($0)"], "Items.Even": even])
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
        // Whoever asks who may, asks for this service.
        #expect(router.aim(of: head)?.destination == Destination(service: "billing", endpoint: "Orders.Read"))
    }

    @Test("the service may be registered under either name", arguments: ["billing", "go.micro.api.billing"])
    func names(name: String) throws {
        let route = try router([name]).route(RequestHead(method: .get, target: "/orders/7", authority: "h"))
        #expect(route.destination == Destination(service: name, endpoint: "Orders.Read"))
    }

    @Test func `where nothing is near, nothing is guessed`() throws {
        let error = #expect(throws: GatewayError.self) {
            try router(["completely.different"]).route(RequestHead(method: .get, target: "/orders/7", authority: "h"))
        }
        #expect(error?.report.detail == "this path belongs to service billing, which is not registered")
    }
}
