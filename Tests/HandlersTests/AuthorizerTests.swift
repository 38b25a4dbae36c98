import Bytes
import Gateway
import HTTP
import Handlers
import Reactor
import TestSupport
import Testing

@Suite("Authorizer")
struct AuthorizerTests {
    /// Says that it was reached.
    private final class Reached: RouteHandler {
        nonisolated(nonsending) func handle(_ exchange: Exchange, over route: Route) async throws(GatewayError) {
            let token = exchange.request.fields[.authorization] ?? "nothing"
            try await exchange.respond(.ok, contentType: "text/plain", text: token)
        }
    }

    private static let everyAccount = [AccessRule(id: "a", scope: .accounts, resource: .init(name: "*", endpoint: "*"))]

    /// Where explanations are taken to.
    private final class Explained: @unchecked Sendable {
        var explanation: Explanation?
    }

    private func answer(
        _ fields: [(String, String)] = [], method: Method = .get, target: String = "/foo/bar?x=1",
        rules: [AccessRule] = everyAccount, kind: HandlerKind = .rpc, loginURL: String? = nil,
        servesPages: Bool = false, origins: [String] = [], knowsAtOnce: Bool = true, answers: Bool = true,
        by rule: RouteRule? = nil, explained: Explained? = nil
    ) -> ScriptedExchange {
        var head = RequestHead(method: method, target: target)
        for (name, value) in fields { head.fields.append(name: name, value: value) }
        let asked = head
        let loop = ManualEventLoop()
        let exchange = ScriptedExchange(head, on: loop)
        let stage = Stage(loop: loop) {
            let provider = ScriptedProvider(rules, knowsAtOnce: knowsAtOnce, answers: answers)
            var configuration = Authorizer.Configuration()
            (configuration.loginURL, configuration.servesPages) = (loginURL, servesPages)
            let authorizer = Authorizer(
                provider, namespace: .fixed("go.micro.api"), common: .fixed("go.micro"),
                origins: OriginPolicy(allowed: origins), configuration: configuration)
            let routing = RoutingHandler(
                router: OneRoute(kind: kind, by: rule), always: Reached(), authorizer: authorizer)
            explained?.explanation = routing.explain(asked, body: [])
            return routing
        }
        stage.play(exchange)
        return exchange
    }

    private static let bearer = ("Authorization", "Bearer go.micro:joe:user")
    private static let cookie = ("Cookie", "micro-token=go.micro:joe:user")

    @Test("Whoever is not known is told how to become so")
    func challenges() {
        let failure = answer().failure
        #expect(failure?.code == .unauthorized)
        #expect(failure?.challenge == "Bearer realm=\"micro\"")
        #expect(failure?.report.detail.hasPrefix("unauthorized request: send a token as Authorization: Bearer") == true)
    }

