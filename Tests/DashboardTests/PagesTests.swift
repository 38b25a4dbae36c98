import Gateway
import HTTP
import JSON
import TestSupport
import Testing

@testable import Dashboard

/// The pages of Micro v2, and their data.
struct PagesTests {
    private static func web(_ label: String, icon: String? = nil) -> Service {
        Service(
            name: "go.micro.web.\(label)",
            nodes: [Node(id: "\(label)-1", address: "10.0.0.1:80", metadata: icon.map { ["icon": $0] } ?? [:])])
    }

    private static func rig(_ services: [Service], insecure: Bool = false) -> Rig {
        let rig = Rig(policy: AccessPolicy(isInsecure: insecure))
        rig.replaceCatalog(generation: 1, services)
        return rig
    }

    private static let foo = Service(
        name: "go.micro.api.foo", version: "1.2",
        endpoints: [
            Endpoint(
                name: "Foo.Bar", request: FieldDescription(name: "Request", type: "Request"),
                response: FieldDescription(
                    name: "Response", type: "Response",
                    fields: [
                        FieldDescription(name: "statusCode", type: "int32"),
                        FieldDescription(
                            name: "header", type: "Pair", fields: [FieldDescription(name: "Key", type: "string")]),
                    ]),
                metadata: ["stream": "true"])
        ], nodes: [Node(id: "foo-1", address: "10.0.0.2:90", metadata: ["b": "2", "a": "1"])])

    @Test func `the list has a link for each service, sorted`() {
        let answer = Self.rig([Self.web("shop"), Self.foo]).get("/services")
        #expect(answer.status == 200)
        #expect(answer.field("Content-Type") == "text/html; charset=utf-8")
        let links = answer.body.split(separator: "href=\"service/").dropFirst().map { String($0.prefix { $0 != "\"" }) }
        #expect(links == ["go.micro.api.foo", "go.micro.web.shop"])
        #expect(Self.rig([]).get("/services").body.contains("No service is registered yet"))
    }

    @Test(
        "who asks for JSON gets it, in the way of Micro v2 and in that of HTTP",
        arguments: [
            ("Content-Type", "application/json", true), ("Content-Type", "application/json; charset=utf-8", true),
            ("Accept", "application/json", true), ("Accept", "application/json, text/html;q=0.5", true),
            ("Accept", "text/html,application/json;q=0.9", false), ("Accept", "*/*", false),
            ("Content-Type", "text/plain", false),
        ])
    func data(name: String, value: String, isJSON: Bool) {
        let rig = Self.rig([Self.foo])
        for path in ["/services", "/client", "/service/go.micro.api.foo"] {
            let answer = rig.get(path, [(name, value)])
            #expect(answer.status == 200)
            #expect((answer.field("Content-Type") == "application/json") == isJSON)
            guard isJSON else { continue }
            #expect(answer.json == .object(["services": .array([Self.foo.json])]))
        }
    }

