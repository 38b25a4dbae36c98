import Gateway
import HTTP
import JSON
import Synchronization
import TestSupport
import Testing

struct OperatorAPITests {
    private let rig = Rig(operators: MemoryRecords())

    @Test func `limits are set, listed and deleted`() {
        let limit = #"{"path":"/user","requests":100,"window":60}"#
        #expect(rig.request(.post, "/api/limits", body: limit).body == #"{"data":[\#(limit)]}"#)
        #expect(rig.get("/api/limits").body == #"{"data":[\#(limit)]}"#)
        #expect(rig.request(.delete, "/api/limits", body: #"{"path":"/user"}"#).body == #"{"data":[]}"#)
        #expect(rig.get("/api/limits").body == #"{"data":[]}"#)
    }

    @Test func `limits of one path are told apart by methods and hosts`() {
        let (any, post) = (
            #"{"path":"/u","requests":9,"window":60}"#,
            #"{"path":"/u","methods":["POST"],"hosts":["a.example"],"requests":1,"window":60}"#
        )
        for limit in [any, post] {
            #expect(rig.request(.post, "/api/limits", body: limit).body == #"{"data":[\#(limit)]}"#)
        }
        let deletion = #"{"path":"/u","methods":["POST"],"hosts":["a.example"]}"#
        #expect(rig.request(.delete, "/api/limits", body: deletion).status == 200)
        #expect(rig.get("/api/limits").body == #"{"data":[\#(any)]}"#)
        #expect(rig.request(.delete, "/api/limits", body: deletion).status == 404)
    }

    @Test func `routes are added, listed and deleted`() {
        let route = #"{"path":"/user","methods":["POST"],"service":"user","endpoint":"User.Create"}"#
        #expect(rig.request(.post, "/api/routes", body: route).json["data"]?.arrayValue?.count == 1)
        #expect(rig.get("/api/routes").json["data"]?.arrayValue?.first?["endpoint"] == "User.Create")
        #expect(rig.request(.delete, "/api/routes", body: #"{"path":"/user"}"#).status == 200)
        #expect(rig.get("/api/routes").json["data"] == [])
    }

    /// Two of the configuration file and one of a service, beside those of the operator.
    private static func known() throws -> RouteListing {
        let file = try ["/v1/a", "/v1/a"].map { path in
            RouteRule(
                on: try RouteRule.Condition(path: path, methods: [.get], hosts: [HostPattern("a.example")]),
                services: ["a", "go.micro.api.a"], endpoint: "A.Read", origin: "configuration file micro.yaml:3")
        }
        let service = RouteRule(
            on: try RouteRule.Condition(path: "/v2/b"), services: ["b"], endpoint: "B.Call",
            origin: "service b, endpoint B.Call")
        return RouteListing(
            [(.configurationFile, file), (.registry, [service])], shadowed: RouteIndex(file).shadowed)
    }

