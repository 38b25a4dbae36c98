import Bytes
import Gateway
import HTTP
import Reactor
import Server
import Synchronization
import TestSupport
import Testing

/// Opens a tunnel and sends back what comes through it, or does what else the path says.
private final class TunnelHandler: Handler, Sendable {
    let left = Counter()

    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        let path = exchange.request.path
        guard exchange.webSocketOffer == .extendedConnect, path != "/ignores" else {
            return try await exchange.respond(.ok, contentType: "text/plain", text: "\(exchange.request.method)")
        }
        guard exchange.request.method == .get, exchange.requestBody == .none else { return }
        guard path != "/refuses" else { throw GatewayError(.notFound, "nothing is here") }
        var bytes = ByteBuffer()
        guard try await exchange.readBody(into: &bytes, atMost: 100) == 0 else { return }
        var head = ResponseHead(.switchingProtocols)
        for (name, value) in [
            ("Sec-WebSocket-Accept", "x"), ("Sec-WebSocket-Protocol", "chat"), ("Upgrade", "websocket"),
            ("Connection", "Upgrade"), ("Content-Length", "7"),
        ] { head.fields.append(name: name, value: value) }
        try exchange.switchProtocols(head)
        if path == "/abandons" { return }
        if path == "/fails" { throw GatewayError(.fault, "it went wrong") }
        if path == "/stops" {
            while !exchange.isStopping { await exchange.wakeup.wait() }
            return try exchange.end()
        }
        do throws(GatewayError) {
            while try await exchange.readBody(into: &bytes, atMost: 65_536) > 0 {
                try await exchange.write(&bytes)
                try exchange.flush()
            }
        } catch {
            left.add(1)
            throw error
        }
        bytes.append("end")
        try await exchange.write(&bytes)
        try exchange.end()
    }
}

/// WebSockets over HTTP/2 (RFC 8441), as far as the session is concerned.
struct HTTP2TunnelTests {
    private let handler = TunnelHandler()

    private static func connect(_ path: String = "/", protocolName: String = "websocket") -> Wire.Fields {
        Wire.fields("CONNECT", path, (":protocol", protocolName), ("sec-websocket-version", "13"))
    }

    private func client(_ configuration: SessionConfiguration = SessionConfiguration()) -> HTTP2Client {
        HTTP2Client(Rig(configuration: configuration, makeHandler: { [handler] _ in handler }))
    }

    @Test func `the settings offer it`() throws {
        let settings = try #require(client().answers.first { $0.type == .settings })
        let values = stride(from: 0, to: settings.payload.count, by: 6).map { Array(settings.payload[$0..<$0 + 6]) }
        #expect(values.contains([0, 8, 0, 0, 0, 1]))
    }

    @Test func `what DATA carries are the bytes of the tunnel, both ways, until each side has ended`() throws {
        let client = client()
        client.send(Wire.headers(1, Self.connect(), ends: false))
        let head = try #require(client.answers(on: 1).first)
        #expect(head.status == "200" && !head.ends)
        #expect(head.fields.contains("sec-websocket-protocol: chat"))
        for name in ["sec-websocket-accept", "upgrade", "connection", "content-length"] {
            #expect(!head.fields.contains { $0.hasPrefix("\(name):") })
        }
        client.send(Wire.data(1, "one", ends: false))
        #expect(client.content(of: 1) == "one")
        client.send(Wire.headers(3) + Wire.data(1, "two", ends: false))
        #expect(client.status(of: 3) == "200", "the connection goes on meanwhile")
        #expect(client.content(of: 1) == "onetwo" && !client.hasEnded(1))
        client.send(Wire.data(1, "three"))
        #expect(client.content(of: 1) == "onetwothreeend" && client.hasEnded(1))
        #expect(client.resetCode(of: 1) == nil && client.goAway == nil)
    }

    @Test func `what is sent before the answer belongs to the tunnel`() {
        let client = client()
        client.send(Wire.headers(1, Self.connect(), ends: false) + Wire.data(1, "early"))
        #expect(client.content(of: 1) == "earlyend" && client.hasEnded(1))
        client.send(Wire.headers(3, Self.connect()))
        #expect(client.content(of: 3) == "end" && client.hasEnded(3))
    }

    @Test(
        "an extended CONNECT that is not as it must be is malformed (I18, RFC 8441, 4)",
        arguments: [
            [(":method", "CONNECT"), (":protocol", "websocket"), (":authority", "a")],
            [(":method", "CONNECT"), (":protocol", "websocket"), (":authority", "a"), (":path", "/")],
            [(":method", "CONNECT"), (":protocol", "websocket"), (":authority", "a"), (":scheme", "http")],
            [(":method", "CONNECT"), (":protocol", "websocket"), (":path", "/"), (":scheme", "http")],
            Wire.fields("GET", "/", (":protocol", "websocket")),
            Wire.fields("connect", "/", (":protocol", "websocket")),
            Wire.fields("CONNECT", "/", (":protocol", "websocket"), (":protocol", "websocket")),
            Wire.fields("CONNECT", "/", (":protocol", "")), Wire.fields("CONNECT", "/", (":protocol", "web socket")),
            Wire.fields("CONNECT", "*", (":protocol", "websocket")), Wire.fields("CONNECT", "a:1"),
            Wire.fields("CONNECT", "/", (":protocol", "websocket"), ("upgrade", "websocket")),
            Wire.fields("CONNECT", "/", (":protocol", "websocket"), ("connection", "upgrade")),
            Wire.fields("CONNECT", "/", (":protocol", "websocket"), ("content-length", "0")),
            Wire.fields("CONNECT", "/", (":protocol", "websocket"), ("content-length", "3")),
            Wire.fields("CONNECT", "/", ("a", "b"), (":protocol", "websocket")),
            [
                (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "ws"), (":path", "/"),
                (":authority", "a"),
            ],
        ])
    func malformed(fields: Wire.Fields) {
        let client = client()
        client.send(Wire.headers(1, fields, ends: false))
        #expect(client.resetCode(of: 1) == .protocolError && client.status(of: 1) == nil)
    }

