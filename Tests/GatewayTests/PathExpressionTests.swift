import Gateway
import HTTP
import Testing

struct PathExpressionTests {
    @Test(arguments: [
        ("^/items/[0-9]+/?$", ["/items/1", "/items/123/"], ["/items/", "/items/a", "/items/1/2", "x/items/1"]),
        ("^/$", ["/"], ["", "//"]), ("^/a|b$", ["/a", "b"], ["/b", "/a|b"]),
        ("^/(a|bc)*d$", ["/d", "/abcad"], ["/abd", "/"]), ("^/a{1,2}$", ["/a", "/aa"], ["/", "/aaa"]),
        ("^/a{2,}$", ["/aa", "/aaaaa"], ["/a"]), ("^/a{0}b$", ["/b"], ["/ab"]),
        ("^/[[:alpha:]_]+$", ["/ab_C"], ["/a1", "/é"]), ("^/[^/]+$", ["/é日", "/a.b"], ["/a/b", "/"]),
        ("^/[]a]$", ["/]", "/a"], ["/b"]), ("^/[a-]$", ["/-", "/a"], ["/b"]), ("^/a\\.b$", ["/a.b"], ["/axb"]),
        ("^/.*$", ["/", "/any/thing"], ["x"]), ("^/(a*)*$", ["/", "/aaa"], ["/b"]), ("^/(|a)b$", ["/b", "/ab"], ["/"]),
        ("^/a+?$", ["/", "/aa"], ["/b"]), ("^/a$|^/b$", ["/a", "/b"], ["/c"]),
    ])
    func `an expression matches whole paths`(text: String, good: [String], bad: [String]) throws {
        let expression = try PathExpression(text)
        for path in good { #expect(expression.matches(path), "\(text) should match \(path)") }
        for path in bad { #expect(!expression.matches(path), "\(text) should not match \(path)") }
    }

    @Test(arguments: [
        "/a", "^/a", "/a$", "^/\\d+$",
        "^/(?:a)$", "^/(?P<x>a)$", "^/(a$", "^/a)$", "^/[a$", "^/(*)$", "^*$", "^/a{2,1}$",
        "^/a{999}$", "^/a{$", "^/[[:nope:]]$", "^/[z-a]$", "^/a\\$", "^/((a{200}){200}){200}$",
        "^" + String(repeating: "(", count: 60) + String(repeating: ")", count: 60) + "$",
        "^" + String(repeating: "a", count: 1_000) + "$",
    ])
    func `what is no expression is refused`(text: String) {
        #expect(throws: PathTemplate.Malformed.self) { try PathExpression(text) }
    }

    /// Hardening case L05: engines that go back and try again need longer than the universe exists.
    @Test func `no path makes an expression slow`() throws {
        let expression = try PathExpression("^/(a+)+(a|aa)*((a*)*)*$")
        #expect(!expression.matches("/" + String(repeating: "a", count: 2_000) + "!"))
        #expect(!expression.matches("/" + String(repeating: "a", count: 5_000)))
    }

    @Test func `expressions go after templates, and only for their methods and hosts`() throws {
        func rule(_ path: String, _ methods: [Method] = [], hosts: [HostPattern] = []) throws -> RouteRule {
            RouteRule(
                on: try RouteRule.Condition(path: path, methods: methods, hosts: hosts), services: ["s"], origin: path)
        }
        let index = RouteIndex([
            try rule("^/items/[0-9]+/?$", [.get]), try rule("/items/{id}", [.post]), try rule("^/.*7$"),
            try rule("^/items/only$", hosts: [.exact("example.com")]),
        ])
        func winner(_ method: Method, _ target: String, _ host: String = "localhost") -> String? {
            index.binding(of: RequestHead(method: method, target: target, authority: host))?.rule.origin
        }
        #expect(winner(.get, "/items/5") == "^/items/[0-9]+/?$")
        #expect(winner(.head, "/items/5") == "^/items/[0-9]+/?$")
        #expect(winner(.post, "/items/5") == "/items/{id}")
        #expect(winner(.put, "/items/7") == "^/.*7$")
        #expect(winner(.put, "/items/5") == nil)
        #expect(winner(.get, "/items/only") == nil)
        #expect(winner(.get, "/items/only", "example.com") == "^/items/only$")
        let head = RequestHead(method: .put, target: "/items/5", authority: "localhost")
        #expect(index.methods(for: head) == ["GET", "HEAD", "POST"])
    }
}
