import Bytes
import Gateway
import HTTP
import Reactor
import Server
import Synchronization
import TestSupport
import Testing

/// How a connection comes to speak HTTP/2.
struct HTTP2BeginningTests {
    @Test func `a connection that begins with the preface speaks HTTP/2, though it comes byte by byte`() {
        let client = HTTP2Client(Rig(), greets: false)
        for byte in Wire.preface + Wire.settings() + Wire.headers(1, Wire.fields("GET", "/a")) { client.send([byte]) }
        #expect(client.answers.first?.type == .settings)
        #expect(client.content(of: 1) == "GET /a ")
    }

    @Test(
        "what only begins like the preface is HTTP/1.1",
        arguments: [
            ("PRI / HTTP/1.1\r\nHost: a\r\n\r\n", "200"), ("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "505"),
            ("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", "200"),
        ])
    func almostPreface(bytes: String, status: String) {
        let rig = Rig()
        var answer = ""
        for byte in bytes.utf8 {
            rig.peer.send([byte])
            rig.loop.drain()
            answer += rig.peer.take()
        }
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
    }

    @Test func `a client that has chosen h2 by ALPN must begin with the preface`() {
        let good = HTTP2Client(Rig(protocolName: "h2"))
        good.send(Wire.headers(1))
        #expect(good.status(of: 1) == "200")
        let bad = HTTP2Client(Rig(protocolName: "h2"), greets: false)
        bad.send(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        #expect(bad.goAway == .protocolError)
        let chosen = Rig(protocolName: "http/1.1")
        chosen.peer.send(Wire.preface)
        chosen.loop.drain()
        #expect(chosen.peer.take().hasPrefix("HTTP/1.1 505 "))
    }

    private static let upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"

    // I23.
    @Test func `a request may ask for HTTP/2, and is answered as the first stream`() {
        let rig = Rig()
        _ = rig.exchange("GET /before HTTP/1.1\r\nHost: a\r\n\r\n")
        // An initial window of 3 bytes.
        rig.peer.send("GET /a HTTP/1.1\r\nHost: a\r\n\(Self.upgrade)HTTP2-Settings: AAQAAAAD\r\n\r\n")
        rig.loop.drain()
        let line = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        #expect(Array(rig.peer.received.bytes.prefix(line.utf8.count)) == Array(line.utf8))
        rig.peer.received.consume(line.utf8.count)
        let client = HTTP2Client(rig, greets: false)
        client.read()
        #expect(client.content(of: 1) == "GET")
        client.send(
            Wire.preface + Wire.settings() + Wire.windowUpdate(1, 100) + Wire.headers(3, Wire.fields("GET", "/b")))
        #expect(client.content(of: 1) == "GET /a ")
        #expect(client.hasEnded(1))
        #expect(client.status(of: 3) == "200")
    }

    @Test(
        "a request that asks in another way is answered in HTTP/1.1",
        arguments: [
            "\(upgrade)", "\(upgrade)HTTP2-Settings: AAQAAAAD\r\nHTTP2-Settings: AAQAAAAD\r\n",
            "\(upgrade)HTTP2-Settings: !\r\n", "\(upgrade)HTTP2-Settings: AAQA\r\n",
            "\(upgrade)HTTP2-Settings: AAIAAAAC\r\n", "Upgrade: h2c\r\nHTTP2-Settings: AAQAAAAD\r\n",
            "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAQAAAAD\r\n",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h3c\r\nHTTP2-Settings: AAQAAAAD\r\n",
            "\(upgrade)HTTP2-Settings: AAQAAAAD\r\nContent-Length: 3\r\n",
        ])
    func upgradesIgnored(fields: String) {
        let body = fields.contains("Content-Length") ? "abc" : ""
        let answer = Rig().exchange("POST /a HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)")
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        #expect(answer.hasSuffix("POST /a \(body)"))
    }
}
