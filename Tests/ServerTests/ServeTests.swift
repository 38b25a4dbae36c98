import Bytes
import Gateway
import HTTP
import Logging
import Reactor
import Server
import TestSupport
import Testing

/// Answers with the method, the target and the body.
final class EchoHandler: Handler {
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        var body = ByteBuffer()
        try await exchange.collectBody(into: &body, limit: 100_000)
        let head = exchange.request
        try await exchange.respond(
            .ok, contentType: "text/plain", text: "\(head.method) \(head.target) \(body.text)")
    }
}

/// A worker with one connection, on a loop that is turned by hand.
struct Rig {
    let loop = ManualEventLoop()
    let peer = Peer()
    let worker: Worker

    init(
        configuration: SessionConfiguration = SessionConfiguration(), protocolName: String? = nil,
        accessLog: @escaping @Sendable () -> AccessLog? = { nil },
        makeHandler: @escaping @Sendable (WorkerContext) -> any Handler = { _ in EchoHandler() }
    ) {
        worker = Worker(loop: loop) { loop in
            WorkerContext(
                loop: loop, configuration: configuration, accessLog: accessLog(),
                logger: .silent)
        }
        peer.negotiatedProtocol = protocolName
        let (worker, peer) = (worker, peer)
        Task(executorPreference: loop) {
            await worker.adopt(
                from: .loopback(port: 40_000), makeChannel: { MemoryChannel(peer) }, makeHandler: makeHandler)
        }
        loop.drain()
    }

    /// Drains the worker, whose last act is to flush the access log.
    func flushLog() {
        let worker = worker
        Task(executorPreference: loop) { _ = await worker.drain(within: .seconds(1)) }
        loop.drain()
        loop.advance(by: .seconds(5))
    }

    /// Sends, lets the loop run, and returns what came back.
    func exchange(_ text: String) -> String {
        peer.send(text)
        loop.drain()
        return peer.take()
    }
}

/// The bodies of the responses in a text, as far as their lengths are given.
func bodies(_ text: String) -> [String] {
    text.split(separator: "HTTP/1.1 ").map { response in
        response.firstRange(of: "\r\n\r\n").map { String(response[$0.upperBound...]) } ?? ""
    }
}

struct ServeTests {
    @Test func `requests that arrive one byte at a time are each answered`() {
        let rig = Rig()
        var answer = ""
        for byte in "GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz".utf8
        {
            rig.peer.send([byte])
            rig.loop.drain()
            answer += rig.peer.take()
        }
        #expect(bodies(answer) == ["GET /a ", "POST /b xyz"])
        #expect(rig.loop.drain() == 0)
    }

    @Test func `a hundred pipelined requests are answered in order`() {
        let rig = Rig()
        let requests = (0..<100).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
        #expect(bodies(rig.exchange(requests)) == (0..<100).map { "GET /\($0) " })
    }

    @Test func `a request costs one pass through the loop's queue`() {
        let rig = Rig()
        _ = rig.exchange("GET /warm HTTP/1.1\r\nHost: a\r\n\r\n")
        rig.peer.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(rig.loop.drain() == 1)
    }

    @Test func `an idle connection is closed without a word, a slow head is answered 408`() {
        let idle = Rig()
        idle.loop.advance(by: .seconds(74))
        #expect(!idle.peer.isClosed)
        idle.loop.advance(by: .seconds(2))
        #expect(idle.peer.isClosed)
        #expect(idle.peer.take() == "")

        let slow = Rig()
        _ = slow.exchange("GET / HTTP/1.1\r\n")
        slow.loop.advance(by: .seconds(6))
        _ = slow.exchange("X: dribbled\r\n")  // Bytes that dribble in do not win time.
        slow.loop.advance(by: .seconds(5))
        #expect(slow.peer.take().hasPrefix("HTTP/1.1 408 "))
        #expect(slow.peer.sawFinish)
    }

    @Test func `a connection that has rested goes on where it was, and its time does not begin anew`() {
        let rig = Rig()
        #expect(bodies(rig.exchange("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")) == ["GET /a "])
        rig.loop.advance(by: .seconds(2))
        #expect(bodies(rig.exchange("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")) == ["GET /b "])
        for _ in 0..<74 { rig.loop.advance(by: .seconds(1)) }
        #expect(!rig.peer.isClosed)
        rig.loop.advance(by: .seconds(2))
        #expect(rig.peer.isClosed)
    }

    @Test func `a body that stops coming is answered 408`() {
        let rig = Rig()
        _ = rig.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n1234")
        rig.loop.advance(by: .seconds(31))
        #expect(rig.peer.take().hasPrefix("HTTP/1.1 408 "))
        rig.peer.finish()
        rig.loop.drain()
        #expect(rig.peer.isClosed)
    }

    @Test func `a client that waits for 100 is told to go on, but not when its body is too long`() {
        let rig = Rig()
        let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
        #expect(rig.exchange(head + "3\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(bodies(rig.exchange("abc")) == ["POST / abc"])

        let refused = Rig().exchange(head + "100001\r\n\r\n")
        #expect(refused.hasPrefix("HTTP/1.1 413 "))
        #expect(refused.contains("Connection: close\r\n"))
    }

    @Test func `after a malformed request nothing more is read from the connection`() {
        let rig = Rig()
        let answer = rig.exchange("GET / HTTP/1.1\r\nHost : a\r\n\r\nGET /canary HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(answer.contains("application/json"))
        #expect(!answer.contains("canary"))
        rig.peer.finish()
        rig.loop.drain()
        #expect(rig.peer.isClosed)
    }

    @Test func `a client that has finished sending still gets its answer`() {
        let rig = Rig()
        rig.peer.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        rig.peer.finish()
        rig.loop.drain()
        #expect(bodies(rig.peer.take()) == ["GET /a "])
        #expect(rig.peer.isClosed)
    }

    @Test func `HTTP 1.0 is closed after the answer unless it asks for more`() {
        #expect(Rig().exchange("GET / HTTP/1.0\r\n\r\n").contains("Connection: close\r\n"))
        let kept = Rig()
        #expect(
            kept.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").contains("Connection: keep-alive\r\n"))
        #expect(!kept.peer.isClosed)
    }

    @Test func `a slow reader makes the source wait, not the memory grow`() {
        let produced = Counter()
        let rig = Rig(makeHandler: { _ in FloodHandler(counting: produced) })
        rig.peer.room = 1_000
        rig.peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        rig.loop.drain()
        #expect(produced.value < 400_000)
        var total = 0
        for _ in 0..<1_000 where total < FloodHandler.size {
            rig.peer.room += 50_000
            rig.loop.drain()
            total += rig.peer.received.count
            rig.peer.received.removeAll()
        }
        #expect(total > FloodHandler.size)
    }

    @Test func `a drained connection finishes what it is doing and ends`() async {
        let rig = Rig()
        let worker = rig.worker
        let cutOff = Counter()
        Task(executorPreference: rig.loop) { cutOff.add(1 + (await worker.drain(within: .seconds(10)))) }
        rig.loop.drain()
        #expect(rig.peer.isClosed)
        #expect(cutOff.value == 1, "draining is over as soon as the last connection is")
    }
}
