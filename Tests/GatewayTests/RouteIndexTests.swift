import Gateway
import HTTP
import Testing

struct RouteIndexTests {
    private func rule(
        _ path: String, _ methods: [Method] = [], hosts: [String] = [], origin: String
    ) throws -> RouteRule {
        RouteRule(
            on: try RouteRule.Condition(path: path, methods: methods, hosts: hosts.map { try HostPattern($0) }),
            services: ["s"], endpoint: "E.\(origin)", origin: origin)
    }

    private func head(_ method: Method, _ target: String, host: String = "localhost") -> RequestHead {
        RequestHead(method: method, target: target, authority: host)
    }

    @Test(arguments: [
        ("example.com", "exact"), ("EXAMPLE.com:8080", "exact"), ("a.example.com", "below"),
        ("x.y.example.com", "below"), ("b.a.example.com", "deeper"), ("notexample.com", "any"), ("localhost", "any"),
    ])
    func `the route for the host goes before one for its domain, and that before one for all`(
        host: String, winner: String
    ) throws {
        let index = RouteIndex([
            try rule("/x", origin: "any"), try rule("/x", hosts: ["*.example.com"], origin: "below"),
            try rule("/x", hosts: ["*.a.example.com"], origin: "deeper"),
            try rule("/x", hosts: ["example.com"], origin: "exact"),
        ])
        #expect(index.binding(of: head(.get, "/x", host: host))?.rule.origin == winner)
    }

    @Test func `a path that the host's own routes do not have is looked for among those of every host`() throws {
        let index = RouteIndex([
            try rule("/x", hosts: ["example.com"], origin: "host"), try rule("/y", origin: "any"),
        ])
        #expect(index.binding(of: head(.get, "/y", host: "example.com"))?.rule.origin == "any")
        #expect(index.binding(of: head(.get, "/x", host: "other.com")) == nil)
    }

    /// L04.
    @Test func `of two rules for the same requests the first one wins, and the other is told to be shadowed`() throws {
        let index = RouteIndex([
            try rule("/a/{b}", [.get], origin: "first"), try rule("/a/{c}", [.get, .post], origin: "second"),
        ])
        #expect(index.binding(of: head(.get, "/a/1"))?.rule.origin == "first")
        #expect(index.binding(of: head(.post, "/a/1"))?.rule.origin == "second")
        #expect(index.shadowed.map(\.rule.origin) == ["second"])
        #expect(index.methods(for: head(.put, "/a/1")) == ["GET", "HEAD", "POST"])
    }

    @Test func `no methods are all methods`() throws {
        let index = RouteIndex([try rule("/a", origin: "all")])
        for method in [Method.get, .post, .delete, .options] {
            #expect(index.binding(of: head(method, "/a"))?.rule.origin == "all")
        }
    }
}

struct EndpointRoutesTests {
    private func service(_ endpoints: [String: [String: String]]) -> Service {
        Service(
            name: "go.micro.api.items",
            endpoints: endpoints.map { Endpoint(name: $0.key, metadata: $0.value) })
    }

    @Test func `the flat encoding has lists with commas`() throws {
        let found = EndpointRoutes.read(
            service([
                "Items.Read": [
                    "path": "/items/{id}, /things/{id}", "method": "GET,HEAD", "host": "example.com", "handler": "api",
                ]
            ]))
        #expect(found.warnings.isEmpty)
        #expect(found.rules.map(\.condition.text) == ["/items/{id}", "/things/{id}"])
        let rule = try #require(found.rules.first)
        #expect(rule.kind == .api && rule.endpoint == "Items.Read" && rule.services == ["go.micro.api.items"])
        #expect(rule.condition.methods == [.get, .head] && rule.condition.hosts == [.exact("example.com")])
        #expect(rule.body == .merged)
    }

    @Test func `the encoding in JSON keeps bodies and commas`() throws {
        let text = """
            [{"path": ["/a,b/{id}"], "method": ["POST"], "body": "item", "response_body": "result"}, \
            {"path": "/all", "body": "*", "stream": true}]
            """
        let found = EndpointRoutes.read(service(["Items.Write": ["routes": text]]))
        #expect(found.warnings.isEmpty)
        #expect(found.rules.map(\.condition.text) == ["/a,b/{id}", "/all"])
        #expect(found.rules.map(\.body) == [.field("item"), .message])
        #expect(found.rules.map(\.isStream) == [false, true])
        #expect(found.rules[0].answer == .init(names: ["result"], absent: "null"))
    }

    @Test(arguments: [
        (["path": "/a/{b"], "has no }"), (["path": "/a", "method": "GE T"], "no method of HTTP"),
        (["path": "/a", "host": "exa mple"], "is no host"), (["routes": "{}"], "no JSON array"),
        (["path": "relative"], "does not begin with a slash"),
    ])
    func `what is wrong is left out and told`(metadata: [String: String], words: String) {
        let found = EndpointRoutes.read(service(["Items.Read": metadata]))
        #expect(found.rules.isEmpty)
        #expect(found.warnings.count == 1)
        #expect(found.warnings[0].contains("Items.Read"))
        #expect(found.warnings[0].contains(words), "\(found.warnings[0])")
    }

    @Test(arguments: ["weird", "registry", "broker"])
    func `a handler that no service can ask for is rpc, with a warning`(word: String) {
        let found = EndpointRoutes.read(service(["Items.Read": ["path": "/a", "handler": word]]))
        #expect(found.rules.map(\.kind) == [.rpc])
        #expect(found.warnings.count == 1)
    }

    @Test func `versions that declare the same share one rule`() {
        var second = service(["A.B": ["path": "/a"]])
        second.version = "2"
        let catalog = Catalog(generation: 1, services: [service(["A.B": ["path": "/a"]]), second])
        #expect(EndpointRoutes.read(catalog).rules.count == 1)
    }
}