    @Test(
        "A token that is not good is told apart from none",
        arguments: [
            ("Bearer nonsense", "the token is none"), ("Bearer evil:joe:user", "the token is for another namespace"),
        ])
    func explainsBadTokens(field: String, reason: String) {
        let failure = answer([("Authorization", field), ("Micro-Namespace", "evil")]).failure
        #expect(failure?.code == .unauthorized)
        #expect(
            failure?.challenge == "Bearer realm=\"micro\", error=\"invalid_token\", error_description=\"\(reason)\"")
    }

    @Test("A good token leads on, and comes from a cookie as well", arguments: [bearer, cookie])
    func letsPass(field: (String, String)) {
        let answer = answer([field])
        #expect(answer.head?.status == .ok)
        #expect(answer.body == "Bearer go.micro:joe:user")
        #expect(answer.exchange.account?.id == "joe")
    }

    @Test("Who may not is told so, and the operator is told why")
    func forbids() {
        let rule = AccessRule(id: "admins", scope: .scope("admin"), resource: .init(name: "*", endpoint: "*"))
        let failure = answer([Self.bearer], rules: [rule]).failure
        #expect(failure?.code == .forbidden)
        #expect(failure?.report.detail == "forbidden request: the account joe may not do this")
        #expect(failure?.detail == "the account joe of go.micro was refused: no rule grants it")
        #expect(failure?.challenge == "Bearer realm=\"micro\", error=\"insufficient_scope\"")
    }

    @Test("What is not known yet is learnt first, and nobody passes while that fails")
    func learns() {
        #expect(answer([Self.bearer], knowsAtOnce: false).head?.status == .ok)
        #expect(answer([Self.bearer], knowsAtOnce: false, answers: false).failure?.code == .noNodes)
        #expect(answer(knowsAtOnce: false, answers: false).failure?.code == .noNodes)
    }

    @Test(
        "The rules are asked for endpoint or path, as the handler has it",
        arguments: [(HandlerKind.rpc, "Foo.Bar"), (.api, "Foo.Bar"), (.http, "/foo/*"), (.web, "/foo/bar")])
    func asksForTheTarget(kind: HandlerKind, endpoint: String) {
        let right = AccessRule(id: "a", scope: .everyone, resource: .init(name: "go.micro.api.foo", endpoint: endpoint))
        let wrong = AccessRule(id: "b", scope: .everyone, resource: .init(name: "go.micro.api.bar", endpoint: endpoint))
        #expect(answer(rules: [right], kind: kind).head?.status == .ok)
        #expect(answer(rules: [wrong], kind: kind).failure?.code == .unauthorized)
    }

    @Test(
        "Where a prefix is taken off, the rules are asked for the path that the service gets",
        arguments: [("/foo/bar", true), ("/f%6Fo/b%61r", true), ("/foo/baz", false)])
    func asksForTheRest(target: String, isGranted: Bool) throws {
        let route = RouteRule(
            on: try RouteRule.Condition(path: "/foo/**"), without: PathPrefix(segments: ["foo"]), kind: .http,
            services: ["go.micro.api.foo"], origin: "the test")
        let inside = AccessRule(id: "a", scope: .everyone, resource: .init(name: "*", endpoint: "/bar"))
        let outside = AccessRule(id: "b", scope: .everyone, resource: .init(name: "*", endpoint: "/foo/*"))
        let explained = Explained()
        let answer = answer(target: target, rules: [inside], kind: .http, by: route, explained: explained)
        #expect(answer.failure?.code == (isGranted ? nil : .unauthorized))
        #expect(explained.explanation?.access?.isGranted == isGranted)
        #expect(self.answer(target: target, rules: [outside], kind: .http, by: route).failure?.code == .unauthorized)
    }

    @Test(
        "What needs no service is the gateway's own", arguments: [HandlerKind.event, .broker, .registry, .cloudevents])
    func asksForTheGateway(kind: HandlerKind) {
        let rule = AccessRule(id: "a", scope: .everyone, resource: .init(name: "go.micro.api", endpoint: "/foo/*"))
        #expect(answer(rules: [rule], kind: kind).head?.status == .ok)
    }

    @Test func `what is explained is what is decided, over random rules and requests`() {
        var dice = SeededNumbers(seed: 17)
        var counts: [GatewayError.Code?: Int] = [:]
        for round in 0..<2_000 {
            let rules = (0..<dice.roll(5)).map { index in
                AccessRule(
                    id: "\(index)", scope: .init(dice.pick(["", "*", "user", "admin"])),
                    isGranted: dice.roll(3) > 0, priority: dice.roll(3),
                    resource: .init(
                        name: dice.pick(["*", "go.micro.api.foo", "go.micro.api", "other"]),
                        endpoint: dice.pick(["*", "Foo.Bar", "/foo/*", "/foo/bar", "/", "Foo.Baz"])))
            }
            let fields = dice.pick([[], [Self.bearer], [Self.cookie], [("Authorization", "Bearer x")]])
            let kind = dice.pick([HandlerKind.rpc, .http, .event])
            let explained = Explained()
            let answer = answer(
                fields, target: dice.pick(["/foo/bar", "/foo", "/foo%2Fbar"]), rules: rules, kind: kind,
                explained: explained)
            counts[answer.failure?.code, default: 0] += 1
            #expect(explained.explanation?.problem == answer.failure, "round \(round)")
            #expect(explained.explanation?.access?.isGranted == (answer.failure == nil), "round \(round)")
        }
        // Each of the three outcomes was met often.
        #expect(counts.count == 3 && counts.values.allSatisfy { $0 > 100 }, "\(counts)")
    }

    @Test(
        "OPTIONS needs no account where it is answered without a service, and nowhere else",
        arguments: [
            (HandlerKind.rpc, true), (.api, false), (.http, false), (.web, false), (.event, false), (.broker, false),
            (.registry, false), (.cloudevents, false),
        ])
    func guardsOptions(kind: HandlerKind, isOpen: Bool) {
        let answer = answer(method: .options, kind: kind)
        #expect((answer.head?.status == .ok) == isOpen)
        #expect((answer.failure?.code == .unauthorized) == !isOpen)
        #expect(self.answer([Self.bearer], method: .options, kind: kind).head?.status == .ok)
    }

    @Test func `a call that a route makes with OPTIONS needs what other calls need`() throws {
        for (methods, isOpen) in [([HTTP.Method.get], true), ([], true), ([.get, .options], false)] {
            let rule = RouteRule(
                on: try RouteRule.Condition(path: "/foo/bar", methods: methods), services: ["go.micro.api.foo"],
                endpoint: "Foo.Bar", origin: "the test")
            let stranger = answer(method: .options, kind: .rpc, by: rule)
            #expect((stranger.head?.status == .ok) == isOpen)
            #expect((stranger.failure?.code == .unauthorized) == !isOpen)
            #expect(answer([Self.bearer], method: .options, kind: .rpc, by: rule).head?.status == .ok)
        }
    }

    // MARK: Login

    @Test(
        "People are sent to the login page, and programs are not",
        arguments: [
            (Method.get, "text/html,*/*;q=0.8", true), (.head, "text/html", true), (.get, "*/*", false),
            (.get, "application/json", false), (.get, "text/html;q=0", false), (.post, "text/html", false),
        ])
    func redirectsPeople(method: Method, accept: String, isRedirected: Bool) {
        let answer = answer([("Accept", accept)], method: method, loginURL: "/login")
        if isRedirected {
            #expect(answer.head?.status == .temporaryRedirect)
            #expect(answer.head?.fields[.location] == "/login?redirect_to=%2Ffoo%2Fbar%3Fx%3D1")
            #expect(answer.head?.fields[.cacheControl] == "no-store")
        } else {
            #expect(answer.failure?.code == .unauthorized)
        }
    }

    @Test("An account that may not is told so, and not sent to log in again")
    func doesNotSendAccountsInCircles() {
        let answer = answer([("Accept", "text/html"), Self.bearer], rules: [], loginURL: "/login")
        #expect(answer.failure?.code == .forbidden)
    }

    @Test("The login page is open to everyone", arguments: ["/login", "/login?redirect_to=%2F"])
    func opensTheLoginPage(target: String) {
        #expect(answer(target: target, loginURL: "/login").head?.status == .ok)
        #expect(answer(target: target, loginURL: "https://elsewhere.example/login").failure?.code == .unauthorized)
    }

    @Test("What is below the login page is as closed as everything", arguments: ["/login/x", "/loginx", "/Login"])
    func opensOnlyTheLoginPage(target: String) {
        #expect(answer(target: target, loginURL: "/login").failure?.code == .unauthorized)
    }

    // MARK: Other sites

    struct Page: Sendable, CustomTestStringConvertible {
        let fields: [(String, String)]
        var method = Method.get
        var origins: [String] = []
        let isTrusted: Bool
        var testDescription: String { "\(method) \(fields.map { "\($0.0): \($0.1)" }.joined(separator: ", "))" }
    }

    @Test(
        "A cookie counts for our own pages, for allowed ones, and for people who follow a link",
        arguments: [
            Page(fields: [], isTrusted: true),
            Page(fields: [("Sec-Fetch-Site", "same-origin")], method: .post, isTrusted: true),
            Page(fields: [("Origin", "http://localhost")], method: .post, isTrusted: true),
            Page(fields: [("Sec-Fetch-Site", "none")], isTrusted: true),
            Page(fields: [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")], isTrusted: true),
            Page(fields: [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")], isTrusted: false),
            Page(fields: [("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "cors")], isTrusted: false),
            Page(
                fields: [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")], method: .post,
                isTrusted: false),
            Page(fields: [("Origin", "http://evil.example")], method: .post, isTrusted: false),
            Page(fields: [("Origin", "null")], method: .post, isTrusted: false),
            Page(
                fields: [("Origin", "https://app.example"), ("Sec-Fetch-Site", "cross-site")], method: .post,
                origins: ["https://app.example"], isTrusted: true),
            Page(
                fields: [("Origin", "https://app.example"), ("Sec-Fetch-Site", "cross-site")], method: .post,
                origins: ["*"], isTrusted: false),
        ])
    func keepsForeignPagesFromActing(page: Page) {
        let answer = answer(page.fields + [Self.cookie], method: page.method, origins: page.origins)
        #expect((answer.head?.status == .ok) == page.isTrusted)
        // A token in Authorization is put there by whoever sends the request.
        #expect(self.answer(page.fields + [Self.bearer], method: page.method).head?.status == .ok)
    }
}
