import Bytes
import Gateway
import HTTP
import Reactor
import Server
import TestSupport
import Testing

/// Answers by the path, so that a test can choose what the handler does.
final class PathHandler: Handler {
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        var body = ByteBuffer()
        switch exchange.request.path {
        case "/fails": throw GatewayError(.notFound, "nothing is here")
        case "/ignores": try await exchange.respond(.ok, contentType: "text/plain", text: "ignored")
        case "/silent": return
        case "/no-content": try await exchange.respond(.noContent, body: &body)
        case "/not-modified": try await exchange.respond(.notModified, body: &body)
        case "/breaks":
            try exchange.begin(ResponseHead(.ok), body: .chunked)
            body.append("begun")
            try await exchange.write(&body)
            throw GatewayError(.fault, "the source broke off")
        case "/short":
            try exchange.begin(ResponseHead(.ok), body: .length(10))
            body.append("short")
            try await exchange.write(&body)
            try exchange.end()
        case "/begins":
            try exchange.begin(ResponseHead(.ok), body: .chunked)
            while try await exchange.readBody(into: &body, atMost: 100) > 0 {}
            try await exchange.write(&body)
            try exchange.end()
        case "/reads":
            var reads = 0
            while try await exchange.readBody(into: &body, atMost: 65_536) > 0 { reads += 1 }
            try await exchange.respond(.ok, contentType: "text/plain", text: "\(body.count) in \(reads)")
        default:
            try await exchange.collectBody(into: &body, limit: 100_000)
            try await exchange.respond(
                .ok, contentType: "text/plain", text: "\(exchange.request.method) \(exchange.request.path) \(body.text)"
            )
        }
    }
}

struct SessionTests {
    static let canary = "GET /canary HTTP/1.1\r\nHost: a\r\n\r\n"

    private func rig() -> Rig { Rig(makeHandler: { _ in PathHandler() }) }