    @Test func `a service has its nodes and the types of its endpoints`() {
        let page = Self.rig([Self.foo]).get("/service/go.micro.api.foo").body
        #expect(page.contains("Version: 1.2"))
        let cells = page.split(separator: "<td role=\"cell\" ").dropFirst().map { $0.prefix { $0 != "<" } }
        #expect(
            cells == [
                "data-heading=\"Id\">foo-1", "data-heading=\"Address\">10.0.0.2:90", "data-heading=\"Metadata\">a=1, b=2",
            ])
        #expect(page.contains("<summary>Foo.Bar</summary>"))
        #expect(page.contains("<pre>stream=true</pre>"))
        #expect(page.contains("<pre>{}</pre>"))
        #expect(page.contains("<pre>{\n\tstatus_code int32\n\theader Pair {\n\t\tkey string\n\t}\n}</pre>"))
    }

    @Test func `an unknown service is not found, and near names are told`() {
        let answer = Self.rig([Self.foo]).get("/service/go.micro.api.fooo")
        #expect(answer.status == 404)
        #expect(answer.detail?.contains("go.micro.api.foo") == true)
    }

    @Test func `nothing that a service says becomes a part of the page`() {
        let evil = "\"><script>alert('1')</script>&"
        let service = Service(
            name: evil, version: evil, endpoints: [Endpoint(name: evil, metadata: [evil: evil])],
            nodes: [Node(id: evil, address: evil, metadata: [evil: evil, "icon": "javascript:alert(1)"])])
        let rig = Self.rig([service, Self.web("shop", icon: evil)])
        for path in ["/services", "/service/\(PercentEncoding.encode(evil))"] {
            let answer = rig.get(path)
            #expect(answer.status == 200)
            #expect(!answer.body.contains("<script"))
            #expect(!answer.body.contains("alert('"))
            #expect(answer.body.contains("&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;"))
            #expect(answer.field("Content-Security-Policy") == Answer.contentSecurityPolicy)
        }
    }

    @Test(
        "other forms of the paths lead to the right ones",
        arguments: [
            ("/services/", "../services"), ("/client/", "../client"), ("/service", "services"),
            ("/service/a/?b", "../a?b"), ("//services", "/services"), ("/x/../client", "/client"),
        ])
    func forms(path: String, location: String) {
        let answer = Self.rig([]).get(path)
        #expect(answer.status == 308)
        #expect(answer.field("Location") == location)
    }

    @Test func `OPTIONS tells what may be done, and lets no other site do it`() {
        let answer = Self.rig([]).request(.options, "/", [("Origin", "http://localhost:8082")])
        #expect(answer.status == 200)
        #expect(answer.body == "")
        #expect(answer.field("Allow") == "GET, HEAD, OPTIONS")
        #expect(answer.field("Access-Control-Allow-Origin") == nil)
    }

    // MARK: Web applications

    @Test func `the applications of the namespace are listed, with short names in capitals`() {
        let rig = Self.rig(
            [Self.web("shop", icon: "/img/logo.png"), Self.web("m6o"), Self.web("b.a"), Self.foo, Self.web("rpc")])
        let answer = rig.get("/api/apps").json
        #expect(answer["generation"] == .integer(1))
        let applications = answer["data"]?.arrayValue ?? []
        #expect(applications.compactMap { $0["title"]?.stringValue } == ["M6O", "Rpc", "Shop"])
        #expect(applications.compactMap { $0["url"]?.stringValue } == ["m6o/", "rpc/", "shop/"])
        #expect(applications.map { $0["icon"]?.stringValue } == [nil, nil, "shop/img/logo.png"])
        #expect(applications.map { $0["shadowed"] } == [.bool(false), .bool(true), .bool(false)])
        let page = rig.get("/services").body
        #expect(page.contains("<a class=\"app\" href=\"shop/\">"))
        #expect(page.contains("so go.micro.web.rpc cannot be opened here"))
    }

    @Test(
        "only pictures of the application's own are shown",
        arguments: [
            ("logo.png", "shop/logo.png"), ("/a/logo.svg", "shop/a/logo.svg"), ("https://elsewhere.test/a.png", nil),
            ("//elsewhere.test/a.png", nil), ("../rpc", nil), ("/a/../../rpc", nil), ("a%2e%2e/rpc", nil),
            ("javascript:alert(1)", nil), ("data:image/png;base64,AA", nil), ("a b.png", nil), ("", nil), ("/", nil),
            (#"\\elsewhere.test\a"#, nil), (String(repeating: "a", count: 257), nil),
        ] as [(String, String?)])
    func icons(icon: String, shown: String?) {
        let applications = Self.rig([Self.web("shop", icon: icon)]).get("/api/apps").json["data"]?.arrayValue
        #expect(applications?.first?["icon"]?.stringValue == shown)
    }

    @Test func `what is neither a page nor a file is a web service's`() {
        let rig = Self.rig([Self.web("shop"), Self.web("client")])
        #expect(rig.get("/shop/a?b").body == "application /shop/a")
        #expect(rig.request(.options, "/shop/a").body == "application /shop/a")
        #expect(rig.get("/app.js").body.hasPrefix("//"))
        #expect(rig.get("/client/x").status == 404)
    }

    @Test func `a failure of an application is a page for people and JSON for programs`() {
        let rig = Self.rig([])
        let answer = rig.get("/fail")
        #expect(answer.status == 503)
        #expect(answer.field("Retry-After") == "1")
        #expect(answer.json["error"]?["detail"] == "no nodes")
        let page = rig.get("/fail", [("Accept", "text/html,*/*;q=0.8")])
        #expect(page.field("Content-Type") == "text/html; charset=utf-8")
        #expect(page.body.contains("<p>no nodes</p>"))
        #expect(page.exchange.lateFailure?.code == .noNodes)
    }

    @Test(
        "the page of an error looks like the others, and leads back however deep it is",
        arguments: [("/nowhere", ""), ("/nowhere/", "../"), ("/fail/a/b", "../../"), ("/service/nothing", "../")])
    func errorPage(path: String, root: String) {
        let page = Self.rig([]).get(path, [("Accept", "text/html")]).body
        #expect(page.contains("<link rel=\"stylesheet\" href=\"\(root)app.css\">"))
        #expect(page.contains("<a href=\"\(root)./\">"))
    }

    @Test func `who may not use the dashboard is not led to it`() {
        let page = Self.rig([]).request(.get, "/", host: "evil.example", [("Accept", "text/html")])
        #expect(page.status == 421)
        #expect(page.body.contains("<h1>421 "))
        #expect(!page.body.contains("href="))
    }

    // MARK: Who may do what

    @Test func `applications are for those who may use the dashboard`() {
        let closed = Self.rig([])
        #expect(closed.request(.get, "/shop/", isPeerLoopback: false).status == 403)
        #expect(closed.request(.get, "/shop/", host: "shop.evil.test").status == 421)
        #expect(closed.request(.post, "/shop/", [("Origin", "http://evil.test")]).status == 403)
        let open = Self.rig([], insecure: true)
        #expect(open.request(.get, "/shop/", isPeerLoopback: false).status == 200)
        #expect(open.request(.post, "/shop/", [("Origin", "http://shop.example")]).status == 200)
    }

    /// What stands in the page for its token.
    private static func token(in page: String) -> String {
        let parts = page.split(separator: "<meta name=\"micro-token\" content=\"")
        return parts.count == 2 ? String(parts[1].prefix { $0 != "\"" }) : "none"
    }

    @Test func `a browser needs the token of the page to call and to register, other programs need none`() {
        let rig = Self.rig([])
        let page = rig.get("/", [("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Mode", "navigate")])
        let token = Self.token(in: page.body)
        #expect(token.count == 32)
        #expect(page.field("Cache-Control") == "no-store")
        let own = ("Origin", "http://localhost:8082")
        for path in ["/rpc", "/api/services"] {
            for fields in [
                [own], [("Sec-Fetch-Site", "same-origin")], [own, ("X-Micro-Token", String(token.reversed()))],
            ] {
                let refused = rig.request(.post, path, fields, body: "{}")
                #expect(refused.status == 403)
                #expect(refused.detail?.contains("load it again") == true)
            }
        }
        #expect(rig.request(.post, "/rpc", [own, ("X-Micro-Token", token)], body: "{}").body == "POST {}")
        #expect(rig.request(.post, "/rpc", body: "{}").body == "POST {}")
        #expect(rig.registrar.calls.isEmpty)
    }

    @Test(
        "a script that fetches the page finds no token in it",
        arguments: [
            [("Sec-Fetch-Dest", "empty"), ("Sec-Fetch-Mode", "cors")], [("Sec-Fetch-Dest", "iframe")],
            [("Sec-Fetch-Dest", "object"), ("Sec-Fetch-Mode", "navigate")], [("Sec-Fetch-Mode", "same-origin")],
            [("Sec-Fetch-Dest", "script")],
        ])
    func fetched(fields: [(String, String)]) {
        let rig = Self.rig([])
        for path in ["/", "/client", "/index.html"] {
            #expect(Self.token(in: rig.get(path, fields).body) == "")
        }
    }
}
