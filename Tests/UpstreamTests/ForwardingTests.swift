import Reactor
import TestSupport
import Testing

struct ForwardingTests {
    @Test func `a request and its response pass unchanged but for the fields of the hop`() throws {
        let rig = ProxyRig()
        let seen = try #require(
            Message(rig.ask("POST /a//b?q=%20 HTTP/1.1\r\nHost: a.example\r\nX-One: 1\r\nContent-Length: 3\r\n\r\nabc"))
        )
        #expect(seen.startLine == "POST /a//b?q=%20 HTTP/1.1")
        #expect(seen["Host"] == ["a.example"])
        #expect(seen["X-One"] == ["1"])
        #expect(seen["Content-Length"] == ["3"])
        #expect(seen["Connection"] == [])
        #expect(seen.body == "abc")

        let got = try #require(
            Message(
                rig.answer(
                    "HTTP/1.1 201 Made\r\nContent-Length: 4\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nDate: then\r\n\r\ndone"
                )
            ))
        #expect(got.startLine == "HTTP/1.1 201 Created")
        #expect(got["Set-Cookie"] == ["a=1", "b=2"])
        #expect(got["Date"] == ["then"])
        #expect(got["Content-Length"] == ["4"])
        #expect(got.body == "done")
        #expect(rig.loop.drain() == 0)
    }

    @Test func `a request to be shown itself goes no further, whatever the other methods do`() throws {
        let rig = ProxyRig()
        rig.ask("TRACE /a HTTP/1.1\r\nHost: a\r\nCookie: secret\r\n\r\n")
        let got = try #require(Message(rig.client.take()))
        #expect(got.status == "405")
        #expect(got["Allow"].first?.contains("OPTIONS") == true)
        #expect(!got.body.contains("secret"))
        #expect(rig.peers.isEmpty)
        #expect(rig.ask("PROPFIND /a HTTP/1.1\r\nHost: a\r\n\r\n").hasPrefix("PROPFIND /a HTTP/1.1"))
    }

    @Test func `the same bytes pass when they come one at a time from both sides`() throws {
        let rig = ProxyRig()
        for byte in "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            .utf8
        {
            rig.client.send([byte])
            rig.loop.drain()
        }
        let seen = try #require(Message(rig.node.take()))
        #expect(unchunked(seen.body)?.content == "abcde")
        for byte in "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n2;a=b\r\nyz\r\n0\r\n\r\n".utf8 {
            rig.node.send([byte])
            rig.loop.drain()
        }
        let got = try #require(Message(rig.client.take()))
        #expect(got["Transfer-Encoding"] == ["chunked"])
        #expect(unchunked(got.body)?.content == "xyz")
        #expect(rig.parts.idleCount == 1)
    }

    @Test func `chunked content passes both ways, cut at every byte`() throws {
        let request = Array(
            "PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n".utf8)
        let response = Array(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwxyz\r\n0\r\nX-T: 2\r\n\r\n".utf8)
        let rig = ProxyRig()
        for cut in 1..<max(request.count, response.count) {
            for bytes in [request.prefix(cut), request.dropFirst(cut)] {
                rig.client.send(Array(bytes))
                rig.loop.drain()
            }
            let seen = try #require(Message(rig.node.take()))
            #expect(unchunked(seen.body)?.content == "abc", "request cut at \(cut)")
            for bytes in [response.prefix(cut), response.dropFirst(cut)] {
                rig.node.send(Array(bytes))
                rig.loop.drain()
            }
            let got = try #require(Message(rig.client.take()))
            #expect(unchunked(got.body)?.content == "wxyz", "response cut at \(cut)")
        }
        #expect(rig.peers.count == 1)
    }

    @Test func `trailers reach a client that asked for them, and no other`() throws {
        let response =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 9\r\nContent-Length: 1\r\nSet-Cookie: a\r\n\r\n"
        let rig = ProxyRig()
        let asked = try #require(
            Message(rig.roundTrip("GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: trailers\r\n\r\n", response)))
        #expect(unchunked(asked.body)?.trailers == "X-Sum: 9\r\n")
        let unasked = try #require(Message(rig.roundTrip(ProxyRig.get, response)))
        #expect(unchunked(unasked.body)?.trailers == "")
    }

    @Test func `a response to HEAD has the length of the content and none of it`() throws {
        let rig = ProxyRig()
        let got = rig.roundTrip(
            "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        #expect(try #require(Message(got))["Content-Length"] == ["1000"])
        #expect(got.hasSuffix("\r\n\r\n"))
        #expect(try #require(Message(rig.roundTrip())).body == "ok")
        #expect(rig.peers.count == 1)
    }

    @Test("204 and 304 have no content, whatever their fields say", arguments: ["204 No Content", "304 Not Modified"])
    func withoutContent(status: String) throws {
        let rig = ProxyRig()
        let got = try #require(
            Message(rig.roundTrip(ProxyRig.get, "HTTP/1.1 \(status)\r\nETag: \"x\"\r\nContent-Length: 7\r\n\r\n")))
        #expect(got.startLine == "HTTP/1.1 \(status)")
        #expect(got["Content-Length"] == (status.hasPrefix("204") ? [] : ["7"]))
        #expect(got["Transfer-Encoding"] == [])
        #expect(try #require(Message(rig.roundTrip())).body == "ok")
        #expect(rig.peers.count == 1)
    }

    @Test func `interim responses stay between us and the node`() throws {
        let rig = ProxyRig()
        rig.ask(ProxyRig.get)
        #expect(rig.answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n") == "")
        let got = try #require(Message(rig.answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")))
        #expect(got.status == "200")
        #expect(got["Link"] == [])
        #expect(got.body == "x")
    }

    @Test func `a body that ends with the connection becomes chunks, or for HTTP 1.0 ends with the connection`() throws
    {
        let rig = ProxyRig()
        rig.ask(ProxyRig.get)
        let head = try #require(Message(rig.answer("HTTP/1.1 200 OK\r\n\r\nabc")))
        #expect(head["Transfer-Encoding"] == ["chunked"])
        #expect(head.body == "3\r\nabc\r\n")
        rig.node.finish()
        rig.loop.drain()
        #expect(rig.client.take() == "0\r\n\r\n")
        #expect(rig.node.isClosed)
        #expect(rig.parts.idleCount == 0)
        #expect(!rig.client.isClosed)

        let old = ProxyRig()
        old.ask("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
        let got = try #require(
            Message(old.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")))
        #expect(got["Transfer-Encoding"] == [])
        #expect(got["Connection"] == ["close"])
        #expect(got.body == "abc")
        #expect(old.client.isClosed)
        #expect(old.parts.idleCount == 1)
    }

    @Test func `an HTTP 1.0 node is understood, and its connection is not kept`() throws {
        let rig = ProxyRig()
        let got = try #require(Message(rig.roundTrip(ProxyRig.get, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx")))
        #expect(got.startLine == "HTTP/1.1 200 OK")
        #expect(rig.node.isClosed)
    }

    // MARK: Section G: what leaves towards the node

    @Test("what a client may not say of itself, and what is for this hop, does not reach the node")
    func reserved() throws {
        let rig = ProxyRig()
        let seen = try #require(
            Message(
                rig.ask(
                    """
                    GET / HTTP/1.1\r
                    Host: a.example\r
                    Connection: X-Secret, X-Forwarded-For, X-Forwarded-Proto, Authorization, Content-Length, Host\r
                    X-Secret: 1\r
                    Authorization: Basic eA==\r
                    Keep-Alive: timeout=5\r
                    Proxy-Connection: keep-alive\r
                    Proxy-Authorization: Basic eA==\r
                    Upgrade: h2c\r
                    TE: gzip\r
                    X-Forwarded-For: 1.2.3.4\r
                    X-Forwarded-Host: evil\r
                    X-Forwarded-Prefix: /admin\r
                    X-Forwarded-Proto: https\r
                    Forwarded: host=evil\r
                    X-Real-IP: 1.2.3.4\r
                    True-Client-IP: 1.2.3.4\r
                    Micro-Service: x\r
                    X-Micro-Id: x\r
                    X-Api-Field-id: 9\r
                    \r\n
                    """)))
        #expect(seen["Host"] == ["a.example"])
        #expect(seen["Authorization"] == ["Basic eA=="])
        #expect(seen["X-Forwarded-For"] == ["192.0.2.7"])
        #expect(seen["X-Forwarded-Proto"] == ["http"])
        #expect(seen["X-Forwarded-Host"] == ["a.example"])
        #expect(seen["Forwarded"] == ["for=192.0.2.7;proto=http;host=\"a.example\""])
        #expect(seen["Via"] == ["1.1 micro"])
        for name in [
            "Connection", "X-Secret", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Upgrade", "TE",
            "X-Forwarded-Prefix", "X-Real-IP", "True-Client-IP", "Micro-Service", "X-Micro-Id", "X-Api-Field-id",
        ] {
            #expect(seen[name] == [], "\(name)")
        }
    }

    @Test func `a trusted proxy is believed, and its own address is added`() throws {
        let rig = ProxyRig(trusted: [try #require(AddressRange("192.0.2.0/24"))])
        let seen = try #require(
            Message(
                rig.ask(
                    "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\n\r\n"
                )))
        #expect(seen["X-Forwarded-For"] == ["203.0.113.1, 192.0.2.7"])
        #expect(seen["X-Forwarded-Proto"] == ["https"])
        #expect(seen["X-Forwarded-Host"] == ["b"])
    }

    @Test func `a request that was here before is answered 508 and goes nowhere`() {
        let rig = ProxyRig()
        rig.ask("GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 other, 1.1 micro\r\n\r\n")
        #expect(rig.client.take().hasPrefix("HTTP/1.1 508 "))
        #expect(rig.peers.isEmpty)
    }

    @Test func `a tunnel is refused, since nobody would look at what goes through it`() {
        let rig = ProxyRig()
        rig.ask("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n")
        #expect(rig.client.take().hasPrefix("HTTP/1.1 501 "))
        #expect(rig.peers.isEmpty)
    }

    @Test func `an upgrade that we cannot make is answered as if nobody had asked for it`() throws {
        let rig = ProxyRig()
        let seen = try #require(
            Message(rig.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0\r\n\r\n")))
        #expect(seen["Upgrade"] == [])
        #expect(seen["Connection"] == [])
        #expect(rig.answer("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n").hasPrefix("HTTP/1.1 426 "))
    }

    @Test func `fields of the hop behind us do not reach the client`() throws {
        let rig = ProxyRig()
        let got = try #require(
            Message(
                rig.roundTrip(
                    ProxyRig.get,
                    "HTTP/1.1 200 OK\r\nConnection: X-A\r\nX-A: 1\r\nKeep-Alive: timeout=5\r\nAlt-Svc: h3=\":1\"\r\nContent-Length: 0\r\n\r\n"
                )))
        for name in ["Connection", "X-A", "Keep-Alive", "Alt-Svc"] { #expect(got[name] == [], "\(name)") }
    }

    @Test func `a target in absolute form decides the host that the node sees`() throws {
        let rig = ProxyRig()
        let seen = try #require(Message(rig.ask("GET http://b.example/x?y HTTP/1.1\r\nHost: a\r\n\r\n")))
        #expect(seen.startLine == "GET /x?y HTTP/1.1")
        #expect(seen["Host"] == ["b.example"])
    }
}
