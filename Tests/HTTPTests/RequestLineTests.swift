import HTTP
import Testing

/// Section A of the hardening cases: the first line.
struct RequestLineTests {
    private static let rest = " HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test(
        "a first line is a method, a target and a version, with one space between, or it is refused",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            (String(repeating: "\r\n", count: 4) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            (String(repeating: "\r\n", count: 5) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            (String(repeating: "\r\n", count: 1_000), 400),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /\r\n", 400),
            ("GET / \r\n", 400),
            ("GET\r\n", 400),
            ("GET / http/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.01\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/01.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.9\r\nHost: a\r\n\r\n", 200),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
            ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505),
            ("GET / HTTP/1.0\r\n\r\n", 200),
            ("G=\":<>(e),[T];?\" / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZ-ABCDE / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZ-ABCDEF / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            ("GET / HTTP/1.1\nHost: a\n\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\n\n", 400),
            ("GET / HTTP/1.1\rHost: a\r\r", 400),
            ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("", 0), ("GE", 0), ("GET / HTTP/1.1\r\n", 0), ("GET / HTTP/1.1\r\nHost: a\r\n\r", 0),
        ])
    func firstLine(text: String, status: Int) {
        #expect(verdict(on: text) == status)
    }

    @Test(
        "only visible ASCII without a number sign may be in a target",
        arguments: Array(UInt8.min...UInt8.max))
    func targetBytes(byte: UInt8) {
        let input = Array("GET /a".utf8) + [byte] + Array(("b" + Self.rest).utf8)
        let isLegal = byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "#")
        #expect(verdict(on: input) == (isLegal ? 200 : 400))
    }

    @Test(
        "only token bytes may be in a method",
        arguments: Array(UInt8.min...UInt8.max))
    func methodBytes(byte: UInt8) {
        let input = Array("GE".utf8) + [byte] + Array(("T /" + Self.rest).utf8)
        let symbols = Array("!#$%&'*+-.^_`|~".utf8)
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        #expect(verdict(on: input) == ((symbols + letters).contains(byte) ? 200 : 400))
    }

    @Test func `the longest first line is read, one byte more is too long, before its end is there`() {
        let longest = String(repeating: "a", count: 8_192 - 14)
        #expect(verdict(on: "GET /\(longest)\(Self.rest)") == 200)
        #expect(verdict(on: "GET /\(longest)a\(Self.rest)") == 414)
        #expect(verdict(on: "GET /" + String(repeating: "a", count: 100_000)) == 414)
        #expect(verdict(on: "GET /" + String(repeating: "a", count: 8_188)) == 0)
        #expect(verdict(on: "GET /" + String(repeating: "a", count: 8_189)) == 414)
    }

    @Test func `a method without end is not implemented, and noise without end is bad`() {
        #expect(verdict(on: String(repeating: "A", count: 70_000)) == 501)
        #expect(verdict(on: String(repeating: "(", count: 70_000)) == 400)
    }

    @Test func `a TLS handshake on a plain port is told what the port speaks`() {
        var parser = RequestParser()
        var head = RequestHead()
        let problem = #expect(throws: RequestProblem.self) {
            _ = try parser.parse([0x16, 0x03, 0x01, 0x02, 0x00, 0x01].span, into: &head)
        }
        #expect(problem?.status == .badRequest)
        #expect(problem?.reason.contains("plain HTTP") == true)
    }

    @Test func `random bytes are refused or waited on within the limits, and never accepted`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let noise = (0..<4_096).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(verdict(on: noise) == 400)
        }
    }
}
