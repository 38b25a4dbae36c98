import Bytes
import Gateway
import HTTP
import Reactor
import Server
import Synchronization
import TestSupport
import Testing

/// Waits until the client has left, and counts how many have.
private final class WaitingHandler: Handler {
    let left: Counter
    init(counting left: Counter) { self.left = left }

    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        while !exchange.shouldEnd { await exchange.wakeup.wait() }
        if exchange.isClientGone { left.add(1) }
        try await exchange.respond(.ok, contentType: "text/plain", text: "ended")
    }
}

/// Answers with the names and values of the trailers, and has trailers of its own.
private final class TrailerHandler: Handler {
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        var body = ByteBuffer()
        try await exchange.collectBody(into: &body, limit: 1_000)
        body.append("|\(exchange.requestTrailers)")
        var trailers = HeaderFields()
        trailers.append(name: "Grpc-Status", value: "0")
        try exchange.begin(ResponseHead(.ok), body: .chunked)
        try await exchange.write(&body)
        try exchange.end(trailers: trailers)
    }
}

struct HTTP2SessionTests {
    private func client(_ makeHandler: @escaping @Sendable (WorkerContext) -> any Handler = { _ in PathHandler() })
        -> HTTP2Client
    {
        HTTP2Client(Rig(makeHandler: makeHandler))
    }

    // MARK: How it begins

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

    // MARK: Requests and answers

    @Test func `a thousand requests on one connection leave nothing behind`() {
        let client = client()
        for number in 0..<1_000 {
            let stream = UInt32(number * 2 + 1)
            client.send(Wire.headers(stream, Wire.fields("POST", "/\(number)"), ends: false) + Wire.data(stream, "abc"))
            #expect(client.content(of: stream) == "POST /\(number) abc")
        }
        #expect(client.goAway == nil)
        #expect(client.rig.loop.timers.count < 5)
    }

    // I20.
    @Test func `a hundred requests at once are answered, and the hundred and first is refused`() {
        let left = Counter()
        let client = client { _ in WaitingHandler(counting: left) }
        client.send((0...100).flatMap { Wire.headers(UInt32($0 * 2 + 1)) })
        #expect(client.resetCode(of: 201) == .refusedStream)
        #expect(client.answers.filter { $0.type == .reset }.count == 1)
        client.send((0..<100).flatMap { Wire.reset(UInt32($0 * 2 + 1)) })
        #expect(left.value == 100)
        client.send(Wire.headers(203))
        #expect(client.resetCode(of: 203) == nil)
    }

    @Test func `a request costs two passes through the loop's queue: the connection's and its own`() {
        let client = client { _ in EchoHandler() }
        for number in 0..<5 { client.send(Wire.headers(UInt32(number * 2 + 1))) }
        client.rig.peer.send(Wire.headers(11))
        // The third sends the answer.
        #expect(client.rig.loop.drain() == 3)
        client.read()
        #expect(client.status(of: 11) == "200")
    }

    @Test(
        "errors are answered as in HTTP/1.1",
        arguments: [
            ("/fails", "404"), ("/silent", "500"), ("/" + String(repeating: "x", count: 9_000), "414"),
        ])
    func errors(path: String, status: String) {
        let client = client()
        client.send(Wire.headers(1, Wire.fields("GET", path)))
        #expect(client.status(of: 1) == status)
        #expect(client.content(of: 1).contains("\"code\":\(status)"))
        #expect(client.hasEnded(1))
    }

    @Test func `a tunnel and an unknown expectation are refused with an answer`() {
        let client = client()
        client.send(Wire.headers(1, [(":method", "CONNECT"), (":authority", "a:443")]))
        #expect(client.status(of: 1) == "501")
        client.send(Wire.headers(3, Wire.get + [("expect", "200-maybe")]))
        #expect(client.status(of: 3) == "417")
    }

