import Gateway
import HTTP
import Handlers
import TestSupport
import Testing

struct FrontDecisionTests {
    @Test(
        "the path decides",
        arguments: [
            ("/", FrontDecision.root), ("/?a=b", .root), ("/rpc", .rpc), ("/rpc?a=b", .rpc), ("/%72%70%63", .rpc),
            ("/rpc/", .next), ("/rpcs", .next), ("/RPC", .next), ("/favicon.ico", .icon), ("/favicon%2eico", .icon),
            ("/a", .next), ("/a%2Fb", .next), ("/a//b", .redirect(to: "/a/b")),
            ("/a//b?c=/../d", .redirect(to: "/a/b?c=/../d")), ("/a/..", .redirect(to: "/")),
            ("//", .redirect(to: "/")), ("/a/../rpc", .redirect(to: "/rpc")), ("/a//b?", .redirect(to: "/a/b?")),
        ] as [(String, FrontDecision)])
    func decisions(target: String, decision: FrontDecision) {
        #expect(FrontDecision(RequestHead(target: target)) == decision)
    }

    @Test func `a star concerns no resource, and bytes that are ambiguous are named`() {
        #expect(FrontDecision(RequestHead(method: .options, target: "*")) == .asterisk)
        guard case .refused(let sentence) = FrontDecision(RequestHead(target: "/a/..%2fb")) else {
            Issue.record("not refused")
            return
        }
        #expect(sentence.contains("..%2f"))
        #expect(FrontDecision(RequestHead(target: "/a%2Fb"), encodedSlashes: .decode) == .nextBy(path: "/a/b"))
    }

    /// Q61.
    @Test func `the root and the icon are the gateway's only where nobody has declared them`() {
        for target in ["/", "/favicon.ico"] {
            #expect(FrontDecision(RequestHead(target: target), isDeclared: { _ in true }) == .next)
        }
        // Nobody takes /rpc away by declaring it.
        #expect(FrontDecision(RequestHead(target: "/rpc"), isDeclared: { _ in true }) == .rpc)
    }
}

/// Answers with the path that it was to decide by, and the one it would pass on.
private final class PathTeller: ExplainingHandler {
    func explain(_ head: RequestHead, body: [UInt8]) -> Explanation {
        Explanation(of: head, ownAnswer: String(head.routedSpan))
    }

    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        let head = exchange.request
        try await exchange.respond(.ok, contentType: "text/plain", text: "\(String(head.routedSpan)) \(head.target)")
    }
}

struct FrontHandlerTests {
    private func answer(
        _ target: String, _ slashes: EncodedSlashes = .keep, method: HTTP.Method = .get
    ) -> ScriptedExchange {
        let loop = ManualEventLoop()
        let stage = Stage(loop: loop) {
            FrontHandler(version: "1.0", rpc: PathTeller(), encodedSlashes: slashes, next: PathTeller())
        }
        let scripted = ScriptedExchange(RequestHead(method: method, target: target), on: loop)
        stage.play(scripted)
        return scripted
    }

    @Test func `what was received is passed on, whatever is decided by`() {
        #expect(answer("/a%2Fb?c=%2F", .decode).body == "/a/b /a%2Fb?c=%2F")
        #expect(answer("/a%2Fb?c=%2F").body == "/a%2Fb /a%2Fb?c=%2F")
        #expect(answer("/").body == #"{"version": "1.0"}"#)
        #expect(answer("/a%2Fb", .reject).failure?.status == .badRequest)
        #expect(answer("/a%2Fb", .reject).failure?.report.detail.contains("%2F") == true)
    }

    @Test func `what is explained is what would be done`() {
        let front = FrontHandler(version: "1.0", rpc: PathTeller(), encodedSlashes: .decode, next: PathTeller())
        func told(_ target: String) -> String { front.explain(RequestHead(target: target), body: []).ownAnswer ?? "" }
        #expect(told("/a%2Fb") == "/a/b")
        #expect(told("/a//b?c") == "redirected with 308 to /a/b?c, the one form of this path")
        let refused = front.explain(RequestHead(target: "/a%00"), body: []).problem
        #expect(refused?.status == .badRequest)
        #expect(refused?.report.detail.hasPrefix("the path has %00 in it") == true)
        #expect(told("/").contains("version") && told("/favicon.ico").contains("icon"))
    }

    /// C3.
    @Test func `OPTIONS at the root says what is allowed`() {
        let scripted = answer("/", method: .options)
        #expect(scripted.head?.status == .ok)
        #expect(scripted.head?.fields["Allow"] == "GET, HEAD, POST, OPTIONS")
        #expect(scripted.body == "")
    }

    /// Q62.
    @Test func `a client is sent to the canonical path with its method and its query`() {
        let scripted = answer("/a//b?c=d")
        #expect(scripted.head?.status == .permanentRedirect)
        #expect(scripted.head?.fields[.location] == "/a/b?c=d")
    }
}
