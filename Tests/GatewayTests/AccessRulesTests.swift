import Gateway
import HTTP
import Testing

@Suite("Access rules")
struct AccessRulesTests {
    /// A rule as `scope@name@endpoint`, perhaps `denied`, perhaps a priority.
    private static func rule(_ text: String) -> AccessRule {
        let words = text.split(separator: " ").map(String.init)
        let parts = words[0].split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        return AccessRule(
            id: text, scope: .init(parts[0]), isGranted: !words.contains("denied"),
            priority: words.compactMap { Int($0) }.first ?? 0, resource: .init(name: parts[1], endpoint: parts[2]))
    }

    private static func rules(_ texts: [String]) -> AccessRules { AccessRules(texts.map(rule)) }

    private static let joe = Account(id: "joe", issuer: "go.micro", scopes: ["user", "Ops"])

    struct Row: Sendable, CustomTestStringConvertible {
        let rules: [String]
        var account: Account? = AccessRulesTests.joe
        var endpoint = "Foo.Bar"
        let isGranted: Bool
        var testDescription: String { "\(rules) for \(account?.id ?? "nobody") at \(endpoint)" }
    }

    @Test(
        "The rule with the highest priority decides, of those that concern resource and account",
        arguments: [
            Row(rules: [], isGranted: false),
            Row(rules: [], account: nil, isGranted: false),
            Row(rules: ["@*@*"], account: nil, isGranted: true),
            Row(rules: ["@*@*"], isGranted: true),
            Row(rules: ["*@*@*"], account: nil, isGranted: false),
            Row(rules: ["*@*@*"], isGranted: true),
            Row(rules: ["*@other@*"], isGranted: false),
            Row(rules: ["user@foo@Foo.Bar"], isGranted: true),
            Row(rules: ["user@foo@Foo.Baz"], isGranted: false),
            Row(rules: ["admin@foo@Foo.Bar"], isGranted: false),
            Row(rules: ["admin@foo@Foo.Bar", "user@foo@*"], isGranted: true),
            Row(rules: ["USER@FOO@foo.bar"], isGranted: true),
            Row(rules: ["ops@foo@*"], isGranted: true),
            Row(rules: ["*@*@* denied"], isGranted: false),
            Row(rules: ["*@*@* denied"], account: nil, isGranted: false),
            Row(rules: ["*@*@* 1", "*@*@* denied"], isGranted: true),
            Row(rules: ["*@*@*", "*@*@* denied 1"], isGranted: false),
            Row(rules: ["*@*@*", "*@*@* denied"], isGranted: true),
            Row(rules: ["*@*@* denied", "*@*@*"], isGranted: false),
            Row(rules: ["*@*@* denied 5", "@*@*"], account: nil, isGranted: true),
            Row(rules: ["*@*@* -1", "*@foo@* denied"], isGranted: false),
        ])
    func decides(row: Row) {
        let verdict = Self.rules(row.rules).verdict(
            on: AccessResource(calling: row.endpoint, of: "foo"), for: row.account)
        #expect(verdict.isGranted == row.isGranted)
    }

    @Test(
        "A path is for its rule, for one of its folder, and for one of any folder above it",
        arguments: [
            ("/foo/bar", "/foo/bar", true), ("/foo/bar", "/foo/*", true), ("/foo/bar", "/*", true),
            ("/foo/bar", "/foo/bar/*", true), ("/foo/bar", "/foo", false), ("/foo/bar", "/bar/*", false),
            ("/foobar", "/foo/*", false), ("/foo", "/foo/*", true), ("/FOO/Bar", "/foo/bar", true),
            ("/foo/bar/", "/foo/bar", true), ("/", "/*", true), ("/", "/", true), ("/foo/bar", "*", true),
            ("/foo/bar", "/f*", false), ("/a%20b", "/a b", true), ("/a%20b", "/a%20b", true),
            ("/gr%C3%BC%C3%9Fe", "/grüße", true), ("/foo/bar", "Foo.*", false),
        ])
    func matchesPaths(path: String, endpoint: String, isGranted: Bool) {
        let rules = AccessRules(
            [AccessRule(id: "a", scope: .everyone, resource: .init(name: "foo", endpoint: endpoint))])
        #expect(rules.verdict(on: AccessResource(path: path.utf8.span, of: "foo"), for: nil).isGranted == isGranted)
    }

    @Test(
        "What some server takes for a path that is denied, is denied",
        arguments: [
            "/admin/x", "/admin%2Fx", "/admin%2fx", "/admin%5Cx", "/admin;v=1/x", "/%61dmin/x", "/ADMIN/x",
            "/admin", "/admin/", "/admin;v=1", "/admin%3Bv=1/x",
        ])
    func deniesEveryReading(path: String) {
        let rules = Self.rules(["@foo@*", "@foo@/admin/* denied 1"])
        let verdict = rules.verdict(on: AccessResource(path: path.utf8.span, of: "foo"), for: nil)
        #expect(!verdict.isGranted)
        #expect(verdict != .unruled)
    }

    @Test("What is granted for one reading of a path only, is not granted")
    func grantsAllReadings() {
        let rules = Self.rules(["@foo@/open/*"])
        #expect(!rules.verdict(on: AccessResource(path: "/open%2Fx".utf8.span, of: "foo"), for: nil).isGranted)
        #expect(rules.verdict(on: AccessResource(path: "/open/a%2Fx".utf8.span, of: "foo"), for: nil).isGranted)
    }

