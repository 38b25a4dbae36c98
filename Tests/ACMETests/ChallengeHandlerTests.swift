import Gateway
import HTTP
import TestSupport
import Testing

@testable import ACME

struct ChallengeHandlerTests {
    private let board = ChallengeBoard()

    private func ask(_ target: String, host: String = "a.example", port: UInt16 = 443) -> ScriptedExchange {
        let loop = ManualEventLoop()
        let scripted = ScriptedExchange(RequestHead(method: .get, target: target, authority: host), on: loop)
        let stage = Stage(loop: loop) { [board] in ChallengeHandler(board: board, hosts: ["a.example"], port: port) }
        stage.play(scripted)
        return scripted
    }

    @Test func `an authority finds what was put there, and nothing later`() {
        board.put("tok.thumb", for: "tok")
        let answer = ask("/.well-known/acme-challenge/tok", host: "whoever.example")
        #expect(answer.head?.status == .ok)
        #expect(answer.body == "tok.thumb")
        board.remove("tok")
        #expect(ask("/.well-known/acme-challenge/tok").failure?.code == .notFound)
    }

    @Test(
        "clients are sent to TLS, with path and query",
        arguments: [
            ("/a/b?c=d", "A.example", 443, "https://a.example/a/b?c=d"),
            ("/", "a.example:80", 443, "https://a.example/"),
            ("/x", "a.example", 8443, "https://a.example:8443/x"),
        ])
    func redirects(target: String, host: String, port: Int, location: String) {
        let answer = ask(target, host: host, port: UInt16(port))
        #expect(answer.head?.status == .permanentRedirect)
        #expect(answer.head?.fields[.location] == location)
    }

    @Test func `clients of hosts without certificates are sent nowhere`() {
        #expect(ask("/", host: "other.example").failure?.code == .notFound)
    }
}
