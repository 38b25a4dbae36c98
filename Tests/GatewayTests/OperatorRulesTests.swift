import Gateway
import HTTP
import JSON
import TestSupport
import Testing

struct OperatorRulesTests {
    private func route(_ text: String) throws -> OperatorRoute { try OperatorRoute(json: JSONParser.parse(text)) }

    private func rules(_ routes: String...) throws -> OperatorRules {
        try routes.reduce(OperatorRules()) { try $0.applying(.addRoute(route($1))) }
    }

    private func change(_ text: String) throws -> OperatorChange { try .deletingRoutes(JSONParser.parse(text)) }

    @Test(
        "the service of a route is looked for as given, and then in the namespace",
        arguments: [
            (#"{"path":"/user","service":"user"}"#, ["user"]),
            (#"{"path":"/user","service":"user","namespace":""}"#, ["user"]),
            (#"{"path":"/user","service":"user","namespace":"go.micro.api"}"#, ["user", "go.micro.api.user"]),
            (#"{"path":"/user","service":"a.user","namespace":"a"}"#, ["a.user"]),
            (#"{"path":"/news","handler":"event"}"#, []),
        ])
    func services(text: String, services: [String]) throws { #expect(try route(text).rule.services == services) }

    @Test(
        "a literal beginning of the path can be taken off",
        arguments: [
            ("/shop/**", "/shop"), ("/shop", "/shop"), ("/a/b/{id}", "/a"), ("/a/b/{id}", "/a/b"),
            ("/v1/{name=shelves/*}", "/v1/shelves"), ("/shop/", "/shop"), ("/a/b:go", "/a"),
        ])
    func prefixes(path: String, prefix: String) throws {
        let text = #"{"path":"\#(path)","handler":"http","service":"s","stripPrefix":"\#(prefix)"}"#
        let route = try route(text)
        #expect(route.rule.strippedPrefix?.description == prefix)
        #expect(route.json["stripPrefix"] == .string(prefix))
        #expect(try OperatorRoute(json: route.json) == route)
    }

    @Test(
        "what cannot be taken off is refused, with what can be",
        arguments: [
            ("/s/**", "http", "/t", "/t is no beginning of the path /s/** that can be taken off: write /s"),
            ("/s/**", "web", "/s/", "/s/ is no beginning of the path /s/** that can be taken off: write /s"),
            ("/a/b/*", "proxy", "/", "/ is no beginning of the path /a/b/* that can be taken off: write /a or /a/b"),
            ("/a/*", "http", "", "nothing is no beginning of the path /a/* that can be taken off: write /a"),
            ("/a/b:go", "http", "/a/b", "/a/b is no beginning of the path /a/b:go that can be taken off: write /a"),
            (
                "/{id}/b", "http", "/b",
                "the path /{id}/b has no literal beginning that can be taken off, such as that of /shop/**"
            ),
            (
                "^/shop/.*$", "http", "/shop",
                "a regular expression has no beginning that can be taken off: write the path as a template, such as"
                    + " /shop/**"
            ),
            (
                "/shop/**", "rpc", "/shop",
                "only what is passed on has a path of which something can be taken off: with handler http, proxy or web,"
                    + " and this route has rpc"
            ),
        ])
    func wrongPrefixes(path: String, handler: String, prefix: String, sentence: String) throws {
        let text = #"{"path":"\#(path)","handler":"\#(handler)","service":"s","stripPrefix":"\#(prefix)"}"#
        let refusal = #expect(throws: OperatorRefusal.self) { try route(text) }
        #expect(refusal?.sentence == "the prefix to strip is wrong: \(sentence)")
    }

    @Test func `routes that were kept before anything could be taken off are read`() throws {
        let route =
            #"{"path":"/s","handler":"http","service":"s","methods":[],"hosts":[],"endpoint":"","stream":false}"#
        let old = #"{"version":1,"routes":[\#(route)],"limits":[]}"#
        #expect(try OperatorRules(json: JSONParser.parse(old)).routes.map(\.strippedPrefix) == [nil])
    }

    @Test func `a service within the namespace is called by the same endpoint`() throws {
        let rule = try route(#"{"path":"/u","service":"user","namespace":"a","endpoint":"User.Call"}"#).rule
        let catalog = Catalog(
            generation: 1,
            services: [Service(name: "a.user", version: "1", nodes: [Node(id: "1", address: "127.0.0.1:1")])])
        #expect(rule.destination(in: catalog) == Destination(service: "a.user", endpoint: "User.Call"))
    }

    @Test(
        "what is wrong with a route is told with the nearest word",
        arguments: [
            (#"[]"#, "a route is an object in JSON"),
            (#"{"path":"/u","service":"u","metods":[]}"#, "a route has no member metods; did you mean methods?"),
            (#"{"service":"u"}"#, "a route needs a path, such as /user"),
            (#"{"path":"/u"}"#, "a route with handler rpc needs a service, such as user-service"),
            (#"{"path":"/u","service":"u","methods":["post"]}"#, "post is no method, such as POST"),
            (#"{"path":"/u","service":7}"#, "service of a route is a text"),
        ])
    func wrong(text: String, sentence: String) throws {
        let json = try JSONParser.parse(text)
        let refusal = #expect(throws: OperatorRefusal.self) { try OperatorRoute(json: json) }
        #expect(refusal?.sentence == sentence)
        #expect(refusal?.status == .badRequest)
    }

    @Test func `a misspelt handler is told the right one`() throws {
        let refusal = #expect(throws: OperatorRefusal.self) {
            try route(#"{"path":"/u","service":"u","handler":"brokr"}"#)
        }
        #expect(refusal?.sentence.hasSuffix("; did you mean broker?") == true)
    }

    @Test func `the same route replaces the old one, and one that could get nothing is refused`() throws {
        let first = #"{"path":"/u","service":"one","methods":["GET","POST"]}"#
        let again = #"{"path":"/u","service":"two","methods":["GET","POST"]}"#
        #expect(try rules(first, again).routes.map(\.service) == ["two"])
        let refusal = #expect(throws: OperatorRefusal.self) {
            try rules(first, #"{"path":"/u","service":"two","methods":["POST"]}"#)
        }
        #expect(refusal?.status == .conflict)
        #expect(refusal?.sentence.contains("GET,POST /u") == true)
        #expect(try rules(first, #"{"path":"/u","service":"two","methods":["PUT"]}"#).routes.count == 2)
    }

    @Test func `methods are taken out of a route, and the last takes the route along`() throws {
        let all = try rules(#"{"path":"/u","service":"u","methods":["GET","POST"]}"#)
        let rest = try all.applying(change(#"{"path":"/u","methods":["POST"]}"#))
        #expect(rest.routes.map(\.condition.methods) == [[.get]])
        #expect(try rest.applying(change(#"{"path":"/u","methods":["GET"]}"#)).routes == [])
        #expect(try all.applying(change(#"{"path":"/u"}"#)).routes == [])
        let other = #expect(throws: OperatorRefusal.self) {
            try rest.applying(change(#"{"path":"/u","methods":["PUT"]}"#))
        }
        #expect(other?.status == .notFound)
    }

    @Test(
        "a route is deleted by its methods and hosts, and others of its path stay",
        arguments: [
            (#""methods":["GET"]"#, ["any b.example/u", "any /u"]),
            (#""hosts":["a.example"]"#, ["any b.example/u", "any /u", "GET /u"]),
            (#""hosts":["b.example"]"#, ["GET a.example/u", "any /u", "GET /u"]),
            (#""methods":["*"]"#, ["GET a.example/u", "GET /u"]),
            (#""hosts":["*"]"#, ["GET a.example/u", "any b.example/u"]),
            (#""methods":["*"],"hosts":["*"]"#, ["GET a.example/u", "any b.example/u", "GET /u"]),
            (#""methods":["GET"],"hosts":["*"]"#, ["GET a.example/u", "any b.example/u", "any /u"]),
            (#""methods":["GET"],"hosts":["a.example","c.example"]"#, ["any b.example/u", "any /u", "GET /u"]),
            (#""methods":[],"hosts":[]"#, []),
        ])
    func selection(members: String, rest: [String]) throws {
        let all = try rules(
            #"{"path":"/u","service":"u","methods":["GET"],"hosts":["a.example"]}"#,
            #"{"path":"/u","service":"u","hosts":["b.example"]}"#, #"{"path":"/u","service":"u","methods":["*"]}"#,
            #"{"path":"/u","service":"u","methods":["GET"],"hosts":["*"]}"#)
        #expect(try all.applying(change("{\"path\":\"/u\",\(members)}")).routes.map { "\($0.condition)" } == rest)
    }

    @Test func `of a route for several methods and hosts, what is not meant stays`() throws {
        let all = try rules(#"{"path":"/u","service":"u","methods":["GET","POST"],"hosts":["a.example","b.example"]}"#)
        let rest = try all.applying(change(#"{"path":"/u","methods":["GET"],"hosts":["a.example"]}"#))
        #expect(rest.routes.map { "\($0.condition)" } == ["POST a.example,b.example/u", "GET b.example/u"])
        #expect(rest.routes.allSatisfy { $0.service == "u" })
        #expect(try OperatorRules(json: rest.json) == rest)
    }

    @Test func `methods and hosts that no route of the path has are told the ones that there are`() throws {
        let all = try rules(
            #"{"path":"/u","service":"u","methods":["GET"],"hosts":["a.example"]}"#, #"{"path":"/u","service":"u"}"#)
        for members in [#""methods":["PUT"]"#, #""hosts":["c.example"]"#, #""methods":["*"],"hosts":["a.example"]"#] {
            let refusal = #expect(throws: OperatorRefusal.self) {
                try all.applying(change("{\"path\":\"/u\",\(members)}"))
            }
            #expect(refusal?.status == .notFound)
            #expect(refusal?.sentence.hasSuffix("there is GET a.example/u; any /u") == true)
        }
        #expect(throws: OperatorRefusal("* stands for all hosts, and so alone")) {
            try change(#"{"path":"/u","hosts":["*","a.example"]}"#)
        }
    }

    @Test func `what is not there cannot be deleted, and the nearest path is told`() throws {
        let refusal = #expect(throws: OperatorRefusal.self) {
            try rules(#"{"path":"/user","service":"u"}"#).applying(change(#"{"path":"/usr"}"#))
        }
        #expect(refusal?.status == .notFound)
        #expect(refusal?.sentence.hasSuffix("did you mean /user?") == true)
        #expect(throws: OperatorRefusal(.notFound, "no limit was declared here for the path /u")) {
            try OperatorRules().applying(.deleteLimits(RouteSelection(path: "/u")))
        }
    }

    @Test func `a limit replaces that of its path, and the same paths have but one`() throws {
        var rules = try OperatorRules().applying(.setLimit(RateLimit(path: "/{a}", requests: 1, window: 1)))
        rules = try rules.applying(.setLimit(RateLimit(path: "/{a}", requests: 2, window: 1)))
        #expect(rules.limits.map(\.requests) == [2])
        #expect(throws: OperatorRefusal.self) {
            try rules.applying(.setLimit(RateLimit(path: "/{b}", requests: 1, window: 1)))
        }
        #expect(try rules.applying(.deleteLimits(RouteSelection(path: "/{a}"))).limits == [])
    }

    private func limits(_ limits: RateLimit...) throws -> OperatorRules {
        try limits.reduce(OperatorRules()) { try $0.applying(.setLimit($1)) }
    }

    @Test func `limits of one path differ in methods and hosts, and none takes all that another counts`() throws {
        let any = try RateLimit(path: "/u", requests: 9, window: 1)
        let post = try RateLimit(path: "/u", methods: [.post], requests: 1, window: 1)
        let host = try RateLimit(path: "/u", hosts: ["a.example"], requests: 1, window: 1)
        let rules = try limits(any, post, host)
        #expect(rules.limits.map(\.name) == ["/u", "POST /u", "any a.example/u"])
        let both = try RateLimit(path: "/u", methods: [.get, .post], requests: 1, window: 1)
        #expect(
            throws: OperatorRefusal(
                .conflict,
                "requests for this already have a limit: POST /u; delete it first, with micro api delete limit --path=/u"
                    + " --method=POST --host=any")
        ) { try rules.applying(.setLimit(both)) }
    }

    @Test(
        "a limit is deleted by its methods and hosts, as a route is, and others of its path stay",
        arguments: [
            (#""methods":["POST"]"#, ["/u", "GET b.example,c.example/u"]),
            (#""methods":["*"]"#, ["POST /u", "GET b.example,c.example/u"]),
            (#""methods":["GET"],"hosts":["b.example"]"#, ["/u", "POST /u", "GET c.example/u"]),
            (#""hosts":["*"],"methods":[]"#, ["GET b.example,c.example/u"]), (#""hosts":[]"#, []),
        ])
    func limitSelection(members: String, rest: [String]) throws {
        let all = try limits(
            RateLimit(path: "/u", requests: 9, window: 1),
            RateLimit(path: "/u", methods: [.post], requests: 1, window: 1),
            RateLimit(path: "/u", methods: [.get], hosts: ["b.example", "c.example"], requests: 1, window: 1))
        let change = try OperatorChange.deletingLimits(JSONParser.parse("{\"path\":\"/u\",\(members)}"))
        #expect(try all.applying(change).limits.map(\.name) == rest)
        let other = try OperatorChange.deletingLimits(JSONParser.parse(#"{"path":"/u","methods":["PUT"]}"#))
        let refusal = #expect(throws: OperatorRefusal.self) { try all.applying(other) }
        #expect(
            refusal?.sentence == "no limit of this path is for such a method and host; there is any /u; POST /u;"
                + " GET b.example,c.example/u")
    }

    @Test func `limits are kept with methods and hosts, and those that were kept before are read`() throws {
        let rules = try limits(
            RateLimit(path: "/u", requests: 9, window: 1),
            RateLimit(path: "/u", methods: [.post], hosts: ["*.example"], requests: 1, window: 1))
        #expect(
            rules.json["limits"]?.text()
                == #"[{"path":"/u","requests":9,"window":1},{"path":"/u","methods":["POST"],"hosts":["*.example"],"#
                + #""requests":1,"window":1}]"#)
        #expect(try OperatorRules(json: JSONParser.parse(rules.json.text())) == rules)
        let old = #"{"version":1,"routes":[],"limits":[{"path":"/u","requests":5,"window":7}]}"#
        #expect(
            try OperatorRules(json: JSONParser.parse(old)).limits == [RateLimit(path: "/u", requests: 5, window: 7)])
    }

    @Test func `there are no more than a thousand limits`() throws {
        var rules = OperatorRules()
        rules.limits = try (0..<1_000).map { try RateLimit(path: "/\($0)", requests: 1, window: 1) }
        #expect(throws: OperatorRefusal.self) {
            try rules.applying(.setLimit(RateLimit(path: "/new", requests: 1, window: 1)))
        }
        _ = try rules.applying(.setLimit(RateLimit(path: "/7", requests: 5, window: 1)))
    }

    @Test func `what was kept is read again, but not another version's`() throws {
        var rules = try rules(
            #"{"path":"/u/{id}","service":"u","namespace":"a","endpoint":"U.R","methods":["GET"],"stream":true}"#,
            #"{"path":"/news","handler":"event","hosts":["*.example.com"]}"#)
        rules = try rules.applying(.setLimit(RateLimit(path: "/u", requests: 5, window: 7)))
        #expect(try OperatorRules(json: JSONParser.parse(rules.json.text())) == rules)
        #expect(throws: OperatorRefusal.self) { try OperatorRules(json: ["version": 2]) }
        #expect(throws: OperatorRefusal.self) { try OperatorRules(json: ["version": 1, "rotes": []]) }
    }
}