    @Test(
        "An endpoint has one name, however gRPC writes it",
        arguments: ["Foo.Bar", "/foo.Foo/Bar", "/com.example.v1.Foo/Bar", "/Foo/Bar", "foo.bar"])
    func knowsEndpointsOfGRPC(endpoint: String) {
        let rules = Self.rules(["@foo@*", "@foo@Foo.Bar denied 1"])
        #expect(!rules.verdict(on: AccessResource(calling: endpoint, of: "foo"), for: nil).isGranted)
    }

    @Test(
        "Resources are written type:name:endpoint",
        arguments: [
            ("service:go.micro.api.foo:Foo.Bar", ["service", "go.micro.api.foo", "Foo.Bar"]),
            ("*:*:*", ["*", "*", "*"]), ("service:foo:/verb/{id}:cancel", ["service", "foo", "/verb/{id}:cancel"]),
            ("service:foo", []), ("foo", []), ("", []), ("service::x", []), (":foo:x", []), ("service:foo:", []),
        ])
    func readsResources(text: String, parts: [String]) {
        let pattern = AccessRule.Pattern(text)
        #expect((pattern.map { [$0.type, $0.name, $0.endpoint] } ?? []) == parts)
        if let pattern { #expect(pattern.description == text) }
    }

    @Test("A rule of another type of resource is for nothing here", arguments: ["web", "topic"])
    func ignoresOtherTypes(type: String) {
        let rule = AccessRule(id: "a", scope: .everyone, resource: .init(type: type, name: "*", endpoint: "*"))
        #expect(AccessRules([rule]).verdict(on: AccessResource(calling: "Foo.Bar", of: "foo"), for: nil) == .unruled)
    }

    @Test(
        "Without rules of its own, a gateway lets every account do everything, and everyone what one needs before",
        arguments: [
            ("go.micro.api.foo", "Foo.Bar", false), ("go.micro.auth", "Auth.Token", true),
            ("go.micro.registry", "Registry.GetService", true), ("go.micro.registry", "Registry.ListServices", true),
            ("go.micro.registry", "Registry.Register", false),
        ])
    func hasStandardRules(service: String, endpoint: String, isPublic: Bool) {
        let resource = AccessResource(calling: endpoint, of: service)
        #expect(AccessRules.standard.verdict(on: resource, for: nil).isGranted == isPublic)
        #expect(AccessRules.standard.verdict(on: resource, for: Self.joe).isGranted)
    }
}

@Suite("Credentials")
struct CredentialTests {
    private static func credential(_ fields: [(String, String)], trustsCookie: Bool = true) -> Credential {
        var head = RequestHead()
        for (name, value) in fields { head.fields.append(name: name, value: value) }
        return Credential(of: head, trustsCookie: trustsCookie)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let fields: [(String, String)]
        let credential: Credential
        init(_ fields: [(String, String)], _ credential: Credential) {
            (self.fields, self.credential) = (fields, credential)
        }
        var testDescription: String { fields.map { "\($0.0): \($0.1.prefix(40))" }.joined(separator: ", ") }
    }

    @Test(
        "A token is in Authorization, or else in a cookie",
        arguments: [
            Row([], .none),
            Row([("Authorization", "Bearer abc")], .bearer("abc")),
            Row([("Authorization", "bearer abc")], .bearer("abc")),
            Row([("Authorization", "BEARER  abc")], .bearer("abc")),
            Row([("Authorization", "Bearer")], .foreign),
            Row([("Authorization", "Bearer ")], .foreign),
            Row([("Authorization", "Bearer a b")], .foreign),
            Row([("Authorization", "Bearer a\u{e9}")], .foreign),
            Row([("Authorization", "Basic abc")], .foreign),
            Row([("Authorization", "abc")], .foreign),
            Row([("Authorization", "")], .foreign),
            Row([("Authorization", "Bearer abc"), ("Authorization", "Bearer def")], .foreign),
            Row(
                [("Authorization", "Bearer " + String(repeating: "a", count: 16_384))],
                .bearer(String(repeating: "a", count: 16_384))),
            Row([("Authorization", "Bearer " + String(repeating: "a", count: 16_385))], .foreign),
            Row([("Cookie", "micro-token=abc")], .cookie("abc")),
            Row([("Cookie", "a=b; micro-token=abc; c=d")], .cookie("abc")),
            Row([("Cookie", "micro-token=micro-token=abc")], .cookie("abc")),
            Row([("Cookie", "Micro-Token=abc")], .none),
            Row([("Cookie", "micro-token=")], .none),
            Row([("Cookie", "micro-token=a b")], .none),
            Row([("Authorization", "Basic x"), ("Cookie", "micro-token=abc")], .foreign),
            Row([("Authorization", "Bearer x"), ("Cookie", "micro-token=abc")], .bearer("x")),
        ])
    func readsTokens(row: Row) {
        #expect(Self.credential(row.fields) == row.credential)
    }

    @Test("A cookie that a foreign page had sent says nothing")
    func leavesForeignCookies() {
        #expect(Self.credential([("Cookie", "micro-token=abc")], trustsCookie: false) == .none)
    }
}
