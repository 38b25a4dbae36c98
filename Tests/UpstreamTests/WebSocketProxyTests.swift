import Bytes
import Gateway
import HTTP
import Reactor
import Server
import TestSupport
import Testing
import Upstream

/// The request of RFC 6455, 1.3, and the answer to its key.
enum Handshake {
    static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    static func request(_ path: String = "/chat", leaving out: String = "", fields: String = "") -> String {
        let lines = [
            "Host: a.example", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: \(key)",
        ]
        let kept = lines.filter { out.isEmpty || !$0.hasPrefix(out) }.map { $0 + "\r\n" }.joined()
        return "GET \(path) HTTP/1.1\r\n\(kept)\(fields)\r\n"
    }

    static func answer(accept: String = accept, fields: String = "") -> String {
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(accept)\r\n\(fields)\r\n"
    }
}

/// WebSockets that are passed on: section J of the hardening cases.
struct WebSocketProxyTests {
    /// A rig whose client and node are joined by a tunnel.
    private static func open(
        session: SessionConfiguration = SessionConfiguration(), pool: PoolConfiguration = PoolConfiguration()
    ) -> ProxyRig {
        let rig = ProxyRig(session: session, pool: pool)
        rig.ask(Handshake.request())
        rig.answer(Handshake.answer())
        return rig
    }

    @Test func `the request is passed on with what asks for the WebSocket, and nothing else to switch to`() throws {
        let rig = ProxyRig()
        let extra =
            "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\nOrigin: http://b\r\n"
        let sent = rig.ask(
            Handshake.request(leaving: "Upgrade", fields: "Upgrade: h2c, WebSocket, foo/2\r\n\(extra)"))
        let request = try #require(Message(sent))
        #expect(request["Upgrade"] == ["websocket"])
        #expect(request["Connection"] == ["Upgrade"])
        #expect(request["Sec-WebSocket-Key"] == [Handshake.key])
        #expect(request["Sec-WebSocket-Protocol"] == ["chat"])
        #expect(request["Sec-WebSocket-Extensions"] == ["permessage-deflate"])
        #expect(request["Origin"] == ["http://b"])
        #expect(request["X-Forwarded-For"] == ["192.0.2.7"])

        let answer = try #require(Message(rig.answer(Handshake.answer(fields: "Sec-WebSocket-Protocol: chat\r\n"))))
        #expect(answer.status == "101")
        #expect(answer["Upgrade"] == ["websocket"])
        #expect(answer["Connection"] == ["Upgrade"])
        #expect(answer["Sec-WebSocket-Accept"] == [Handshake.accept])
        #expect(answer["Sec-WebSocket-Protocol"] == ["chat"])
        #expect(answer["Content-Length"] == [] && answer["Transfer-Encoding"] == [])
    }

