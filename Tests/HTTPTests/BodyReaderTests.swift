import HTTP
import Testing

/// Sections D and E of the hardening cases: content, and its framing taken off.
struct BodyReaderTests {
    private func read(_ text: String, framing: BodyFraming = .chunked, closes: Bool = false) -> ReadBody {
        let input = Array(text.utf8)
        return readBody(input, framing: framing, upTo: [input.count], closes: closes)
    }

    @Test(
        "chunks are put one after the other, and what follows them is left",
        arguments: [
            ("0\r\n\r\n", "", "", ""), ("5\r\nhello\r\n0\r\n\r\nGET /", "hello", "", "GET /"),
            ("1\r\na\r\n1\r\nb\r\n0\r\n\r\n", "ab", "", ""), ("00a\r\n0123456789\r\n000\r\n\r\n", "0123456789", "", ""),
            ("A\r\n0123456789\r\n0\r\n\r\n\0", "0123456789", "", "\0"),
            ("5;a\r\nhello\r\n0;b=c\r\n\r\n", "hello", "", ""),
            ("5;a=b;c=\"d\\\"e;\"\r\nhello\r\n0\r\n\r\n", "hello", "", ""),
            ("5;a = b ; c\r\nhello\r\n0\r\n\r\n", "hello", "", ""),
            ("0\r\nX-T: v\r\n\r\nrest", "", "X-T: v", "rest"),
            ("0\r\nX-T: v\r\nX-U:w\r\n\r\n", "", "X-T: v\nX-U: w", ""),
            (
                "0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\nHost: h\r\nAuthorization: a\r\nCookie: c\r\n"
                    + "Set-Cookie: d\r\nContent_Length: 9\r\nX-Forwarded-For: f\r\nMicro-Service: m\r\nx: y\r\n"
                    + "ETag: e\r\nX-Api-Body: b\r\nTrailer: t\r\nX.Forwarded.For: f\r\n\r\n",
                "", "x: y\nETag: e", ""
            ),
        ])
    func chunks(input: String, content: String, trailers: String, rest: String) {
        let result = read(input)
        #expect(result == ReadBody(content: content, trailers: trailers, rest: rest, isComplete: true))
        let bytes = Array(input.utf8)
        for cut in 0...bytes.count {
            #expect(readBody(bytes, framing: .chunked, upTo: [cut, bytes.count]) == result, "cut at \(cut)")
        }
        #expect(readBody(bytes, framing: .chunked, upTo: Array(0...bytes.count)) == result)
    }

    @Test(
        "a chunk that two servers might read differently is refused",
        arguments: [
            "0x5\r\nhello", "+5\r\nhello", "-5\r\nhello", "5_0\r\n", " 5\r\nhello", "5 \r\nhello", "\t5\r\n",
            "5Z\r\nhello",
            "\r\n", "\n", "5\nhello", "5\r5\r\n", "5\r\nhelloX\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r0",
            "5\r\nhello0\r\n\r\n", "5;\r\nhello", "5;=b\r\n", "5;[=x\r\n", "5;a=\"\n\"\r\n", "5;a=\"b\r\n", "5;a=\r\n",
            "5;a=b\nhello", "5;a=\"b\"c\r\n", "5;a b\r\n", "5; \r\n", "5;a;\r\n", "5 ;a\r\n", "5;a=\"\0\"\r\n",
            "5;a=b \r\n",
            "5,6\r\n", "INVALID!!!\r\nGET /x HTTP/1.1", "fffffffffffffffff\r\n", "0000000000000000\r\n",
            "8000000000000000\r\n", "5;a\u{7f}\r\n",
        ])
    func malformed(input: String) {
        let result = read(input)
        #expect(result.problem == .malformedChunk)
        #expect(!result.isComplete)
        let bytes = Array(input.utf8)
        let bytewise = readBody(bytes, framing: .chunked, upTo: Array(0...bytes.count))
        #expect(bytewise.problem == .malformedChunk)
    }

    @Test(
        "trailers are as strict as fields, and smaller",
        arguments: [
            ("0\r\nX\r\n\r\n", BodyProblem.malformedTrailers), ("0\r\n X: y\r\n\r\n", .malformedTrailers),
            ("0\r\nX: y\n\r\n", .malformedTrailers), ("0\r\n\n", .malformedTrailers),
            ("0\r\nX: \(String(repeating: "v", count: 1_000_000))\r\n\r\n", .longTrailers),
            ("0\r\n\(String(repeating: "X: y\r\n", count: 10_000))\r\n", .longTrailers),
        ])
    func malformedTrailers(input: String, problem: BodyProblem) {
        #expect(read(input).problem == problem)
    }

    @Test func `extensions cannot make content cost more than it is worth`() {
        let long = String(repeating: "x", count: 300)
        #expect(read("1;\(long)\r\na\r\n0\r\n\r\n").problem == .longExtensions)
        let many = String(repeating: "1;\(long.prefix(200))\r\na\r\n", count: 200)
        #expect(read(many).problem == .longExtensions)
        let plain = String(repeating: "1\r\na\r\n", count: 50_000)
        #expect(read(plain + "0\r\n\r\n").content.utf8.count == 50_000)
    }

    @Test func `chunks of one byte are each one step, however many are there`() throws {
        let input = Array(String(repeating: "1\r\na\r\n", count: 10_000).utf8)
        var reader = BodyReader(.chunked)
        var position = 0
        var steps = 0
        while position < input.count - 2 {
            let step = try reader.next(input.span.extracting(position..<input.count))
            position += step.skip + step.take
            steps += 1
        }
        #expect(steps == 10_000)
    }

    @Test(
        "content that the peer does not finish is not complete",
        arguments: [
            ("5\r\nhello\r\n", BodyFraming.chunked, BodyProblem.truncated),
            ("5\r\nhel", .chunked, .truncated), ("0\r\n", .chunked, .truncated),
            ("0\r\nX: y\r\n", .chunked, .truncated),
            ("", .chunked, .truncated), ("1234", .length(10), .truncated), ("", .length(1), .truncated),
            ("0\r\n\r\n", .chunked, nil), ("1234", .length(4), nil), ("", .none, nil), ("", .length(0), nil),
            ("1234", .untilClose, nil), ("", .untilClose, nil),
        ] as [(String, BodyFraming, BodyProblem?)])
    func truncated(input: String, framing: BodyFraming, problem: BodyProblem?) {
        let result = read(input, framing: framing, closes: true)
        #expect(result.problem == problem)
        #expect(result.isComplete == (problem == nil))
    }

    @Test func `a length is taken exactly, and what follows is left`() {
        #expect(read("helloGET", framing: .length(5)) == ReadBody(content: "hello", rest: "GET", isComplete: true))
        #expect(read("GET", framing: .none) == ReadBody(rest: "GET", isComplete: true))
        #expect(read("all of it", framing: .untilClose) == ReadBody(content: "all of it"))
    }
}
