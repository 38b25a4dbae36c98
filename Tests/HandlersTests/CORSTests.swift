import Bytes
import Gateway
import HTTP
import Handlers
import TestSupport
import Testing

/// Answers like a node that has a policy of its own.
private final class OpinionatedHandler: Handler {
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        if exchange.request.path == "/missing" { throw GatewayError(.notFound, "there is nothing here") }
        var fields = HeaderFields()
        fields.append(name: "Access-Control-Allow-Origin", value: "https://node.example")
        fields.append(name: "access-control-allow-credentials", value: "true")
        fields.append(name: "Access-Control-Expose-Headers", value: "X-Total")
        fields.append(.vary, "Accept")
        var body = ByteBuffer("\(exchange.request.method)")
        try await exchange.respond(.ok, fields, body: &body)
    }
}

struct CORSTests {
    private func ask(
        _ method: HTTP.Method = .get, _ path: String = "/a", origin: String?, _ allowed: [String] = [],
        extra: [(String, String)] = [], fields: [String] = [], authority: String = "api.example"
    ) -> ScriptedExchange {
        let loop = ManualEventLoop()
        let stage = Stage(loop: loop) {
            CORSHandler(OriginPolicy(allowed: allowed), fields: fields, next: OpinionatedHandler())
        }
        var head = RequestHead(method: method, target: path, authority: authority)
        if let origin { head.fields.append(.origin, origin) }
        for (name, value) in extra { head.fields.append(name: name, value: value) }
        let scripted = ScriptedExchange(head, on: loop)
        stage.play(scripted)
        return scripted
    }

    private func allowed(_ scripted: ScriptedExchange) -> [String] {
        scripted.head?.fields.values(named: "Access-Control-Allow-Origin") ?? []
    }

    private func credentials(_ scripted: ScriptedExchange) -> [String] {
        scripted.head?.fields.values(named: "Access-Control-Allow-Credentials") ?? []
    }

    private static let app = "https://app.example"
    /// What the node says when the gateway says nothing.
    private static let node = "https://node.example"

    /// Q23.
    @Test(
        "an origin is allowed when it is listed, exactly, and never another with cookies",
        arguments: [
            ("https://app.example", [app], [app], true, true),
            ("HTTPS://APP.example", [app], ["HTTPS://APP.example"], true, true),
            ("https://app.example.evil.example", [app], [node], true, true),
            ("https://evil.example", [app], [node], true, true),
            ("http://app.example", [app], [node], true, true), ("https://app.example:8443", [app], [node], true, true),
            ("null", [app], [node], true, true), ("null", ["*"], ["*"], false, false), ("null", [], [node], true, true),
            ("https://any.example", ["*"], ["*"], false, false),
            ("https://any.example", ["*", app], ["*"], false, true),
            ("https://app.example", ["*", app], [app], true, true),
            // Without a list: pages of the machine that the browser runs on, without cookies.
            ("http://localhost:3000", [], ["http://localhost:3000"], false, true),
            ("http://127.0.0.1:8082", [], ["http://127.0.0.1:8082"], false, true),
            ("http://[::1]:8082", [], ["http://[::1]:8082"], false, true),
            ("http://app.localhost", [], ["http://app.localhost"], false, true),
            ("http://localhost.evil.example", [], [node], true, true),
            ("http://127.0.0.1.evil.example", [], [node], true, true),
            ("http://localhost:3000/x", [], [node], true, true), ("file://localhost", [], [node], true, true),
            ("http://localhost:3000", [app], [node], true, true), ("https://evil.example", [], [node], true, true),
        ] as [(String, [String], [String], Bool, Bool)])
    func origins(origin: String, list: [String], expected: [String], credentials: Bool, varies: Bool) {
        let answer = ask(origin: origin, list)
        #expect(allowed(answer) == expected)
        #expect(self.credentials(answer) == (credentials ? ["true"] : []))
        #expect(answer.head?.fields.hasToken("origin", in: .vary) == varies)
    }

