import Gateway
import HTTP
import JSON
import TestSupport
import Testing

/// Who may use the dashboard, once there are accounts.
struct AccessTests {
    private static let rules = [
        AccessRule(id: "a", scope: .scope("admin"), resource: .init(name: "*", endpoint: "*")),
        AccessRule(id: "b", scope: .everyone, resource: .init(name: "go.micro.web", endpoint: "/services")),
    ]
    private static let admin = ("Authorization", "Bearer go.micro:root:admin")
    private static let user = ("Authorization", "Bearer go.micro:joe:user")

    private func ask(
        _ target: String, _ fields: [(String, String)] = [], method: Method = .get, body: String = "",
        isPeerLoopback: Bool = true, loginURL: String? = nil
    ) -> ScriptedExchange {
        Rig(rules: Self.rules, loginURL: loginURL)
            .request(method, target, fields, body: body, isPeerLoopback: isPeerLoopback)
    }

    @Test(
        "everything is for those who may",
        arguments: [
            ("/", 200), ("/app.js", 200), ("/api/status", 200), ("/api/services", 200), ("/client", 200),
            ("/service/a", 404), ("/api/nothing", 404),
        ])
    func isClosed(target: String, status: Int) {
        #expect(ask(target).status == 401)
        #expect(ask(target, [Self.user]).status == 403)
        #expect(ask(target, [Self.admin]).status == status)
    }

    @Test("the health of the program is for everyone", arguments: ["/healthz", "/readyz"])
    func showsHealth(target: String) {
        #expect(ask(target).status == 200)
    }

    @Test func `a refusal has a challenge, in the form of the dashboard's errors`() {
        let answer = ask("/api/status")
        #expect(answer.field("WWW-Authenticate") == "Bearer realm=\"micro\"")
        #expect(answer.detail?.hasPrefix("unauthorized request: send a token") == true)
        #expect(answer.field("Cache-Control") == "no-store")
    }

    @Test func `an account may come from another machine, and nobody else`() {
        #expect(ask("/services", isPeerLoopback: true).status == 200)
        // The rules let everyone see it, but that is no reason to show it to strangers elsewhere.
        #expect(ask("/services", isPeerLoopback: false).status == 403)
        #expect(ask("/services", [Self.admin], isPeerLoopback: false).status == 200)
        #expect(ask("/api/status", [Self.admin], isPeerLoopback: false).status == 200)
    }

    @Test func `an account does not let pages of other sites call anything`() {
        let foreign = [Self.admin, ("Origin", "https://evil.example")]
        #expect(ask("/api/services", foreign, method: .post, body: "{}").status == 403)
        #expect(ask("/rpc", foreign, method: .post, body: "{}").status == 403)
    }

    @Test func `calls are left to the rules for the service that they are for`() {
        #expect(ask("/rpc", [Self.user], method: .post, body: "{}").status == 200)
        #expect(ask("/rpc", method: .post, body: "{}").status == 200)
        #expect(ask("/rpc", method: .post, body: "{}", isPeerLoopback: false).status == 403)
    }

    @Test func `people are sent to log in, and data is refused`() {
        let page = ask("/client?a=b", loginURL: "/account/login")
        #expect(page.status == 307)
        #expect(page.field("Location") == "/account/login?redirect_to=%2Fclient%3Fa%3Db")
        #expect(ask("/api/status", loginURL: "/account/login").status == 401)
        #expect(ask("/client", [("Accept", "application/json")], loginURL: "/account/login").status == 401)
    }

    @Test func `pages say who is logged in, and where one may be`() {
        let page = ask("/services", [Self.admin], loginURL: "/account/login")
        #expect(page.body.contains("<a href=\"/account/login\">Account</a> · Logged in as: root"))
        #expect(ask("/services", loginURL: "/account/login").body.contains("<a href=\"/account/login\">Login</a>"))
        let status = ask("/api/status", [Self.admin], loginURL: "/account/login").json["data"]
        #expect(status?["account"] == "root" && status?["login"] == "/account/login")
    }
}
