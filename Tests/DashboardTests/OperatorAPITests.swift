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

    @Test func `routes are added, listed and deleted`() {
        let route = #"{"path":"/user","methods":["POST"],"service":"user","endpoint":"User.Create"}"#
        #expect(rig.request(.post, "/api/routes", body: route).json["data"]?.arrayValue?.count == 1)
        #expect(rig.get("/api/routes").json["data"]?.arrayValue?.first?["endpoint"] == "User.Create")
        #expect(rig.request(.delete, "/api/routes", body: #"{"path":"/user"}"#).status == 200)
        #expect(rig.get("/api/routes").body == #"{"data":[]}"#)
    }

    @Test(
        "what is wrong is told",
        arguments: [
            (Method.post, "/api/limits", #"{"path":"/user","request":1,"window":1}"#, 400, "did you mean requests?"),
            (.post, "/api/limits", "{", 400, "the body is no JSON"),
            (.post, "/api/routes", #"{"path":"user","service":"u"}"#, 400, "does not begin with a slash"),
            (.delete, "/api/routes", #"{"path":"/none"}"#, 404, "no route was declared here"),
            (.delete, "/api/limits", #"{"path":"/none","methods":[]}"#, 400, "has no member methods"),
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
