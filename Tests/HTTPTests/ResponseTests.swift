import Bytes
import HTTP
import Testing

/// Section H of the hardening cases: what comes back from a node.
struct ResponseTests {
    @Test(
        "a status line is a version and three digits, or the node is not believed",
        arguments: [
            ("HTTP/1.1 200 OK\r\n\r\n", 200), ("HTTP/1.1 200 \r\n\r\n", 200), ("HTTP/1.1 200\r\n\r\n", 200),
            ("HTTP/1.0 404 Not Found\r\n\r\n", 404), ("HTTP/1.1 299 Odd Phrase \u{e9}\r\n\r\n", 299),
            ("HTTP/1.1 999 x\r\n\r\n", 999), ("HTTP/1.1 100 Continue\r\n\r\n", 100),
            ("HTTP/1.1 99 x\r\n\r\n", nil), ("HTTP/1.1 1000 x\r\n\r\n", nil), ("HTTP/1.1 2xx x\r\n\r\n", nil),
            ("HTTP/1.1 099 x\r\n\r\n", nil), ("HTTP/1.1  200 x\r\n\r\n", nil), ("HTTP/1.1 +20 x\r\n\r\n", nil),
            ("HTTP/1.1\t200 x\r\n\r\n", nil), ("HTTP/2.0 200 x\r\n\r\n", nil), ("HTTP/1.10 200 x\r\n\r\n", nil),
            ("http/1.1 200 x\r\n\r\n", nil), ("HTTP/1.1 200OK\r\n\r\n", nil), ("<html>", nil), ("ICY 200 OK\r\n", nil),
            ("\r\nHTTP/1.1 200 OK\r\n\r\n", nil), ("HTTP/1.1 200 OK\n\n", nil), ("H\0", nil),
            ("HTTP/1.1 200 OK\r\nX: a\nb\r\n\r\n", nil), ("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", nil),
            ("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", nil), ("HTTP/1.1 200 OK\r\nX : a\r\n\r\n", nil),
        ] as [(String, Int?)])
    func statusLines(text: String, status: Int?) {
        #expect(outcome(text, upTo: [text.utf8.count]) == status)
        let count = text.utf8.count
        for cut in 0...count { #expect(outcome(text, upTo: [cut, count]) == status, "cut at \(cut)") }
        #expect(outcome(text, upTo: Array(0...count)) == status)
    }

    private func outcome(_ text: String, upTo ends: [Int]) -> Int? {
        let input = Array(text.utf8)
        var parser = ResponseParser()
        var head = ResponseHead(.imATest)
        for end in ends {
            do throws(ResponseProblem) {
                if let length = try parser.parse(input.span.extracting(0..<end), into: &head) {
                    return length == input.count ? head.status.code : -1
                }
            } catch {
                return nil
            }
        }
        return 0
    }

    @Test func `heads above the limits are refused before they end`() {
        let start = "HTTP/1.1 200 OK\r\n"
        #expect(outcome(start + String(repeating: "X: y\r\n", count: 10_000), upTo: [60_017]) == nil)
        let long = start + "X: " + String(repeating: "v", count: 1_000_000)
        #expect(outcome(long, upTo: [long.utf8.count]) == nil)
        let options = start + "Connection: " + String(repeating: "x,", count: 1_025) + "\r\n\r\n"
        #expect(outcome(options, upTo: [options.utf8.count]) == nil)
        let endless = "HTTP/1.1 200 " + String(repeating: "v", count: 10_000)
        #expect(outcome(endless, upTo: [endless.utf8.count]) == nil)
    }

    @Test func `interim responses are heads like any other`() throws {
        let input = Array("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\n\r\nrest".utf8)
        var parser = ResponseParser()
        var head = ResponseHead(.ok)
        let first = try #require(try parser.parse(input.span, into: &head))
        #expect(head.status.isInformational)
        let second = try #require(try parser.parse(input.span.extracting(first..<input.count), into: &head))
        #expect(head.status == .ok)
        #expect(head.fields.description == "X: y")
        #expect(first + second == input.count - 4)
    }

    // MARK: Passed on

    private func forward(
        _ text: String, _ framing: BodyFraming, keepAlive: Bool = true, version: Version = .http11,
        upgrades: Bool = false, keepsAlternatives: Bool = false
    ) throws -> String {
        var buffer = ByteBuffer()
        ForwardedResponse.write(
            try parsedResponse(text), framing: framing, keepAlive: keepAlive, version: version, upgrades: upgrades,
            keepsAlternatives: keepsAlternatives, to: &buffer)
        return buffer.text
    }

    @Test func `what was meant for our hop is stripped, and the rest is kept line by line`() throws {
        let cookies = (0..<50).map { "Set-Cookie: c\($0)=\($0)\r\n" }.joined()
        let text = try forward(
            "HTTP/1.0 200 Fine\r\n\(cookies)Connection: X-A, keep-alive\r\nX-A: 1\r\nKeep-Alive: timeout=5\r\n"
                + "Alt-Svc: h3=\":443\"\r\nLink: <a>\r\nLink: <b>\r\nStrict-Transport-Security: max-age=1\r\nX-B:2\r\n"
                + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\nTrailer: x\r\nUpgrade: h2c\r\nETag: e\r\n\r\n",
            .chunked)
        #expect(
            text == "HTTP/1.1 200 OK\r\n\(cookies)Link: <a>\r\nLink: <b>\r\nStrict-Transport-Security: max-age=1\r\n"
                + "X-B: 2\r\nETag: e\r\nTransfer-Encoding: chunked\r\n\r\n")
    }