    @Test func `a request of no page is answered as it is, and caches learn that others are answered otherwise`() {
        #expect(allowed(ask(origin: nil)) == [Self.node])
        #expect(ask(origin: nil).head?.fields.hasToken("origin", in: .vary) == false)
        #expect(ask(origin: nil, [Self.app]).head?.fields.hasToken("origin", in: .vary) == true)
        #expect(allowed(ask(origin: nil, [Self.app])) == [Self.node])
        #expect(allowed(ask(origin: nil, ["*"])) == ["*"])
    }

    @Test func `two origins are none`() {
        let answer = ask(origin: Self.app, [Self.app], extra: [("Origin", Self.app)])
        #expect(allowed(answer) == [Self.node])
    }

    @Test func `names that the node exposes are exposed, and so is the outcome of gRPC-Web`() {
        let values = ask(origin: Self.app, [Self.app]).head?.fields.values(named: "Access-Control-Expose-Headers") ?? []
        #expect(values.count == 1)
        for name in ["Grpc-Status", "Grpc-Message", "X-Total"] { #expect(values[0].contains(name)) }
        #expect(ask(origin: Self.app, [Self.app]).head?.fields.values(.vary) == ["Accept", "Origin"])
    }

    /// C3 and C203.
    @Test func `a preflight is answered by the gateway`() {
        let answer = ask(
            .options, origin: Self.app, [Self.app],
            extra: [
                ("Access-Control-Request-Method", "PATCH"),
                (
                    "Access-Control-Request-Headers",
                    "content-type,authorization, x-grpc-web,micro-trace-id,timeout,x-tenant,x-app-a,x-other,bad name"
                ),
            ], fields: ["X-Tenant", "X-App-*"])
        let fields = answer.head?.fields ?? HeaderFields()
        #expect(answer.head?.status == .ok)
        #expect(answer.body == "")
        #expect(allowed(answer) == [Self.app])
        #expect(fields["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        #expect(
            fields["Access-Control-Allow-Headers"]
                == "content-type, authorization, x-grpc-web, micro-trace-id, timeout, x-tenant, x-app-a")
        #expect(fields["Access-Control-Max-Age"] == "600")
        #expect(
            fields.values(.vary) == ["Origin, Access-Control-Request-Method, Access-Control-Request-Headers"])
    }

    /// Q24.
    @Test func `every other OPTIONS is for whoever is asked`() {
        #expect(ask(.options, origin: nil).body == "OPTIONS")
        #expect(ask(.options, origin: Self.app, [Self.app]).body == "OPTIONS")
        #expect(allowed(ask(.options, origin: Self.app, [Self.app])) == [Self.app])
        let stranger = ask(
            .options, origin: "https://evil.example", [Self.app], extra: [("Access-Control-Request-Method", "POST")])
        #expect(stranger.body == "OPTIONS")
        #expect(allowed(stranger) == [Self.node])
        #expect(
            ask(.get, origin: Self.app, [Self.app], extra: [("Access-Control-Request-Method", "POST")]).body == "GET")
    }

    @Test func `with a star, any field may be sent`() {
        let answer = ask(
            .options, origin: "https://a.example", ["*"],
            extra: [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "x-any")],
            fields: ["*"])
        #expect(answer.head?.fields["Access-Control-Allow-Headers"] == "x-any")
        #expect(allowed(answer) == ["*"])
        #expect(credentials(answer) == [])
    }

    @Test func `what is granted belongs to the exchange, so that errors carry it too`() {
        let answer = ask(path: "/missing")
        #expect(answer.failure?.status == .notFound)
        #expect(answer.exchange.crossOrigin?.origin == Self.app)
    }

    private func ask(path: String) -> ScriptedExchange { ask(.get, path, origin: Self.app, [Self.app]) }
}
