import Dashboard
import Gateway
import HTTP
import JSON
import Resolvers
import TestSupport
import Testing

/// The document of what can be reached through a gateway.
struct OpenAPITests {
    private static let mucp = ["protocol": "mucp", "server": "mucp", "transport": "http"]

    private func service(
        _ name: String, _ endpoints: [Endpoint], node metadata: [String: String] = Self.mucp, version: String = "1"
    ) -> Service {
        let node = Node(id: "\(name)-\(version)", address: "127.0.0.1:9000", metadata: metadata)
        return Service(name: name, version: version, endpoints: endpoints, nodes: [node])
    }

    private func endpoint(_ name: String, _ metadata: [String: String] = [:]) -> Endpoint {
        Endpoint(
            name: name,
            request: FieldDescription(
                name: "Req", type: "Req",
                fields: [
                    FieldDescription(name: "id", type: "int64"), FieldDescription(name: "name", type: "string"),
                    FieldDescription(name: "tags", type: "[]string"),
                    FieldDescription(
                        name: "inner", type: "Inner", fields: [FieldDescription(name: "flag", type: "bool")]),
                ]),
            response: FieldDescription(
                name: "Rsp", type: "Rsp", fields: [FieldDescription(name: "inner", type: "string")]),
            metadata: metadata)
    }

    private func gateway(
        _ name: String = "api", namespace: String = "go.micro", kind: HandlerKind = .rpc, takesCalls: Bool = false,
        resolver: (any Resolver)? = nil, rules: [RouteRule] = []
    ) -> DocumentedGateway {
        let names = Namespace(configured: namespace, type: "api")
        return DocumentedGateway(
            name: name, url: "http://localhost:8080", kind: kind, isMeta: kind == .rpc,
            resolver: resolver ?? MicroResolver(namespace: names, mode: kind == .rpc ? .rpc : .proxy),
            namespace: "\(names)", takesCalls: takesCalls, routes: Published(RouteIndex(rules)))
    }

    private func document(
        _ services: [Service], _ gateway: DocumentedGateway? = nil, types: KnownTypes? = nil
    ) -> JSONValue {
        let rig = Rig(documented: [gateway ?? self.gateway()], types: types)
        rig.replaceCatalog(generation: 1, services)
        return rig.getSlowly("/api/openapi.json").json
    }

    private func paths(_ document: JSONValue) -> [String] { document["paths"]?.objectValue?.names ?? [] }

    private func omitted(_ document: JSONValue) -> [String] {
        (document["x-micro-omitted"]?.arrayValue ?? []).map { item in
            "\(item["what"]?.stringValue ?? ""): \(item["why"]?.stringValue ?? "")"
        }
    }

    // MARK: Paths of the resolver

