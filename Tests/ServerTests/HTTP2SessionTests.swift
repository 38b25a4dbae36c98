import Bytes
import Gateway
import HTTP
import Reactor
import Server
import Synchronization
import TestSupport
import Testing

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

/// Requests and answers on one connection.
struct HTTP2SessionTests {
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
        let rig = Rig(accessLog: { AccessLog(format: .text, clock: { Moment(seconds: 0) }, sink: lines.append) }) { _ in
            PathHandler()
        }
        let client = HTTP2Client(rig)
        client.send(Wire.headers(1, Wire.fields("GET", "/a")) + Wire.headers(3, Wire.fields("GET", "/fails")))
        rig.flushLog()
        #expect(lines.text.contains("GET /a 200 7 bytes in 0.000 ms, from 127.0.0.1\n"))
        #expect(lines.text.contains("GET /fails 404 "))
    }
}
