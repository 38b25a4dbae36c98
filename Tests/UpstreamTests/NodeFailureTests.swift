import Gateway
import Reactor
import Server
import TestSupport
import Testing
import Upstream

/// Section H: what comes back from a node that is broken or hostile.
struct NodeFailureTests {
    private static let tenThousandFields = (0..<10_000).map { "X-\($0): 1\r\n" }.joined()

    @Test(
        "an answer that is no clean answer becomes 502, and none of its bytes reach the client",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nleak!",
            "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nleak!",
            "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nleak!",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nleak!",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nleak!",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nleak!",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\nleak!",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nleak!",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nleak!", "HTTP/1.1 200 OK\r\nX: a\nleak: b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: a\0leak\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\r\n leak\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX : leak\r\n\r\n", "HTTP/1.1 200 OK\r\nleak\r\n\r\n", "HTTP/1.1 99 leak\r\n\r\n",
            "HTTP/1.1 1000 leak\r\n\r\n", "HTTP/1.1 2xx leak\r\n\r\n", "HTTP/2.0 200 leak\r\n\r\n",
            "HTTP/1.1 101 leak\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "<html>leak</html>\r\n\r\n",
            "leak", "HTTP/1.1 200 OK\r\nX-Leak: \(String(repeating: "a", count: 1_000_000))\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\(tenThousandFields)\r\n",
            String(repeating: "HTTP/1.1 103 Leak\r\n\r\n", count: 33) + "HTTP/1.1 200 OK\r\n\r\nleak",
        ])
    func broken(answer: String) throws {
        let rig = ProxyRig()
        rig.ask(ProxyRig.get)
        var text = rig.answer(answer)
        // A GET may be asked of a node once more; it gives the same answer.
        if text.isEmpty, rig.peers.count > 1 { text = rig.answer(answer) }
        let got = try #require(Message(text))
        #expect(got.status == "502")
        #expect(!text.lowercased().contains("leak"))
        #expect(rig.peers.allSatisfy { $0.isClosed })
        #expect(rig.parts.idleCount == 0)
        // The client's connection is as good as before.
        #expect(try #require(Message(rig.roundTrip())).body == "ok")
    }

    @Test func `a missing reason phrase is forgiven`() throws {
        for line in ["HTTP/1.1 200 ", "HTTP/1.1 200"] {
            let got = try #require(
                Message(ProxyRig().roundTrip(ProxyRig.get, "\(line)\r\nContent-Length: 1\r\n\r\nx")))
            #expect(got.startLine == "HTTP/1.1 200 OK")
        }
    }

    @Test func `with both a length and chunks the chunks win, and the connection is not kept`() throws {
        let rig = ProxyRig()
        let got = try #require(
            Message(
                rig.roundTrip(
                    ProxyRig.get,
                    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")))
        #expect(got["Content-Length"] == [])
        #expect(unchunked(got.body)?.content == "x")
        #expect(rig.node.isClosed)
    }

    @Test func `bytes behind an answer are thrown away with their connection`() throws {
        let rig = ProxyRig()
        let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        let got = rig.roundTrip(ProxyRig.get, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\(evil)")
        #expect(got.hasSuffix("\r\n\r\nok"))
        #expect(rig.node.isClosed)
        #expect(try #require(Message(rig.roundTrip())).body == "ok")
        #expect(rig.peers.count == 2)
    }

    @Test func `bytes that nobody asked for make an idle connection useless`() throws {
        let rig = ProxyRig()
        rig.roundTrip()
        rig.node.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        rig.loop.drain()
        #expect(try #require(Message(rig.roundTrip())).body == "ok")
        #expect(rig.peers.count == 2)
        #expect(rig.peers[0].isClosed)
        #expect(rig.peers[0].take() == "")
    }

    @Test(
        "an answer that breaks off in the middle breaks off for the client too",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n", true),
            // A body that ends with the connection ends with FIN, not with a reset.
            ("HTTP/1.1 200 OK\r\n\r\nabc", true),
        ])
    func truncated(answer: String, byReset: Bool) throws {
        let rig = ProxyRig()
        rig.ask(ProxyRig.get)
        var text = rig.answer(answer)
        #expect(text.contains("abc"))
        if byReset { rig.node.reset() } else { rig.node.finish() }
        rig.loop.drain()
        text += rig.client.take()
        #expect(!text.hasSuffix("0\r\n\r\n"))
        #expect(rig.client.isClosed)
        #expect(rig.node.isClosed)
        #expect(rig.peers.count == 1)
    }

    @Test(
        "a malformed chunk ends the client's connection, not its body",
        arguments: ["5Z\r\nleak!", "0x5\r\nleak!", "+5\r\nleak!", "\r\nleak!", "3\r\nabcleak!", "5;\r\nleak!"])
    func chunk(bytes: String) {
        let rig = ProxyRig()
        let text = rig.roundTrip(
            ProxyRig.get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n\(bytes)")
        #expect(!text.contains("leak"))
        #expect(!text.hasSuffix("0\r\n\r\n"))
        #expect(rig.client.isClosed)
        #expect(rig.node.isClosed)
    }

    // MARK: Nodes that cannot be asked

    @Test func `a node that refuses is passed over, and rests`() throws {
        let rig = ProxyRig(nodes: ["10.0.0.1:80", "10.0.0.2:80"])
        rig.parts.transport.refused = ["10.0.0.1:80"]
        #expect(
            try #require(Message(rig.roundTrip("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy"))).body
                == "ok")
        rig.roundTrip()
        rig.roundTrip()
        #expect(rig.parts.transport.asked == ["10.0.0.1:80", "10.0.0.2:80"])
    }

    @Test func `when no node takes the request the client is told why, and when to come back`() throws {
        let rig = ProxyRig()
        rig.parts.transport.refused = [ProxyRig.address]
        rig.ask(ProxyRig.get)
        let got = try #require(Message(rig.client.take()))
        #expect(got.status == "502")
        #expect(got["Retry-After"] == ["1"])
        #expect(got["Content-Type"] == ["application/json"])
        #expect(!got.body.contains("10.0.0.1"))
        #expect(!rig.client.isClosed)
    }

    @Test func `no more nodes are tried than attempts are allowed`() throws {
        let nodes = (1...5).map { "10.0.0.\($0):80" }
        let rig = ProxyRig(nodes: nodes, attempts: 3)
        rig.parts.transport.refused = Set(nodes)
        rig.ask(ProxyRig.get)
        #expect(rig.client.take().hasPrefix("HTTP/1.1 502 "))
        #expect(rig.parts.transport.asked == Array(nodes.prefix(3)))
    }

    @Test func `a request that may be repeated is asked of another node, one that may not is not`() throws {
        let get = ProxyRig(nodes: ["10.0.0.1:80", "10.0.0.2:80"])
        get.ask(ProxyRig.get)
        get.node.reset()
        get.loop.drain()
        #expect(get.peers.count == 2)
        #expect(get.node.take().hasPrefix("GET /a "))
        #expect(try #require(Message(get.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))).status == "200")

        let post = ProxyRig(nodes: ["10.0.0.1:80", "10.0.0.2:80"])
        post.ask("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        post.node.reset()
        post.loop.drain()
        #expect(post.peers.count == 1)
        #expect(post.client.take().hasPrefix("HTTP/1.1 502 "))
    }

    // MARK: Time

    @Test func `a node that does not let itself be connected is passed over after the limit`() {
        let rig = ProxyRig(nodes: ["10.0.0.1:80", "10.0.0.2:80"])
        rig.parts.transport.silent = ["10.0.0.1:80"]
        rig.ask(ProxyRig.get)
        #expect(rig.peers.isEmpty)
        rig.loop.advance(by: .milliseconds(999))
        #expect(rig.peers.isEmpty)
        rig.loop.advance(by: .milliseconds(2))
        #expect(rig.node.take().hasPrefix("GET /a "))
    }

    @Test func `a node that says nothing is answered for with 504`() {
        let rig = ProxyRig()
        rig.ask(ProxyRig.get)
        rig.loop.advance(by: .seconds(29))
        #expect(rig.client.take() == "")
        rig.loop.advance(by: .seconds(2))
        #expect(rig.client.take().hasPrefix("HTTP/1.1 504 "))
        #expect(rig.node.isClosed)
        #expect(!rig.client.isClosed)
        #expect(rig.peers.count == 1)
    }

    @Test func `the limit is between two bytes, not on the whole answer`() throws {
        let rig = ProxyRig()
        rig.ask(ProxyRig.get)
        var text = rig.answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        for _ in 0..<5 {
            rig.loop.advance(by: .seconds(25))
            text += rig.answer("x")
        }
        #expect(try #require(Message(text)).body == "xxxxx")
        rig.loop.advance(by: .seconds(31))
        #expect(rig.client.isClosed)
        #expect(rig.node.isClosed)
    }

    @Test func `a client that takes nothing is given up, and its node is not blamed`() {
        let rig = ProxyRig()
        rig.ask(ProxyRig.get)
        rig.client.room = 100
        rig.answer("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n\(String(repeating: "x", count: 500_000))")
        rig.loop.advance(by: .seconds(31))
        #expect(rig.client.isClosed)
        #expect(rig.node.isClosed)
        #expect(rig.parts.health.isEmpty)
    }

    @Test func `a client that sends nothing more is told 408, and its node is not blamed`() {
        let rig = ProxyRig()
        rig.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n1234")
        rig.loop.advance(by: .seconds(31))
        #expect(rig.client.take().hasPrefix("HTTP/1.1 408 "))
        #expect(rig.node.isClosed)
        #expect(rig.parts.health.isEmpty)
    }
}