    @Test func `a protocol that nobody speaks is answered with 501`() {
        let client = client()
        client.send(Wire.headers(1, Self.connect(protocolName: "connect-udp"), ends: false))
        #expect(client.status(of: 1) == "501" && client.hasEnded(1))
        client.send(Wire.headers(3, Self.connect(protocolName: "WebSocket"), ends: false))
        #expect(client.status(of: 3) == "200" && !client.hasEnded(3))
        client.send(Wire.headers(5))
        #expect(client.content(of: 5) == "GET", "what one stream was asked for is forgotten")
    }

    @Test func `a tunnel is refused like any request, and no other success may look like one`() {
        let client = client()
        client.send(Wire.headers(1, Self.connect("/refuses"), ends: false) + Wire.data(1, "early", ends: false))
        #expect(client.status(of: 1) == "404" && client.hasEnded(1))
        client.send(Wire.headers(3, Self.connect("/ignores"), ends: false))
        #expect(client.status(of: 3) == "400" && client.hasEnded(3))
        #expect(client.content(of: 3).contains("no WebSocket"))
    }

    @Test func `fields in a tunnel are an error of its stream (RFC 9113, 8.5)`() {
        let client = client()
        client.send(Wire.headers(1, Self.connect(), ends: false))
        client.send(Wire.headers(1, [("x", "y")]))
        #expect(client.resetCode(of: 1) == .protocolError && client.goAway == nil)
    }

    @Test("a tunnel that is given up is cancelled", arguments: ["/abandons", "/fails"])
    func cancelled(path: String) {
        let client = client()
        client.send(Wire.headers(1, Self.connect(path), ends: false))
        #expect(client.status(of: 1) == "200" && !client.hasEnded(1))
        #expect(client.resetCode(of: 1) == .cancel)
        client.send(Wire.headers(3))
        #expect(client.status(of: 3) == "200" && client.goAway == nil)
    }

    @Test func `a client that resets the stream is gone`() {
        let client = client()
        client.send(Wire.headers(1, Self.connect(), ends: false))
        client.send(Wire.reset(1))
        #expect(handler.left.value == 1)
        client.send(Wire.headers(3, Self.connect(), ends: false))
        client.rig.peer.reset()
        client.rig.loop.drain()
        #expect(handler.left.value == 2)
    }

    @Test func `a tunnel learns that the server is stopping, and the client that it has ended`() {
        let client = client()
        client.send(Wire.headers(1, Self.connect("/stops"), ends: false))
        #expect(!client.hasEnded(1))
        let worker = client.rig.worker
        Task(executorPreference: client.rig.loop) { _ = await worker.drain(within: .seconds(5)) }
        client.rig.loop.drain()
        client.read()
        #expect(client.hasEnded(1) && client.resetCode(of: 1) == nil)
    }

    @Test func `a tunnel may be silent or blocked for longer than any body`() {
        var configuration = SessionConfiguration()
        configuration.bodyTimeout = .seconds(2)
        let client = client(configuration)
        client.send(Wire.settings((4, 3)) + Wire.headers(1, Self.connect(), ends: false))
        client.rig.loop.advance(by: .seconds(10))
        client.send(Wire.data(1, "blocked", ends: false))
        client.rig.loop.advance(by: .seconds(10))
        client.read()
        #expect(client.content(of: 1) == "blo" && client.resetCode(of: 1) == nil)
        client.send(Wire.windowUpdate(1, 100))
        #expect(client.content(of: 1) == "blocked")
    }

    @Test func `a client that does not read is not read either, and others are not held up`() {
        let client = client()
        let piece = String(repeating: "x", count: 10_000)
        client.send(Wire.settings((4, 1)) + Wire.headers(1, Self.connect(), ends: false))
        for _ in 0..<6 { client.send(Wire.data(1, piece, ends: false)) }
        let before = client.answers(on: 1).filter { $0.type == .windowUpdate }.reduce(0) { $0 + $1.increment }
        #expect(before <= 65_536, "what was read is one piece that could not be sent")
        client.send(Wire.headers(3) + Wire.windowUpdate(3, 100))
        #expect(client.content(of: 3) == "GET")
        client.send(Wire.windowUpdate(1, 1 << 20))
        #expect(client.content(of: 1).count == 60_000)
    }
}
