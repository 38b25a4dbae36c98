import HTTP
import Testing

/// Sections D, E and H of the hardening cases: where content ends.
struct BodyFramingTests {
    @Test(
        "content has one plain length or none",
        arguments: [
            ("", 200), ("5", 200), ("005", 200), ("0", 200), ("9223372036854775807", 200),
            ("+5", 400), ("-0", 400), ("-48", 400), ("5,", 400), ("0x5", 400), ("0o5", 400), ("1_0", 400), ("5 5", 400),
            ("5Z", 400), ("\u{ff15}", 400), ("5, 5", 400), ("5,6", 400), ("1e1", 400), ("5.0", 400),
            ("9223372036854775808", 400), ("99999999999999999999999", 400),
        ])
    func lengths(value: String, status: Int) {
        let field = value.isEmpty ? "" : "Content-Length: \(value)\r\n"
        #expect(verdict(on: "POST / HTTP/1.1\r\nHost: a\r\n\(field)\r\n") == status)
    }

    @Test(
        "a request whose end is in doubt is refused",
        arguments: [
            ("Content-Length:\r\n", 400),
            ("Content-Length: \t\r\n", 400),
            ("Content-Length:\r\nContent-Length: 5\r\n", 400),
            ("Content-Length: 0\r\nContent-Length: 43\r\n", 400),
            ("Content-Length: 43\r\nContent-Length: 0\r\n", 400),
            ("Content-Length: 5\r\ncontent-length: 5\r\n", 400),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400),
            ("Transfer-Encoding: chunked, gzip\r\n", 400),
            ("Transfer-Encoding: gzip, chunked\r\n", 400),
            ("Transfer-Encoding: chunked, identity\r\n", 400),
            ("Transfer-Encoding: identity\r\n", 400),
            ("Transfer-Encoding: xchunked\r\n", 501),
            ("Transfer-Encoding: chunk\r\n", 501),
            ("Transfer-Encoding: gzip\r\n", 501),
            ("Transfer-Encoding: \"chunked\"\r\n", 400),
            ("Transfer-Encoding: chunked, chunked\r\n", 400),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400),
            ("Transfer-Encoding: \u{0b}chunked\r\n", 400),
            ("Transfer-Encoding: \u{0c}chunked\r\n", 400),
            ("Transfer-Encoding: \u{a0}chunked\r\n", 400),
            ("Transfer-Encoding: chunked\0\r\n", 400),
            ("Transfer-Encoding: chunked\r\r\n", 400),
            ("Transfer-Encoding: chunked;q=1\r\n", 400),
            ("Transfer-Encoding: ,chunked\r\n", 400),
            ("Transfer-Encoding:\r\n", 400),
            ("Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 10\r\n", 400),
            ("Upgrade: websocket\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n", 400),
            ("Upgrade: h2c, websocket\r\nConnection: Upgrade\r\nContent-Length: 10\r\n", 400),
            ("Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n", 200),
            ("Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 10\r\n", 200),
            ("Transfer-Encoding: chunked\r\n", 200),
            ("transfer-encoding:  CHUNKED \r\n", 200),
            ("Content_Length: 5\r\n", 200),
        ])
    func requests(fields: String, status: Int) {
        #expect(verdict(on: "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n") == status)
    }

    @Test func `HTTP 1.0 has no transfer codings`() {
        #expect(verdict(on: "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400)
        #expect(verdict(on: "POST / HTTP/1.0\r\nTransfer-Encoding: identity\r\nContent-Length: 1\r\n\r\n") == 400)
    }

    @Test(
        "the framing of a request, its method aside, is what its fields say",
        arguments: [
            ("GET", "", BodyFraming.none), ("GET", "Content-Length: 10\r\n", .length(10)),
            ("HEAD", "Content-Length: 3\r\n", .length(3)), ("POST", "", .none),
            ("POST", "Content-Length: 0\r\n", .length(0)), ("POST", "Transfer-Encoding: chunked\r\n", .chunked),
            ("POST", "Content_Length: 5\r\n", .none), ("POST", "Transfer_Encoding: chunked\r\n", .none),
        ])
    func requestFraming(method: String, fields: String, framing: BodyFraming) throws {
        let head = try parsedRequest("\(method) / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        #expect(try BodyFraming.ofRequest(head) == framing)
    }

    @Test(
        "the framing of a response depends on the request and the status, then on its fields",
        arguments: [
            ("GET", "200", "Content-Length: 3\r\n", BodyFraming.length(3)),
            ("GET", "200", "Content-Length: 0\r\n", .length(0)),
            ("GET", "200", "", .untilClose),
            ("GET", "200", "Transfer-Encoding: chunked\r\n", .chunked),
            ("GET", "200", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", .chunked),
            ("HEAD", "200", "Content-Length: 3\r\n", BodyFraming.none),
            ("HEAD", "200", "Transfer-Encoding: chunked\r\n", BodyFraming.none),
            ("GET", "304", "Content-Length: 3\r\n", BodyFraming.none),
            ("GET", "204", "Transfer-Encoding: chunked\r\n", BodyFraming.none),
            ("GET", "100", "", BodyFraming.none),
            ("GET", "101", "", BodyFraming.none),
            ("CONNECT", "200", "Content-Length: 3\r\n", BodyFraming.none),
            ("CONNECT", "403", "Content-Length: 3\r\n", .length(3)),
            ("GET", "200", "Content-Length: 5, 6\r\n", nil),
            ("GET", "200", "Content-Length: +5\r\n", nil),
            ("GET", "200", "Content-Length: -5\r\n", nil),
            ("GET", "200", "Content-Length: 5\r\nContent-Length: 6\r\n", nil),
            ("GET", "200", "Transfer-Encoding: gzip, chunked\r\n", nil),
            ("GET", "200", "Transfer-Encoding: identity\r\n", nil),
        ] as [(String, String, String, BodyFraming?)])
    func responseFraming(method: String, status: String, fields: String, framing: BodyFraming?) throws {
        let head = try parsedResponse("HTTP/1.1 \(status) X\r\n\(fields)\r\n")
        let method = try #require(Method(method))
        #expect((try? BodyFraming.ofResponse(head, to: method)) == framing)
    }

    @Test func `a node that sends a length and a coding is not asked again`() throws {
        let head = try parsedResponse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n")
        #expect(!head.keepsConnectionAlive)
        #expect(try parsedResponse("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").keepsConnectionAlive)
        #expect(try !parsedResponse("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n").keepsConnectionAlive)
        #expect(try !parsedResponse("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").keepsConnectionAlive)
    }
}