    @Test func `a length is written when there is content, and kept for responses that only speak of it`() throws {
        let reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
        let start = "HTTP/1.1 200 OK\r\n"
        #expect(try forward(reply, .length(5)) == start + "Content-Length: 5\r\n\r\n")
        #expect(try forward(reply, .length(0)) == start + "Content-Length: 0\r\n\r\n")
        #expect(try forward(reply, .none) == start + "Content-Length: 5\r\n\r\n")
        #expect(try forward("HTTP/1.1 200 OK\r\n\r\n", .none) == start + "\r\n")
        #expect(try forward("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", .none) == start + "\r\n")
        let both = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(try forward(both, .none) == start + "\r\n")
        let unmodified = "HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n"
        #expect(try forward(unmodified, .none) == "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")
        let empty = "HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n"
        #expect(try forward(empty, .none) == "HTTP/1.1 204 No Content\r\n\r\n")
    }

    @Test func `the client is told what becomes of its connection`() throws {
        let reply = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        let start = "HTTP/1.1 200 OK\r\n"
        #expect(try forward(reply, .untilClose, keepAlive: false) == start + "Connection: close\r\n\r\n")
        #expect(
            try forward(reply, .length(1), version: .http10)
                == start + "Content-Length: 1\r\nConnection: keep-alive\r\n\r\n")
        let interim = "HTTP/1.1 103 x\r\nLink: y\r\n\r\n"
        #expect(try forward(interim, .none, keepAlive: false) == "HTTP/1.1 103 Early Hints\r\nLink: y\r\n\r\n")
        let switching = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: k\r\n\r\n"
        #expect(
            try forward(switching, .none, upgrades: true) == "HTTP/1.1 101 Switching Protocols\r\n"
                + "Sec-WebSocket-Accept: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    }

    @Test func `other addresses of the node are passed on only when asked for`() throws {
        let reply = "HTTP/1.1 200 OK\r\nAlt-Svc: clear\r\n\r\n"
        #expect(try !forward(reply, .length(0)).contains("Alt-Svc"))
        #expect(try forward(reply, .length(0), keepsAlternatives: true).contains("Alt-Svc: clear\r\n"))
    }

    // MARK: Our own

    @Test func `heads and chunks that are written are read back the same`() throws {
        var fields = HeaderFields()
        fields.append(.contentType, "text/plain")
        fields.append(name: "X-One", value: "1")
        var buffer = ByteBuffer()
        HeadWriter.write(RequestHead(method: .put, target: "/a b?c", authority: "h", fields: fields), to: &buffer)
        #expect(buffer.text == "PUT /a%20b?c HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nX-One: 1\r\n\r\n")
        #expect(try parsedRequest(buffer.text).fields.count == 3)

        buffer.removeAll()
        HeadWriter.write(ResponseHead(.notFound, fields: fields), to: &buffer)
        #expect(buffer.text == "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nX-One: 1\r\n\r\n")

        buffer.removeAll()
        HeadWriter.writeField(.location, "/a\r\nX: y", to: &buffer)
        HeadWriter.writeField(.contentLength, 12, to: &buffer)
        HeadWriter.writeField(.connection, "close", to: &buffer)
        #expect(buffer.text == "Location: /a  X: y\r\nContent-Length: 12\r\nConnection: close\r\n")
    }

    @Test(
        "the size of a chunk is written in as few digits as it needs",
        arguments: [
            (1, "1"), (9, "9"), (10, "a"), (15, "f"), (16, "10"), (255, "ff"), (4_096, "1000"), (74_565, "12345"),
        ])
    func chunkSizes(size: Int, text: String) {
        var buffer = ByteBuffer()
        HeadWriter.writeChunkSize(size, to: &buffer)
        HeadWriter.writeChunkEnd(to: &buffer)
        #expect(buffer.text == text + "\r\n\r\n")
    }

    @Test func `the last chunk carries the trailers`() {
        var buffer = ByteBuffer()
        HeadWriter.writeLastChunk(to: &buffer)
        #expect(buffer.text == "0\r\n\r\n")
        var trailers = HeaderFields()
        trailers.append(name: "X-T", value: "v")
        HeadWriter.writeLastChunk(trailers: trailers, to: &buffer)
        #expect(buffer.text == "0\r\n\r\n0\r\nX-T: v\r\n\r\n")
    }
}

extension Status {
    /// No response of these tests has it.
    fileprivate static var imATest: Status { .loopDetected }
}
