import Bytes
import Gateway
import Reactor
import Server
import TestSupport
import Testing
import Upstream

/// Sides of different speed, and sides that leave.
struct FlowTests {
    private static let bounded = 400_000

    @Test func `a slow client makes the node wait, not the memory grow`() {
        let rig = ProxyRig()
        rig.client.room = 1_000
        rig.ask(ProxyRig.get)
        rig.node.send("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
        rig.node.send([UInt8](repeating: 0x61, count: 10_000_000))
        rig.loop.drain()
        #expect(10_000_000 - rig.node.unread < Self.bounded)
        var total = 0
        for _ in 0..<2_000 where total < 10_000_000 {
            rig.client.room += 50_000
            rig.loop.drain()
            total += rig.client.received.count
            rig.client.received.removeAll()
        }
        #expect(total > 10_000_000)
        #expect(rig.parts.idleCount == 1)
    }

    @Test func `a slow node makes the client wait, not the memory grow`() {
        for framing in ["Content-Length: 10000000", "Transfer-Encoding: chunked"] {
            let rig = ProxyRig()
            rig.ask("POST / HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n")
            rig.node.room = 1_000
            if framing.hasPrefix("T") { rig.client.send("989680\r\n") }
            rig.client.send([UInt8](repeating: 0x61, count: 10_000_000))
            if framing.hasPrefix("T") { rig.client.send("\r\n0\r\n\r\n") }
            rig.loop.drain()
            #expect(10_000_000 - rig.client.unread < Self.bounded)
            var total = 0
            for _ in 0..<2_000 where total < 10_000_000 {
                rig.node.room += 50_000
                rig.loop.drain()
                total += rig.node.received.count
                rig.node.received.removeAll()
            }
            #expect(total >= 10_000_000)
            rig.node.room = .max
            rig.loop.drain()
            #expect(rig.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
            #expect(rig.parts.idleCount == 1)
        }
    }

    @Test func `a fast transfer lets others run in between`() {
        let rig = ProxyRig()
        rig.ask(ProxyRig.get)
        rig.node.send("HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n")
        rig.node.send([UInt8](repeating: 0x61, count: 20_000_000))
        #expect(rig.loop.drain() > 10)
        #expect(rig.client.received.count > 20_000_000)
    }

    @Test func `an answer that comes before the whole request ends the upload`() throws {
        let rig = ProxyRig()
        rig.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
        rig.client.send([UInt8](repeating: 0x61, count: 100_000))
        rig.loop.drain()
        let taken = rig.node.received.count
        let got = try #require(Message(rig.answer("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")))
        #expect(got.status == "413")
        #expect(got["Connection"] == ["close"])
        #expect(got.body == "big")
        #expect(rig.node.isClosed)
        rig.client.send([UInt8](repeating: 0x61, count: 5_000_000))
        rig.loop.drain()
        #expect(rig.node.received.count == taken)
        // Some is read and thrown away, so that the answer arrives; then the connection ends.
        #expect(rig.client.sawFinish)
        #expect(rig.client.unread > 3_000_000)
        #expect(rig.parts.idleCount == 0)
    }

    @Test(
        "an answer in the middle of an upload says whether the connection goes on",
        arguments: [
            ("Content-Length: 1000", "401 Unauthorized", false), ("Content-Length: 262144", "200 OK", true),
            ("Transfer-Encoding: chunked", "401 Unauthorized", true), ("Transfer-Encoding: chunked", "200 OK", false),
        ])
    func early(framing: String, status: String, isLast: Bool) throws {
        let rig = ProxyRig()
        rig.ask("POST / HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n")
        let got = try #require(Message(rig.answer("HTTP/1.1 \(status)\r\nContent-Length: 2\r\n\r\nno")))
        #expect(got["Connection"] == (isLast ? ["close"] : []))
        #expect(rig.client.sawFinish == isLast)
        // The rest of what was promised to be read is read, and the next request is found behind it.
        guard !isLast else { return }
        let rest = framing.hasPrefix("T") ? "0\r\n\r\n" : String(repeating: "x", count: 1_000)
        rig.client.send(rest + ProxyRig.get)
        rig.loop.drain()
        #expect(rig.answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext").hasSuffix("next"))
    }

    @Test func `an answer from a node that closed without reading the request is passed on`() throws {
        let rig = ProxyRig()
        rig.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        rig.node.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        rig.node.finish()
        rig.node.refuseWrites = true
        rig.client.send([UInt8](repeating: 0x61, count: 100_000))
        rig.loop.drain()
        let got = try #require(Message(rig.client.take()))
        #expect(got.status == "403")
        #expect(got.body == "no")
        #expect(rig.node.isClosed)
    }

    @Test func `a client that breaks off takes the request to the node with it`() {
        let rig = ProxyRig()
        rig.ask(ProxyRig.get)
        rig.client.reset()
        rig.loop.drain()
        #expect(rig.node.isClosed)
        #expect(rig.client.isClosed)
        #expect(rig.parts.health.isEmpty)
        #expect(rig.loop.drain() == 0)
    }

    @Test("an upload that breaks off never looks complete to the node", arguments: [true, false])
    func brokenUpload(isChunked: Bool) {
        let rig = ProxyRig()
        let framing = isChunked ? "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" : "Content-Length: 9\r\n\r\nabc"
        var seen = rig.ask("POST / HTTP/1.1\r\nHost: a\r\n\(framing)")
        rig.client.finish()
        rig.loop.drain()
        seen += rig.node.take()
        #expect(seen.contains("abc"))
        #expect(!seen.contains("\r\n0\r\n"))
        #expect(rig.node.isClosed)
        #expect(rig.client.isClosed)
    }

    @Test func `a malformed chunk from the client is answered 400 and never looks complete to the node`() {
        let rig = ProxyRig()
        var seen = rig.ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        seen += rig.ask("INVALID!!!\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(rig.client.take().hasPrefix("HTTP/1.1 400 "))
        #expect(!seen.contains("\r\n0\r\n"))
        #expect(!seen.contains("/x"))
        #expect(rig.node.isClosed)
    }

    @Test func `a client that has finished sending gets the whole answer`() throws {
        let rig = ProxyRig()
        rig.client.send(ProxyRig.get)
        rig.client.finish()
        rig.loop.drain()
        let got = try #require(Message(rig.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")))
        #expect(got.body == "ok")
        #expect(rig.client.isClosed)
        #expect(rig.parts.idleCount == 1)
    }

    @Test func `what arrives is passed on at once, without waiting for more`() {
        let rig = ProxyRig()
        rig.ask(ProxyRig.get)
        rig.answer("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(rig.answer("8\r\ndata: 1\n\r\n") == "8\r\ndata: 1\n\r\n")
        #expect(rig.answer("8\r\ndata: 2\n\r\n") == "8\r\ndata: 2\n\r\n")
    }

    @Test func `a request that waits for 100 has its body forwarded after we asked for it`() {
        let rig = ProxyRig()
        rig.ask("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        #expect(rig.client.take() == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(rig.ask("abc") == "abc")
        #expect(rig.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
    }
}