    @Test(
        "J01: a request that is not as it must be is refused, and no node hears of it",
        arguments: [
            ("GET", "Connection", "", "400"), ("GET", "Sec-WebSocket-Key", "", "400"),
            ("GET", "Sec-WebSocket-Key", "Sec-WebSocket-Key: c2hvcnQ=\r\n", "400"),
            ("GET", "", "Sec-WebSocket-Key: \(Handshake.key)\r\n", "400"),
            ("GET", "Sec-WebSocket-Version", "", "426"),
            ("GET", "Sec-WebSocket-Version", "Sec-WebSocket-Version: 12\r\n", "426"),
            ("POST", "", "", "400"), ("POST", "", "Content-Length: 0\r\n", "400"),
            ("GET", "", "Content-Length: 10\r\n", "400"), ("GET", "", "Transfer-Encoding: chunked\r\n", "400"),
        ])
    func refused(method: String, missing: String, extra: String, status: String) throws {
        let rig = ProxyRig()
        let request = method + Handshake.request(leaving: missing, fields: extra).dropFirst(3)
        rig.ask(request + "GET /canary HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try #require(Message(rig.client.take()))
        #expect(answer.status == status)
        #expect(answer["Connection"].joined().contains("close"))
        #expect(!answer.body.contains("HTTP/1.1"), "the bytes behind it are no request")
        if status == "426" {
            #expect(answer["Upgrade"] == ["websocket"])
            #expect(answer["Sec-WebSocket-Version"] == ["13"])
        }
        #expect(rig.peers.isEmpty)
    }

    @Test("other upgrades are not passed on", arguments: ["h2c", "TLS/1.0", "foo", "websocketx", "x-websocket/1"])
    func otherUpgrades(name: String) throws {
        let rig = ProxyRig()
        let sent = rig.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: \(name)\r\n\r\n")
        #expect(!sent.contains("pgrade"))
        #expect(rig.answer(Handshake.answer()).hasPrefix("HTTP/1.1 502 "), "nobody asked for it")
    }

    @Test func `a client of HTTP 1.0 cannot switch, and gets an ordinary answer`() {
        let rig = ProxyRig()
        let request = Handshake.request().replacing("HTTP/1.1", with: "HTTP/1.0")
        #expect(!rig.ask(request).contains("Upgrade"))
        #expect(rig.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").hasSuffix("ok"))
    }

    @Test(
        "J02: an answer that does not answer the key is a bad gateway",
        arguments: [
            Handshake.answer(accept: "x"), Handshake.answer(accept: ""),
            Handshake.answer().replacing("Upgrade: websocket", with: "Upgrade: h2c"),
            Handshake.answer().replacing("Connection: Upgrade", with: "X: y"),
            Handshake.answer().replacing("HTTP/1.1", with: "HTTP/1.0"),
            Handshake.answer(fields: "Sec-WebSocket-Accept: \(Handshake.accept)\r\n"),
        ])
    func badAnswer(answer: String) {
        let rig = ProxyRig(attempts: 1)
        rig.ask(Handshake.request())
        #expect(rig.answer(answer).hasPrefix("HTTP/1.1 502 "))
        #expect(rig.node.isClosed)
    }

    @Test func `a node that refuses answers as always, and what follows is no request`() {
        let rig = ProxyRig()
        rig.ask(Handshake.request() + "GET /canary HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = rig.answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        #expect(answer.hasPrefix("HTTP/1.1 403 "))
        #expect(answer.contains("Connection: close\r\n"))
        #expect(answer.hasSuffix("no"))
        #expect(rig.peers.count == 1 && rig.node.received.isEmpty)
        #expect(rig.client.sawFinish)
    }

    // MARK: The tunnel

    @Test func `bytes go both ways as they come, those that came with the heads among them`() {
        let rig = ProxyRig()
        let request = rig.ask(Handshake.request() + "early")
        #expect(!request.contains("early"), "nothing is passed on before the node has agreed")
        #expect(rig.answer(Handshake.answer() + "hello").hasSuffix("\r\n\r\nhello"))
        #expect(rig.node.take() == "early")
        #expect(rig.ask("\u{0}one") == "\u{0}one")
        #expect(rig.answer("two") == "two")
        #expect(rig.ask("GET / HTTP/1.1\r\n\r\n") == "GET / HTTP/1.1\r\n\r\n")
    }

    @Test func `J11: an end in one direction leaves the other open`() {
        for isNodeFirst in [true, false] {
            let rig = Self.open()
            let (first, second) = isNodeFirst ? (rig.node, rig.client) : (rig.client, rig.node)
            first.send("last")
            first.finish()
            rig.loop.drain()
            #expect(second.take() == "last")
            #expect(second.sawFinish)
            #expect(!first.isClosed && !second.isClosed)
            for _ in 0..<3 {
                second.send("more")
                rig.loop.drain()
                #expect(first.take() == "more")
            }
            second.finish()
            rig.loop.drain()
            #expect(first.isClosed && second.isClosed)
        }
    }

    @Test func `J11: nothing is lost before an end, whatever room there is`() {
        let rig = Self.open()
        rig.client.room = 0
        rig.node.send([UInt8](repeating: 1, count: 300_000))
        rig.node.finish()
        rig.loop.drain()
        #expect(!rig.client.sawFinish)
        var total = 0
        for _ in 0..<400 where !rig.client.sawFinish {
            rig.client.room += 1_000
            rig.loop.drain()
            total += rig.client.received.count
            rig.client.received.removeAll()
        }
        #expect(total == 300_000)
        #expect(rig.client.sawFinish)
    }

    @Test func `a side that does not read makes the other wait`() {
        let rig = Self.open()
        rig.client.room = 0
        rig.node.room = 0
        for peer in [rig.client, rig.node] { peer.send([UInt8](repeating: 1, count: 1_000_000)) }
        rig.loop.drain()
        #expect(rig.client.unread > 700_000 && rig.node.unread > 700_000)
        rig.client.room = .max
        rig.node.room = .max
        rig.loop.drain()
        #expect(rig.client.received.count == 1_000_000 && rig.node.received.count == 1_000_000)
    }

    @Test func `when one side breaks off, the other is closed`() {
        for breaksNode in [true, false] {
            let rig = Self.open()
            (breaksNode ? rig.node : rig.client).reset()
            rig.loop.drain()
            #expect(breaksNode ? rig.client.sawFinish : rig.node.isClosed)
            rig.client.finish()
            rig.loop.drain()
            #expect(rig.client.isClosed && rig.node.isClosed)
            #expect(rig.parts.health.isEmpty, "a tunnel that breaks says nothing of the node")
            #expect(rig.loop.timers.count == 0)
        }
    }

    // MARK: Ends that we bring about

    @Test func `J12: a tunnel that is silent for too long is closed with 1001 on both sides`() {
        var pool = PoolConfiguration()
        pool.tunnelIdleTimeout = .seconds(100)
        let rig = Self.open(pool: pool)
        rig.loop.advance(by: .seconds(99))
        #expect(rig.ask("x") == "x")
        rig.loop.advance(by: .seconds(99))
        #expect(rig.client.received.isEmpty)
        // The client is in the middle of a frame, so the node is told when the frame is complete.
        rig.ask("\u{02}\u{05}He")
        rig.loop.advance(by: .seconds(100))
        #expect(takeFrames(of: rig.client) == [Self.farewell])
        #expect(rig.node.received.isEmpty)
        rig.loop.advance(by: .seconds(5))
        rig.client.finish()
        rig.loop.drain()
        #expect(rig.client.isClosed && rig.node.isClosed)
    }

    private static let farewell = "close 1001 the gateway closes this connection"

    @Test func `a stopping server puts its close between two frames, and waits for the answers`() {
        let rig = Self.open()
        rig.answer("\u{02}\u{05}He")  // A frame of 5 bytes, of which 2 have come.
        rig.drain()
        #expect(takeFrames(of: rig.node, as: .server) == [Self.farewell])
        #expect(rig.client.received.isEmpty)
        rig.node.send("llo\u{02}\u{01}z")  // The rest of it, and one that comes too late.
        rig.node.send([0x88, 2, 3, 233])
        rig.loop.drain()
        #expect(Array(rig.client.received.bytes.prefix(3)) == Array("llo".utf8))
        rig.client.received.consume(3)
        #expect(takeFrames(of: rig.client) == [Self.farewell])
        #expect(!rig.node.isClosed, "the client has not answered")
        rig.client.send([0x88, 0x82, 0, 0, 0, 0, 3, 233])
        rig.loop.drain()
        #expect(rig.node.isClosed && rig.client.sawFinish)
        rig.client.finish()
        rig.loop.drain()
        #expect(rig.client.isClosed)
    }

    @Test func `sides that do not answer a stopping server's close are cut off after 5 s`() {
        let rig = Self.open()
        rig.drain(within: .seconds(60))
        #expect(takeFrames(of: rig.client) == [Self.farewell])
        rig.loop.advance(by: .milliseconds(4_999))
        #expect(!rig.node.isClosed)
        rig.loop.advance(by: .milliseconds(1))
        #expect(rig.node.isClosed && rig.client.sawFinish)
        rig.loop.advance(by: .seconds(2))
        #expect(rig.client.isClosed)
    }

    @Test func `sides that are saying goodbye already are not told to by a stopping server`() {
        let rig = Self.open()
        rig.node.send([0x88, 2, 3, 232])
        rig.loop.drain()
        #expect(takeFrames(of: rig.client) == ["close 1000 "])
        rig.drain()
        #expect(rig.client.received.isEmpty)
        #expect(takeFrames(of: rig.node, as: .server) == [Self.farewell], "it may still be waiting for an answer")
    }
}