    @Test func `a thousand requests on one connection leave nothing behind`() {
        let rig = rig()
        _ = rig.exchange(Self.canary)
        for number in 0..<1_000 {
            let answer = rig.exchange("POST /\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            #expect(answer.hasSuffix("\r\n\r\nPOST /\(number) abc"))
        }
        #expect(rig.loop.timers.count < 5)
    }

    @Test(
        "a body that nobody read is skipped, and the next request is found behind it",
        arguments: [
            "POST /ignores HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789",
            "OPTIONS /ignores HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789",
            "HEAD /ignores HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789",
            "POST /ignores HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
        ])
    func drained(request: String) {
        for cut in request.utf8.indices {
            let rig = rig()
            var answer = rig.exchange(String(request[..<cut]))
            answer += rig.exchange(String(request[cut...]) + Self.canary)
            #expect(answer.hasSuffix("GET /canary "), "cut at \(cut)")
            #expect(!rig.peer.isClosed)
        }
    }

    @Test func `a tunnel is refused, and what follows is taken for no request`() {
        let answer = rig().exchange("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n" + Self.canary)
        #expect(answer.hasPrefix("HTTP/1.1 501 Not Implemented\r\n"))
        #expect(answer.contains("\r\nConnection: close\r\n"))
        #expect(!answer.contains("canary"))
    }

    @Test func `a connection that was kept is closed without lingering when it is idle`() {
        let rig = rig()
        _ = rig.exchange("POST /ignores HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")
        _ = rig.exchange("x")
        rig.loop.advance(by: .seconds(76))
        #expect(rig.peer.isClosed)
    }

    @Test func `a slow head is answered 408 on a connection that was used before, too`() {
        let rig = rig()
        _ = rig.exchange("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = rig.exchange("GET / HTTP/1.1\r\n")
        rig.loop.advance(by: .seconds(11))
        let answer = rig.peer.take()
        #expect(answer.hasPrefix("HTTP/1.1 408 "))
        #expect(answer.contains("\"code\":408"))
        #expect(rig.peer.sawFinish)
    }

    @Test(
        "a request that is refused before its body was read is answered, and the answer can arrive",
        arguments: ["/fails", "/long"])
    func refusedEarly(path: String) {
        let rig = rig()
        let answer = rig.exchange("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\nabc")
        #expect(answer.hasPrefix(path == "/long" ? "HTTP/1.1 413 " : "HTTP/1.1 404 "))
        #expect(answer.contains("Connection: close\r\n"))
        // Closed at once, the bytes on their way would make the kernel reset the connection.
        #expect(rig.peer.sawFinish)
        #expect(!rig.peer.isClosed)
        _ = rig.exchange(String(repeating: "x", count: 100_000))
        rig.loop.advance(by: .seconds(3))
        #expect(rig.peer.isClosed)
    }

    @Test func `an answer that breaks off ends the connection and not the body`() {
        for path in ["/breaks", "/short"] {
            let rig = rig()
            let answer = rig.exchange("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n" + Self.canary)
            #expect(!answer.contains("0\r\n\r\n"))
            #expect(!answer.contains("canary"))
            #expect(rig.peer.isClosed)
        }
    }

    @Test func `a handler that does not answer is a fault of ours`() {
        let rig = rig()
        let answer = rig.exchange("GET /silent HTTP/1.1\r\nHost: a\r\n\r\n" + Self.canary)
        #expect(answer.hasPrefix("HTTP/1.1 500 "))
        #expect(answer.hasSuffix("GET /canary "))
    }

    @Test("an answer without content has no length either", arguments: ["/no-content", "/not-modified"])
    func withoutContent(path: String) {
        let answer = rig().exchange("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(!answer.contains("Content-Length"))
        #expect(!answer.contains("Transfer-Encoding"))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }

    @Test func `bytes behind a request that says close are ignored`() {
        let rig = rig()
        let answer = rig.exchange("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + Self.canary)
        #expect(answer.contains("GET /a "))
        #expect(!answer.contains("canary"))
        #expect(rig.peer.isClosed)
    }

    @Test(
        "what is no request is answered 400 once, and nothing behind it is understood",
        arguments: [
            // The first request is good; what follows it is not.
            "GET /a HTTP/1.1\r\nHost: a\r\n\r\n\0",
            "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\0",
            "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcx y z\r\n",
            "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET  / HTTP/1.1\r\n\r\n",
        ])
    func desynchronised(bytes: String) {
        let rig = rig()
        let answer = rig.exchange(bytes + Self.canary)
        let statuses = answer.split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
        #expect(statuses == ["200", "400"])
        #expect(!answer.contains("canary"))
        #expect(rig.peer.sawFinish)
    }

    @Test(
        "a malformed body is answered 400 once, and nothing behind it is understood",
        arguments: [
            "Transfer-Encoding: chunked\r\n\r\nINVALID!!!\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
            "Transfer-Encoding: chunked, identity\r\n\r\n", "Content-Length: 5, 5\r\n\r\n",
            "Content-Length: 0\r\nContent-Length: 43\r\n\r\n",
        ])
    func malformedBody(fields: String) {
        let rig = rig()
        let answer = rig.exchange("POST /a HTTP/1.1\r\nHost: a\r\n\(fields)" + Self.canary)
        #expect(answer.split(separator: "HTTP/1.1 ").map { $0.prefix(3) } == ["400"])
        #expect(!answer.contains("canary"))
        #expect(rig.peer.sawFinish)
    }

    /// E30. Each piece becomes a call to the system, where the body is passed on.
    @Test func `chunks of one byte that come together are read together`() {
        let chunks = String(repeating: "1\r\nx\r\n", count: 1_000) + "0\r\n\r\n"
        let answer = rig().exchange("POST /reads HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)")
        let reads = answer.split(separator: " in ").last.flatMap { Int($0) }
        #expect(answer.contains("\r\n\r\n1000 in "))
        #expect((1...4).contains(reads ?? 0), "\(reads ?? 0)")
    }

    @Test func `once the answer has begun no 100 gets in between`() {
        let rig = rig()
        let answer = rig.exchange(
            "POST /begins HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        #expect(!answer.contains("100 Continue"))
        #expect(rig.exchange("abc").hasSuffix("3\r\nabc\r\n0\r\n\r\n"))
    }

    @Test func `HTTP 1.0 is never told to go on`() {
        let rig = rig()
        let head = "POST /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        #expect(rig.exchange(head) == "")
        #expect(rig.exchange("abc").hasSuffix("POST /a abc"))
    }

    @Test func `an idle time-out begins anew after each answer`() {
        let rig = rig()
        // The body makes the connection's clock run once before.
        _ = rig.exchange("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        rig.loop.advance(by: .seconds(20))
        _ = rig.exchange("abc")
        rig.loop.advance(by: .seconds(74))
        #expect(!rig.peer.isClosed)
        rig.loop.advance(by: .seconds(2))
        #expect(rig.peer.isClosed)
    }

    @Test func `a client that resets ends everything`() {
        let rig = rig()
        _ = rig.exchange("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        rig.peer.reset()
        rig.loop.drain()
        #expect(rig.peer.isClosed)
        #expect(rig.loop.drain() == 0)
        rig.loop.advance(by: .seconds(100))
        #expect(rig.loop.timers.count == 0)
    }

    @Test func `a drained worker cuts off what does not end in time`() {
        let rig = rig()
        _ = rig.exchange("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        let count = Counter()
        let worker = rig.worker
        Task(executorPreference: rig.loop) { count.add(await worker.drain(within: .seconds(3))) }
        rig.loop.drain()
        #expect(!rig.peer.isClosed)
        rig.loop.advance(by: .seconds(4))
        #expect(rig.peer.isClosed)
        #expect(count.value == 1)
    }

    @Test func `an answer that is under way when the worker drains is the last, and says so`() {
        let rig = rig()
        _ = rig.exchange("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        let worker = rig.worker
        Task(executorPreference: rig.loop) { _ = await worker.drain(within: .seconds(3)) }
        rig.loop.drain()
        let answer = rig.exchange("abc" + Self.canary)
        #expect(answer.contains("Connection: close\r\n"))
        #expect(answer.hasSuffix("POST /a abc"))
        #expect(rig.peer.isClosed)
    }
}