    @Test(
        "an endpoint has the shortest path that the resolver takes there",
        arguments: [
            ("go.micro.api.greeter", "Say.Hello", "/greeter/say/hello"),
            ("go.micro.api.greeter", "Greeter.Hello", "/greeter/hello"),
            ("go.micro.api.greeter", "Greeter.Call", "/greeter"),
            ("go.micro.api.greeter", "Greeter.SayHello", "/greeter/sayHello"),
            ("go.micro.api.v1.foo", "Foo.Bar", "/v1/foo/bar"), ("go.micro.api.v1.foo", "Bar.Baz", "/v1/foo/bar/baz"),
            ("go.micro.api.foo.bar", "Baz.Cat", "/foo/bar/baz/cat"),
            ("go.micro.api.x", "Say.HTTP", "/x/say/hTTP"), ("go.micro.api.x", "X_y.Do", "/x/x_y/do"),
            // Nothing leads to these: the last words of a path make the endpoint.
            ("go.micro.srv.greeter", "Say.Hello", nil), ("go.micro.api.x", "say.hello", nil),
            ("go.micro.api.x", "Say", nil),
        ])
    func resolved(service name: String, endpoint: String, path: String?) {
        let document = document([service(name, [self.endpoint(endpoint)])])
        #expect(paths(document) == (path.map { [$0] } ?? []))
        #expect(
            omitted(document) == (path == nil ? ["\(name): no path leads to it in the namespace go.micro.api"] : []))
    }

    @Test func `every path resolves back to what it stands for`() throws {
        let names = ["Say.Hello", "Greeter.Call", "Greeter.Hello", "V1.Call", "A.B"]
        let services = ["greeter", "v1", "v1.greeter", "a.b.c"].map { name in
            service("go.micro.api.\(name)", names.map { endpoint($0) })
        }
        let document = document(services)
        let resolver = MicroResolver(namespace: Namespace(configured: "go.micro", type: "api"), mode: .rpc)
        let items = try #require(document["paths"]?.objectValue)
        // Of the service v1 only its own type is reached: other paths are those of v1.greeter and the like.
        #expect(items.count == names.count * services.count - 4)
        #expect(
            omitted(document) == ["A.B, Greeter.Call, Greeter.Hello, Say.Hello of go.micro.api.v1: no path leads there"]
        )
        for (path, item) in items {
            let destination = try resolver.resolve(RequestHead(target: path))
            #expect(item["post"]?["tags"] == [.string(destination.service)])
            #expect(item["post"]?["summary"] == .string(destination.endpoint))
        }
    }

    @Test func `other ways to an endpoint are told in words`() {
        let document = document([
            service("go.micro.api.greeter", [endpoint("Greeter.Call", ["description": "Greets."])])
        ])
        #expect(
            document["paths"]?["/greeter"]?["get"]?["description"]
                == "Greets.\n\nAlso at /greeter/call and /greeter/greeter/call.")
    }

    @Test func `calls without a body have the message's fields in the query, and others have it in the body`() throws {
        let document = document([service("go.micro.api.x", [endpoint("Say.Hello", ["description": "Greets."])])])
        let item = try #require(document["paths"]?["/x/say/hello"])
        #expect(item.objectValue?.names == ["get", "put", "post", "delete", "patch"])
        let parameters = try #require(item["get"]?["parameters"]?.arrayValue)
        #expect(parameters.map { $0["name"] } == ["id", "name", "tags", "inner.flag"])
        #expect(parameters.allSatisfy { $0["in"] == "query" })
        #expect(parameters[2]["schema"] == ["type": ["array", "null"], "items": ["type": "string"]])
        #expect(item["get"]?["requestBody"] == nil)
        #expect(item["post"]?["parameters"] == nil)
        let body = item["post"]?["requestBody"]?["content"]?["application/json"]?["schema"]
        #expect(body?["properties"]?.objectValue?.names == ["id", "name", "tags", "inner"])
        #expect(item["post"]?["description"] == "Greets.")
        let answers = try #require(item["post"]?["responses"]?.objectValue)
        #expect(answers.names == ["200", "400", "404", "415", "502", "503", "504", "default"])
        #expect(answers["200"]?["content"]?["application/json"]?["schema"]?["title"] == "Rsp")
        #expect(answers["default"] == ["$ref": "#/components/responses/Error"])
    }

    @Test func `streams answer with events and lines`() throws {
        let document = document([service("go.micro.api.x", [endpoint("Say.Many", ["stream": "true"])])])
        let operation = try #require(document["paths"]?["/x/say/many"]?["post"])
        let content = operation["responses"]?["200"]?["content"]?.objectValue
        #expect(content?.names == ["text/event-stream", "application/x-ndjson", "application/json"])
        #expect(operation["responses"]?["406"] == ["$ref": "#/components/responses/NotAcceptable"])
        #expect(
            operation["requestBody"]?["content"]?.objectValue?.names == ["application/json", "application/x-ndjson"])
    }

    @Test func `what cannot be called by a path is left out, and it is said why`() {
        let document = document([
            service("go.micro.api.page", [], node: [:]), service("go.micro.api.silent", []),
            Service(name: "go.micro.api.gone", endpoints: [endpoint("Say.Hello")]),
            service("go.micro.api.topic", [endpoint("Listen", ["subscriber": "true"])]),
        ])
        #expect(paths(document) == [])
        #expect(
            omitted(document) == [
                "go.micro.api.gone: it has no node",
                "go.micro.api.page: it speaks plain HTTP, which the handler does not pass on",
                "go.micro.api.silent: its endpoints are not known", "go.micro.api.topic: its endpoints are not known",
            ])
        let passing = self.document([service("go.micro.api.page", [], node: [:])], gateway(kind: .http))
        #expect(omitted(passing) == ["go.micro.api.page: its paths are its own: requests are passed on as they are"])
    }

    @Test func `versions share their paths, and the first that has an endpoint describes it`() {
        let document = document([
            service("go.micro.api.x", [endpoint("Say.Hello", ["description": "old"])]),
            service(
                "go.micro.api.x", [endpoint("Say.Hello", ["description": "new"]), endpoint("Say.More")], version: "2"),
        ])
        #expect(paths(document) == ["/x/say/hello", "/x/say/more"])
        #expect(document["paths"]?["/x/say/hello"]?["get"]?["description"] == "old")
    }

    // MARK: Types

    @Test func `types that are known exactly are components, and go before what the registry tells`() throws {
        let tree = JSONSchema(
            JSONSchema.reference(to: "shop.Tree"),
            types: [
                "shop.Tree": [
                    "type": "object",
                    "properties": ["left": JSONSchema.reference(to: "shop.Tree"), "weight": ["type": "integer"]],
                ]
            ])
        let other = JSONSchema(JSONSchema.reference(to: "shop.Tree"), types: ["shop.Tree": ["type": "object"]])
        let types = KnownTypes(known: [
            "go.micro.api.shop Trees.Grow": EndpointTypes(request: tree, response: tree, isStream: true),
            "go.micro.api.shop Trees.Told": EndpointTypes(request: other),
        ])
        let document = document([service("go.micro.api.shop", [endpoint("Trees.Grow")])], types: types)
        #expect(paths(document) == ["/shop/trees/grow", "/shop/trees/told"], "one is not registered")
        let operation = try #require(document["paths"]?["/shop/trees/grow"]?["get"])
        #expect(
            operation["parameters"]?.arrayValue?.map { $0["name"] } == ["left.left.weight", "left.weight", "weight"])
        let schemas = try #require(document["components"]?["schemas"]?.objectValue)
        #expect(schemas.names == ["Error", "shop.Tree", "shop.Tree-2"])
        #expect(schemas["shop.Tree"]?["properties"]?["left"] == ["$ref": "#/components/schemas/shop.Tree"])
        let told = document["paths"]?["/shop/trees/told"]?["post"]?["requestBody"]?["content"]?["application/json"]
        #expect(told?["schema"] == ["$ref": "#/components/schemas/shop.Tree-2"])
    }

    @Test func `the record of a service shows the schemas of its endpoints beside what was there`() throws {
        let shop = service("shop", [endpoint("Items.Read"), endpoint("Items.Listen", ["subscriber": "true"])])
        let rig = Rig()
        rig.replaceCatalog(generation: 1, [shop])
        let record = try #require(rig.get("/api/services/shop").json["data"]?.arrayValue?.first)
        #expect(try Service(json: record) == shop)
        let shown = try #require(record["endpoints"]?.arrayValue?.first)
        #expect(
            shown.objectValue?.names == ["name", "request", "response", "metadata", "requestSchema", "responseSchema"])
        #expect(shown["requestSchema"]?["$schema"] == "https://json-schema.org/draft/2020-12/schema")
        #expect(shown["requestSchema"]?["properties"]?["name"] == ["type": "string"])
        let types = KnownTypes(known: [
            "shop Items.Read": EndpointTypes(request: JSONSchema(["type": "object", "title": "T"]))
        ])
        let exact = Rig(types: types)
        exact.replaceCatalog(generation: 1, [shop])
        let other = exact.getSlowly("/api/services/shop").json["data"]?.arrayValue?.first?["endpoints"]?.arrayValue?
            .first
        #expect(other?["requestSchema"]?["title"] == "T")
        #expect(other?["responseSchema"]?["title"] == "Rsp")
        #expect(other?["request"] == shown["request"])
    }

    // MARK: Declared routes

    private func rule(
        _ path: String, _ methods: [HTTP.Method] = [.get], hosts: [String] = [], kind: HandlerKind = .rpc,
        body: RouteRule.Body = .merged, answer: RouteRule.AnswerField? = nil, of service: String = "shop"
    ) throws -> RouteRule {
        RouteRule(
            on: try RouteRule.Condition(path: path, methods: methods, hosts: try hosts.map { try HostPattern($0) }),
            kind: kind, services: [service], endpoint: "Items.Read", body: body, answer: answer, origin: "the test")
    }

    @Test(
        "a template becomes a path with parameters",
        arguments: [
            ("/v1/items", "/v1/items", []), ("/v1/items/{id}", "/v1/items/{id}", ["id"]),
            ("/v1/{name=shelves/*}", "/v1/shelves/{name}", ["name"]),
            ("/v1/{name=a/*/b/*}:go", "/v1/a/{name}/b/{name_2}:go", ["name", "name_2"]),
            ("/v1/{name=**}", "/v1/{name}", ["name"]),
            ("/v1/*/{inner.flag}", "/v1/{segment}/{inner.flag}", ["segment", "inner.flag"]),
        ])
    func templates(template: String, path: String, names: [String]) throws {
        let document = document([service("shop", [endpoint("Items.Read")])], gateway(rules: [try rule(template)]))
        #expect(paths(document) == [path])
        let operation = try #require(document["paths"]?[path]?["get"])
        let parameters = operation["parameters"]?.arrayValue ?? []
        #expect(parameters.filter { $0["in"] == "path" }.compactMap { $0["name"]?.stringValue } == names)
        #expect(parameters.filter { $0["in"] == "path" }.allSatisfy { $0["required"] == true })
        let queried = parameters.filter { $0["in"] == "query" }.compactMap { $0["name"]?.stringValue }
        #expect(Set(queried).isDisjoint(with: names))
        #expect(operation["description"] == "Declared by the test.")
    }

    @Test func `paths that differ only in the names of their parameters are one path`() throws {
        let rules = [try rule("/v1/{id}"), try rule("/v1/{name}", [.delete])]
        let document = document([service("shop", [endpoint("Items.Read")])], gateway(rules: rules))
        #expect(paths(document) == ["/v1/{id}"])
        let parameter = document["paths"]?["/v1/{id}"]?["delete"]?["parameters"]?.arrayValue?.first
        #expect(parameter?["name"] == "id")
        #expect(parameter?["description"] == "The field name.")
        #expect(
            document["paths"]?["/v1/{id}"]?["get"]?["parameters"]?.arrayValue?.first?["schema"]?["format"] == "int64")
    }

    @Test func `bodies and answers are as declared`() throws {
        let answer = RouteRule.AnswerField(names: ["inner"], absent: "null")
        let rules = [
            try rule("/a/{id}", [.put], body: .field("inner"), answer: answer), try rule("/b", [.post], body: .message),
            try rule("/c", [.post], body: .ignored), try rule("/d", []),
        ]
        let document = document([service("shop", [endpoint("Items.Read")])], gateway(rules: rules))
        let put = try #require(document["paths"]?["/a/{id}"]?["put"])
        #expect(put["requestBody"]?["content"]?["application/json"]?["schema"]?["title"] == "Inner")
        #expect(put["parameters"]?.arrayValue?.map { $0["name"] } == ["id", "name", "tags"])
        #expect(put["responses"]?["200"]?["content"]?["application/json"]?["schema"] == ["type": "string"])
        let message = try #require(document["paths"]?["/b"]?["post"])
        #expect(message["requestBody"] != nil && message["parameters"] == nil)
        let query = try #require(document["paths"]?["/c"]?["post"])
        #expect(query["requestBody"] == nil && query["parameters"] != nil)
        #expect(document["paths"]?["/d"]?.objectValue?.names == ["get", "put", "post", "delete", "patch"])
    }

    @Test func `bodies and answers that are bytes may be of any type`() throws {
        let rules = [
            RouteRule(
                on: try RouteRule.Condition(path: "/raw/{id}", methods: [.put]), services: ["shop"],
                endpoint: "Items.Read", body: .bytes(field: nil, inPieces: false), answersBytes: true,
                origin: "the test"),
            try rule("/field/{id}", [.put], body: .bytes(field: "inner", inPieces: false)),
        ]
        let document = document([service("shop", [endpoint("Items.Read")])], gateway(rules: rules))
        let raw = try #require(document["paths"]?["/raw/{id}"]?["put"])
        #expect(raw["requestBody"]?["content"] == ["*/*": [:]])
        #expect(raw["parameters"]?.arrayValue?.map { $0["name"] } == ["id"], "the query is not looked at")
        #expect(raw["responses"]?.objectValue?.names == ["default"])
        let field = try #require(document["paths"]?["/field/{id}"]?["put"])
        #expect(field["requestBody"]?["content"] == ["*/*": [:]])
        #expect(field["parameters"]?.arrayValue?.map { $0["name"] } == ["id", "name", "tags"])
        #expect(field["responses"]?["200"] != nil)
    }

    @Test func `a declared route takes a path away from the resolver, but only with its own method`() throws {
        let taken = try rule("/x/say/hello", [.get])
        let services = [service("go.micro.api.x", [endpoint("Say.Hello")]), service("shop", [endpoint("Items.Read")])]
        let document = document(services, gateway(rules: [taken]))
        #expect(document["paths"]?["/x/say/hello"]?["get"]?["tags"] == ["shop"])
        #expect(document["paths"]?["/x/say/hello"]?["post"]?["tags"] == ["go.micro.api.x"])
        let alone = self.document([services[0]], gateway(rules: [taken]))
        #expect(alone["paths"]?["/x/say/hello"]?["get"]?["tags"] == ["go.micro.api.x"])
        #expect(omitted(alone) == ["GET /x/say/hello of the test: its service is not registered"])
    }

    @Test func `routes for hosts have servers of their own, and what OpenAPI cannot say is left out`() throws {
        let rules = [
            try rule("/a", hosts: ["shop.example.com", "*.example.org"]), try rule("/a"), try rule("^/x[0-9]+$"),
            try rule("/passed", kind: .http), try rule("/web", kind: .web, of: "page"),
        ]
        let document = document(
            [service("shop", [endpoint("Items.Read")]), service("page", [], node: [:])], gateway(rules: rules))
        #expect(paths(document) == ["/a", "/web"])
        let servers = try #require(document["paths"]?["/a"]?["get"]?["servers"]?.arrayValue)
        #expect(servers.map { $0["url"] } == ["http://shop.example.com:8080", "http://{name}.example.org:8080"])
        #expect(servers[1]["variables"]?["name"]?["default"] == "www")
        #expect(document["paths"]?["/web"]?["get"]?["responses"]?.objectValue?.names == ["default"])
        #expect(
            omitted(document).prefix(3) == [
                "GET /a of the test: it differs from another in its hosts only, which OpenAPI cannot tell apart",
                "GET ^/x[0-9]+$ of the test: its path is a regular expression, which OpenAPI cannot write",
                "GET /passed of the test: its service has no node that the handler http can ask",
            ])
    }

    // MARK: The whole

    @Test func `names of operations are unique, and the same catalog makes the same document`() throws {
        let services = ["a", "a-b", "a_b", "ä"].map { name in
            service("go.micro.api.\(name)", [endpoint("Say.Hello"), endpoint("Say.Bye")])
        }
        let rules = [try rule("/1", of: "go.micro.api.a"), try rule("/2", of: "go.micro.api.a")]
        let first = document(services, gateway(rules: rules))
        #expect(first.text() == document(services.reversed(), gateway(rules: rules)).text())
        let names = (first["paths"]?.objectValue ?? [:]).flatMap { item in
            (item.value.objectValue ?? [:]).compactMap { $0.value["operationId"]?.stringValue }
        }
        #expect(names.count == 42)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 && $0 > 0x2c } })
    }

    @Test func `each gateway has a document of its own`() throws {
        let gateways = [gateway(takesCalls: true), gateway("shops", namespace: "com.example")]
        let rig = Rig(documented: gateways)
        rig.replaceCatalog(
            generation: 1,
            ["go.micro.api.a", "com.example.api.b"].map { service($0, [endpoint("Say.Hello")]) })
        #expect(paths(rig.get("/api/openapi.json").json) == ["/a/say/hello", "/rpc"])
        #expect(paths(rig.get("/api/openapi.json?gateway=api").json) == ["/a/say/hello", "/rpc"])
        let other = rig.get("/api/openapi.json?gateway=shops")
        #expect(paths(other.json) == ["/b/say/hello"])
        #expect(other.json["info"]?["title"] == "Services in com.example.api")
        #expect(other.json["servers"] == [["url": "http://localhost:8080"]])
        #expect(other.field("Content-Type") == "application/json")
        let unknown = rig.get("/api/openapi.json?gateway=nobody")
        #expect(unknown.status == 404)
        #expect(unknown.detail == "there is no gateway nobody in this program; it has api, shops")
        #expect(
            Rig().get("/api/openapi.json").detail == "there is no gateway in this program, and so nothing to describe")
        let refused = rig.request(.post, "/api/openapi.json")
        #expect(refused.status == 405)
        #expect(refused.field("Allow") == "GET, HEAD, OPTIONS")
    }
}