    @Test func `all routes are listed with their origins, the ones that go first first`() throws {
        let rig = Rig(operators: MemoryRecords(beside: try Self.known()))
        _ = rig.request(.post, "/api/routes", body: #"{"path":"/user","service":"user","endpoint":"User.Create"}"#)
        let answer = rig.get("/api/routes").json
        let routes = answer["routes"]?.arrayValue ?? []
        #expect(routes.map { $0["path"] } == ["/user", "/v1/a", "/v1/a", "/v2/b"])
        #expect(routes.map { $0["source"] } == ["operator", "file", "file", "registry"])
        #expect(
            routes.dropFirst().first?.text()
                == #"{"path":"/v1/a","methods":["GET"],"hosts":["a.example"],"handler":"rpc","service":"a","#
                + #""services":["a","go.micro.api.a"],"endpoint":"A.Read","stream":false,"source":"file","#
                + #""origin":"configuration file micro.yaml:3"}"#)
        #expect(routes[2]["yieldsTo"] == ["configuration file micro.yaml:3"])
        #expect((answer["total"], answer["omitted"]) == (4, 0))
        // Who reads what operators have declared finds that and nothing else.
        #expect(answer["data"]?.arrayValue?.map { $0["path"] } == ["/user"])
    }

    @Test(
        "fewer can be asked for",
        arguments: [
            ("?origin=registry", ["/v2/b"]), ("?path=/v1", ["/v1/a", "/v1/a"]), ("?path=/v1&origin=registry", []),
            ("?origin=reflection", []), ("?path=%2Fv2%2F", ["/v2/b"]),
        ])
    func filters(query: String, paths: [JSONValue]) throws {
        let rig = Rig(operators: MemoryRecords(beside: try Self.known()))
        let answer = rig.get("/api/routes\(query)").json
        #expect(answer["routes"]?.arrayValue?.map { $0["path"] ?? .null } == paths)
        #expect(answer["total"] == .integer(paths.count))
    }

    @Test(
        "a wrong question is told the right words",
        arguments: [
            ("?origin=registri", "; did you mean registry?"), ("?origin=Registry", "; did you mean registry?"),
            ("?form=x", "form is no parameter of a list of routes; it has origin and path"),
            ("?path=%zz", "path is not percent-encoded UTF-8"),
        ])
    func wrongQuestion(query: String, end: String) {
        let answer = rig.get("/api/routes\(query)")
        #expect(answer.status == 400)
        #expect(answer.detail?.hasSuffix(end) == true, "\(answer.body)")
    }

    @Test func `no more than a thousand are told at once, and how many are left out`() throws {
        let many = try (0..<1_500).map { number in
            RouteRule(on: try RouteRule.Condition(path: "/r/\(number)"), services: ["r"], origin: "service r")
        }
        let rig = Rig(operators: MemoryRecords(beside: RouteListing([(.registry, many)])))
        let answer = rig.getSlowly("/api/routes").json
        #expect(answer["routes"]?.arrayValue?.count == 1_000)
        #expect((answer["total"], answer["omitted"]) == (1_500, 500))
        let few = rig.getSlowly("/api/routes?path=/r/149").json
        #expect((few["total"], few["omitted"]) == (11, 0))
    }

    @Test(
        "a route of somebody else is not deleted, and it is told whose it is and what to do",
        arguments: [
            (
                #"{"path":"/v1/a"}"#, 409,
                "the route GET a.example/v1/a was not declared by micro api add route, but by configuration file"
                    + " micro.yaml:3: change it there, and start micro again"
            ),
            (
                #"{"path":"/v2/b","methods":["*"]}"#, 409,
                "the route any /v2/b was not declared by micro api add route, but by service b, endpoint B.Call: change"
                    + " the metadata of that endpoint, which the service registers"
            ),
            (#"{"path":"/v1/a","methods":["PUT"]}"#, 404, "no route was declared here for the path /v1/a"),
        ])
    func foreign(body: String, status: Int, sentence: String) throws {
        let rig = Rig(operators: MemoryRecords(beside: try Self.known()))
        let answer = rig.request(.delete, "/api/routes", body: body)
        #expect(answer.status == status)
        #expect(answer.detail == sentence)
    }

    @Test(
        "what is wrong is told",
        arguments: [
            (Method.post, "/api/limits", #"{"path":"/user","request":1,"window":1}"#, 400, "did you mean requests?"),
            (.post, "/api/limits", "{", 400, "the body is no JSON"),
            (.post, "/api/routes", #"{"path":"user","service":"u"}"#, 400, "does not begin with a slash"),
            (.delete, "/api/routes", #"{"path":"/none"}"#, 404, "no route was declared here"),
            (.delete, "/api/limits", #"{"path":"/none","method":[]}"#, 400, "did you mean methods?"),
            (.put, "/api/limits", "{}", 405, "GET, HEAD, POST, DELETE"),
        ])
    func wrong(method: Method, path: String, body: String, status: Int, part: String) {
        let answer = rig.request(method, path, body: body)
        #expect(answer.status == status)
        #expect(answer.detail?.contains(part) == true, "\(answer.body)")
    }

    @Test func `a declaration that is too long is refused`() {
        let body = #"{"path":"/\#(String(repeating: "a", count: 70_000))"}"#
        #expect(rig.request(.post, "/api/limits", body: body).status == 413)
    }

    @Test func `other machines and pages of other sites may not declare anything`() {
        let limit = #"{"path":"/user","requests":100,"window":60}"#
        #expect(rig.request(.post, "/api/limits", body: limit, isPeerLoopback: false).status == 403)
        let page = [("Origin", "https://evil.example")]
        #expect(rig.request(.post, "/api/limits", page, body: limit).status == 403)
        #expect(rig.get("/api/limits").body == #"{"data":[]}"#)
    }

    @Test func `a program without a gateway has nothing to declare for`() {
        #expect(Rig().get("/api/routes").status == 501)
    }
}

/// Keeps them for as long as it lives.
final class MemoryRecords: OperatorRecords {
    private let rules = Mutex(OperatorRules())
    private let others: RouteListing

    /// - Parameter others: Routes that were not declared by operators. Default none.
    init(beside others: RouteListing = RouteListing()) { self.others = others }

    var listing: RouteListing {
        RouteListing([(.operatorCommand, current.routes.map(\.rule))] + others.sections, shadowed: others.shadowed)
    }

    var current: OperatorRules { rules.withLock { $0 } }

    nonisolated(nonsending) func apply(
        _ change: OperatorChange, knowing catalog: Catalog
    ) async -> Result<OperatorRules, OperatorRefusal> {
        let old = current
        let result = Result { () throws(OperatorRefusal) in try old.applying(change) }
        if case .success(let new) = result { rules.withLock { $0 = new } }
        return result
    }
}