    @Test func `fields over the limit are answered 431, and the connection goes on`() {
        let client = client()
        let many = (0...100).map { ("x-\($0)", "v") }
        client.send(Wire.headers(1, Wire.get + many))
        #expect(client.status(of: 1) == "431")
        let large = Wire.block(Wire.get + [("x", String(repeating: "v", count: 66_000))])
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: large.count, by: 16_384) {
            let piece = Array(large[start..<min(start + 16_384, large.count)])
            let flags: UInt8 = (start == 0 ? 1 : 0) | (start + 16_384 >= large.count ? 4 : 0)
            bytes += Wire.frame(start == 0 ? 1 : 9, flags: flags, stream: 3, piece)
        }
        client.send(bytes)
        #expect(client.status(of: 3) == "431")
        client.send(Wire.headers(5))
        #expect(client.status(of: 5) == "200")
    }

    @Test func `a client that waits for 100 is told to go on, but not when its body is too long`() {
        let client = client()
        let expecting = Wire.fields("POST", "/a", ("expect", "100-continue"))
        client.send(Wire.headers(1, expecting, ends: false))
        #expect(client.answers(on: 1).map(\.status) == ["100"])
        client.send(Wire.data(1, "abc"))
        #expect(client.content(of: 1) == "POST /a abc")
        client.send(Wire.headers(3, expecting + [("content-length", "200000")], ends: false))
        #expect(client.answers(on: 3).compactMap(\.status) == ["413"])
        #expect(client.resetCode(of: 3) == .noError)
    }

    @Test func `a body that nobody reads is thrown away for a while, then the client is told to stop`() {
        let client = client()
        client.send(Wire.headers(1, Wire.fields("POST", "/ignores"), ends: false) + Wire.data(1, "abc", ends: false))
        #expect(client.hasEnded(1))
        #expect(client.resetCode(of: 1) == nil)
        client.rig.loop.advance(by: .seconds(3))
        client.read()
        #expect(client.resetCode(of: 1) == .noError)
        // What was under way is ignored, and still counted.
        client.send(Wire.data(1))
        client.send(Wire.headers(3, Wire.fields("POST", "/ignores"), ends: false))
        for _ in 0..<2 { client.send(Wire.data(3, String(repeating: "x", count: 16_000), ends: false)) }
        #expect(client.resetCode(of: 3) == .noError)
        #expect(client.goAway == nil)
    }

    @Test func `an answer that breaks off is a reset and not an end`() {
        for path in ["/breaks", "/short"] {
            let client = client()
            client.send(Wire.headers(1, Wire.fields("GET", path)))
            #expect(!client.hasEnded(1))
            #expect(client.resetCode(of: 1) == .internalError)
            client.send(Wire.headers(3))
            #expect(client.status(of: 3) == "200")
        }
    }

    @Test(
        "an answer without content ends with its fields",
        arguments: [("GET", "/no-content"), ("GET", "/not-modified"), ("HEAD", "/a")])
    func withoutContent(method: String, path: String) {
        let client = client()
        client.send(Wire.headers(1, Wire.fields(method, path)))
        #expect(client.answers(on: 1).map(\.type) == [.headers])
        #expect(client.hasEnded(1))
        #expect(client.answers(on: 1)[0].fields.contains("content-length: 8") == (method == "HEAD"))
    }

    @Test func `trailers arrive in both directions, those that nobody may set without them`() {
        let client = client { _ in TrailerHandler() }
        client.send(Wire.headers(1, Wire.post, ends: false) + Wire.data(1, "abc", ends: false))
        client.send(Wire.headers(1, [("x-sum", "1"), ("content-length", "9"), ("authorization", "x")]))
        #expect(client.content(of: 1) == "abc|X-Sum: 1")
        #expect(client.answers(on: 1).last?.fields == ["grpc-status: 0"])
        #expect(client.answers(on: 1).last?.ends == true)
    }

    @Test func `every answer is in the access log`() {
        let lines = Lines()
        let rig = Rig(accessLog: { AccessLog(format: .text, clock: { "" }, sink: lines.append) }) { _ in PathHandler() }
        let client = HTTP2Client(rig)
        client.send(Wire.headers(1, Wire.fields("GET", "/a")) + Wire.headers(3, Wire.fields("GET", "/fails")))
        rig.flushLog()
        #expect(lines.text.contains("GET /a 200 7 bytes in 0.000 ms, from 127.0.0.1\n"))
        #expect(lines.text.contains("GET /fails 404 "))
    }

    // MARK: The end

    @Test func `a client that resets a stream or vanishes is gone for the handlers`() {
        let left = Counter()
        let client = client { _ in WaitingHandler(counting: left) }
        client.send(Wire.headers(1) + Wire.headers(3) + Wire.headers(5))
        client.send(Wire.reset(3))
        #expect(left.value == 1)
        client.rig.peer.reset()
        client.rig.loop.drain()
        #expect(left.value == 3)
        #expect(client.rig.peer.isClosed)
        client.rig.loop.advance(by: .seconds(100))
        #expect(client.rig.loop.timers.count == 0)
    }

    @Test func `a drained connection says so twice, answers what was under way, and ends`() {
        let client = client()
        client.send(Wire.headers(1, Wire.post, ends: false))
        let worker = client.rig.worker
        let cutOff = Counter()
        Task(executorPreference: client.rig.loop) { cutOff.add(1 + (await worker.drain(within: .seconds(10)))) }
        client.rig.loop.drain()
        client.read()
        #expect(client.goAway == .noError)
        #expect(client.answers.contains { $0.type == .ping })
        // The client did not know yet.
        client.send(Wire.headers(3))
        #expect(client.status(of: 3) == "200")
        client.send(Wire.frame(6, flags: 1, stream: 0, [UInt8](repeating: 0, count: 8)))
        let farewells = client.answers.filter { $0.type == .goAway }.map {
            $0.payload.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        }
        #expect(farewells == [0x7fff_ffff, 3])
        client.send(Wire.headers(5))
        #expect(client.resetCode(of: 5) == .refusedStream)
        #expect(!client.rig.peer.sawFinish)
        client.send(Wire.data(1, "abc"))
        #expect(client.content(of: 1) == "POST / abc")
        #expect(client.rig.peer.sawFinish)
        client.rig.peer.finish()
        client.rig.loop.drain()
        #expect(client.rig.peer.isClosed)
        #expect(cutOff.value == 1)
    }

    @Test func `endless answers end when the worker drains, though the client does not answer PING`() {
        let left = Counter()
        let client = client { _ in WaitingHandler(counting: left) }
        client.send(Wire.headers(1))
        let worker = client.rig.worker
        Task(executorPreference: client.rig.loop) { _ = await worker.drain(within: .seconds(10)) }
        client.rig.loop.drain()
        client.read()
        #expect(client.content(of: 1) == "ended")
        client.rig.loop.advance(by: .seconds(2))
        client.read()
        #expect(client.rig.peer.sawFinish)
    }

    @Test(
        "who lets time pass is told to go, or closed",
        arguments: [
            // The preface, or its acknowledgement, is missing.
            (Array(Wire.preface.prefix(10)), 11, nil, false), (Wire.preface, 11, .settingsTimeout, false),
            (Wire.preface + Wire.settings(), 11, .settingsTimeout, false),
            // Nothing is asked.
            ([], 74, nil, true), ([], 76, .noError, true),
            // A frame, and a block of fields, that do not become whole.
            ([0], 11, .enhanceYourCalm, true), (Wire.headers(1, whole: false), 11, .enhanceYourCalm, true),
        ] as [([UInt8], Int, HTTP2ErrorCode?, Bool)])
    func slow(bytes: [UInt8], seconds: Int, code: HTTP2ErrorCode?, greets: Bool) {
        let client = HTTP2Client(Rig(), greets: greets)
        client.send(bytes)
        for _ in 0..<seconds { client.rig.loop.advance(by: .seconds(1)) }
        client.read()
        #expect(client.goAway == code)
        #expect(client.rig.peer.sawFinish == (code != nil || !greets))
    }

    @Test func `bytes that dribble in do not win time for a block of fields`() {
        let client = client()
        client.send(Wire.headers(1, whole: false))
        for _ in 0..<11 {
            client.rig.loop.advance(by: .seconds(1))
            client.send(Wire.continuation(1, whole: false))
        }
        #expect(client.goAway == .enhanceYourCalm)
    }

    @Test func `a body that stops coming is answered 408`() {
        let client = client()
        client.send(Wire.headers(1, Wire.post, ends: false) + Wire.data(1, "abc", ends: false))
        client.rig.loop.advance(by: .seconds(31))
        client.read()
        #expect(client.status(of: 1) == "408")
        #expect(client.goAway == nil)
    }

    @Test func `an idle connection keeps its time after memory was given back`() {
        let client = client()
        client.send(Wire.headers(1))
        for _ in 0..<10 { client.rig.loop.advance(by: .seconds(6)) }
        client.send(Wire.headers(3))
        #expect(client.status(of: 3) == "200")
        for _ in 0..<12 { client.rig.loop.advance(by: .seconds(6)) }
        #expect(!client.rig.peer.sawFinish)
        client.rig.loop.advance(by: .seconds(6))
        #expect(client.rig.peer.sawFinish)
    }

    @Test func `the tables stay when memory is given back, and so does what is known of closed streams`() {
        let client = client()
        let entry: [UInt8] = [0x40, 1, 0x61, 1, 0x62]
        client.send(Wire.headers(1, after: entry))
        client.rig.loop.advance(by: .seconds(2))
        client.send(Wire.headers(3, after: [0xbe]))
        #expect(client.status(of: 3) == "200")
        client.rig.loop.advance(by: .seconds(2))
        client.send(Wire.data(1))
        #expect(client.goAway == .streamClosed)
    }

    @Test func `a time for idle connections that is shorter than any other is kept`() {
        var configuration = SessionConfiguration()
        configuration.idleTimeout = .milliseconds(500)
        let client = HTTP2Client(Rig(configuration: configuration, makeHandler: { _ in PathHandler() }))
        client.send(Wire.headers(1))
        client.rig.loop.advance(by: .milliseconds(500))
        #expect(client.rig.peer.sawFinish)
    }

    @Test func `two sizes of the table in one frame of settings are both acknowledged in the next block`() {
        let client = client()
        client.send(Wire.settings((1, 0), (1, 4_096)) + Wire.headers(1))
        // RFC 7541, 4.2: 0, which empties the table, and then 4,096.
        let head = client.answers(on: 1).first { $0.type == .headers }
        #expect(head.map { Array($0.payload.prefix(4)) } == [0x20, 0x3f, 0xe1, 0x1f])
        client.send(Wire.headers(3))
        #expect(client.status(of: 3) == "200")
    }
}
