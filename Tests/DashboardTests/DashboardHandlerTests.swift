import Dashboard
import Gateway
import HTTP
import JSON
import TestSupport
import Testing

struct DashboardHandlerTests {
    @Test(
        "the page is served to be shown and not to be kept, by both its names and that of Micro v2",
        arguments: ["/", "/index.html", "/client"])
    func page(path: String) throws {
        let file = try #require(PublicFile.embedded["index.html"])
        let answer = Rig().get(path)
        #expect(answer.status == 200)
        #expect(answer.field("Content-Type") == "text/html; charset=utf-8")
        #expect(answer.field("Cache-Control") == "no-store")
        #expect(answer.field("ETag") == nil)
        let parts = String(decoding: file.bytes, as: UTF8.self).split(separator: "{{token}}")
        #expect(parts.count == 2)
        #expect(answer.body.hasPrefix(parts[0]) && answer.body.hasSuffix(parts[1]))
    }

    @Test(
        "the files are served with their types",
        arguments: [
            ("/app.css", "text/css; charset=utf-8", "app.css"), ("/app.js", "text/javascript; charset=utf-8", "app.js"),
            ("/icon.svg", "image/svg+xml", "icon.svg"), ("/favicon.ico", "image/svg+xml", "icon.svg"),
        ])
    func files(path: String, type: String, name: String) throws {
        let file = try #require(PublicFile.embedded[name])
        let answer = Rig().get(path)
        #expect(answer.status == 200)
        #expect(answer.field("Content-Type") == type)
        #expect(answer.field("Cache-Control") == "no-cache")
        #expect(answer.body == String(decoding: file.bytes, as: UTF8.self))
    }

    @Test(
        "every answer of the dashboard's own carries the fields that bind browsers",
        arguments: ["/", "/api/status", "/nowhere"])
    func fields(path: String) {
        let answer = Rig().get(path)
        #expect(
            answer.field("Content-Security-Policy")
                == "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
        #expect(answer.field("X-Content-Type-Options") == "nosniff")
        #expect(answer.field("Referrer-Policy") == "no-referrer")
        #expect(answer.field("X-Frame-Options") == "DENY")
        #expect(answer.field("Cross-Origin-Opener-Policy") == "same-origin")
    }

    @Test func `who has the file already is told that it has not changed`() throws {
        let rig = Rig()
        let tag = try #require(rig.get("/app.js").field("ETag"))
        for value in [tag, "W/\(tag)", "*", "\"other\", \(tag)"] {
            let answer = rig.get("/app.js", [("If-None-Match", value)])
            #expect(answer.status == 304)
            #expect(answer.field("ETag") == tag)
            #expect(answer.body == "")
            #expect(answer.isEnded)
        }
        #expect(rig.get("/app.js", [("If-None-Match", "\"other\"")]).status == 200)
    }

    @Test func `HEAD tells the length, and sends nothing`() throws {
        let answer = Rig().request(.head, "/app.css")
        #expect(answer.status == 200)
        #expect(answer.framing == .length(try #require(PublicFile.embedded["app.css"]).bytes.count))
        #expect(answer.body == "")
    }

    @Test(
        "other methods are refused, and the right ones named",
        arguments: [
            ("/", "GET, HEAD"), ("/app.js", "GET, HEAD"), ("/api/status", "GET, HEAD"), ("/api/events", "GET, HEAD"),
            ("/api/services/x", "GET, HEAD"), ("/healthz", "GET, HEAD"), ("/api/services", "GET, HEAD, POST, DELETE"),
        ])
    func methods(path: String, allowed: String) {
        let answer = Rig().request(.put, path)
        #expect(answer.status == 405)
        #expect(answer.field("Allow") == "\(allowed), OPTIONS")
    }

    @Test func `what is not there is a page for people and JSON for programs`() {
        let rig = Rig()
        let page = rig.get("/<b>", [("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")])
        #expect(page.status == 404)
        #expect(page.field("Content-Type") == "text/html; charset=utf-8")
        #expect(page.body.contains("&lt;b&gt;") && !page.body.contains("<b>"))
        for accept in ["*/*", "application/json", "application/json, text/html"] {
            let answer = rig.get("/nowhere", [("Accept", accept)])
            #expect(answer.field("Content-Type") == "application/json")
            #expect(answer.json["error"]?["code"] == 404)
        }
        #expect(rig.get("/api/nothing", [("Accept", "text/html")]).field("Content-Type") == "application/json")
    }

    @Test func `calls are handed on, whatever their method`() {
        let rig = Rig()
        #expect(rig.request(.post, "/rpc", body: "{}").body == "POST {}")
        #expect(rig.get("/rpc").body == "GET ")
        #expect(rig.get("/rpc/").status == 404)
    }

    @Test(
        "nothing but the health checks is answered for a foreign host or client",
        arguments: ["/", "/app.js", "/api/status", "/api/services", "/api/events", "/rpc", "/nowhere"])
    func refused(path: String) {
        let rig = Rig()
        let rebound = rig.request(.get, path, host: "127.0.0.1:8082.evil.test")
        #expect(rebound.status == 421)
        #expect(rebound.detail?.contains("--insecure_dashboard") == true)
        #expect(rig.request(.get, path, isPeerLoopback: false).status == 403)
    }

    @Test(
        "a proxy on this machine does not make its clients local",
        arguments: ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
    func proxied(field: String) {
        #expect(Rig().get("/api/status", [(field, "192.0.2.1")]).status == 403)
    }

    @Test("pages of other sites can neither call nor register", arguments: ["/rpc", "/api/services"])
    func crossSite(path: String) {
        let rig = Rig(policy: AccessPolicy(isInsecure: true))
        #expect(rig.request(.post, path, [("Origin", "http://evil.test")], body: "{}").status == 403)
        #expect(rig.request(.post, path, [("Sec-Fetch-Site", "same-site")], body: "{}").status == 403)
        #expect(rig.registrar.calls.isEmpty)
    }

    @Test func `health is told to everyone`() {
        let waiting = Rig(unreadiness: "the registry has not answered yet")
        for isPeerLoopback in [true, false] {
            let alive = waiting.request(.get, "/healthz", host: "10.0.0.1", isPeerLoopback: isPeerLoopback)
            #expect(alive.status == 200)
            #expect(alive.body == "ok\n")
            let ready = waiting.request(.get, "/readyz", host: "10.0.0.1", isPeerLoopback: isPeerLoopback)
            #expect(ready.status == 503)
            #expect(ready.body == "the registry has not answered yet\n")
        }
        #expect(Rig().get("/readyz").body == "ready\n")
    }
}
