import Gateway
import HTTP
import Handlers
import TestSupport
import Testing

struct PathCheckTests {
    private func ask(
        _ target: String, _ slashes: EncodedSlashes = .keep, decidesByPaths: Bool = false
    ) -> ScriptedExchange {
        let loop = ManualEventLoop()
        let stage = Stage(loop: loop) {
            PathCheckHandler(encodedSlashes: slashes, decidesByPaths: decidesByPaths, next: TargetTeller())
        }
        let scripted = ScriptedExchange(RequestHead(target: target), on: loop)
        stage.play(scripted)
        return scripted
    }

    @Test(
        "what all servers read alike is passed on as it came, in whatever form",
        arguments: [
            "/", "/a", "/a//b", "/a/../b", "/a/%2e%2e/b", "/a%2Fb", "/a%5Cb", "/%FF", "/a;b=c", "/a?b=..%2f", "*",
            "/caf%C3%A9", "/a%20b",
        ])
    func passes(target: String) { #expect(ask(target).body == target) }

    @Test(
        "what servers read in different ways is refused",
        arguments: ["/a/..%2fb", "/a\\b", "/a/..;/b", "/a%00", "/a%zz", "/a%", "/%c0%af"])
    func refuses(target: String) {
        let failure = ask(target).failure
        #expect(failure?.status == .badRequest)
        #expect(failure?.report.detail.hasPrefix("the path has ") == true)
    }

    @Test(
        "where something is decided by paths, there is one form of each",
        arguments: [
            ("/public/../admin", "/admin"), ("/a//b?c=//d", "/a/b?c=//d"), ("/public/%2e%2e/admin", "/admin"),
            ("/a", nil), ("/a%2Fb", nil), ("/", nil), ("*", nil),
        ] as [(String, String?)])
    func redirects(target: String, canonical: String?) {
        let answer = ask(target, decidesByPaths: true)
        #expect(answer.head?.status == (canonical == nil ? .ok : .permanentRedirect))
        #expect(answer.head?.fields[.location] == canonical)
    }

    @Test func `an encoded slash is refused where that is asked for`() {
        #expect(ask("/a%2Fb", .reject).failure?.status == .badRequest)
        #expect(ask("/a%2Fb", .decode).body == "/a%2Fb")
        #expect(ask("/a/b", .reject).body == "/a/b")
    }

    @Test func `a path that is fine costs no wait`() {
        let handler = PathCheckHandler(encodedSlashes: .keep, decidesByPaths: false, next: TargetTeller())
        let loop = ManualEventLoop()
        for (target, isFine) in [("/a/../b", true), ("/a%00", false)] {
            let scripted = ScriptedExchange(RequestHead(target: target), on: loop)
            #expect((handler.successor(for: scripted.exchange) != nil) == isFine)
        }
    }
}

/// Answers with the target as it would be passed on.
private final class TargetTeller: Handler {
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        try await exchange.respond(.ok, contentType: "text/plain", text: exchange.request.target)
    }
}
