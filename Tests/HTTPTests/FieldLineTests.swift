import HTTP
import Testing

/// Section C of the hardening cases: field lines.
struct FieldLineTests {
    private static func request(_ fields: String) -> [UInt8] {
        Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
    }

    @Test(
        "a value may have blanks, visible ASCII and bytes above it, and no control byte but tab",
        arguments: Array(UInt8.min...UInt8.max))
    func valueBytes(byte: UInt8) throws {
        for padding in 0..<9 {  // Wherever the byte falls in a word of eight.
            let before = Array(repeating: UInt8(ascii: "v"), count: padding + 1)
            let input = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + before + [byte] + Array("w\r\n\r\n".utf8)
            let isLegal = (byte >= 0x20 && byte != 0x7f) || byte == 0x09
            #expect(verdict(on: input) == (isLegal ? 200 : 400))
            guard isLegal else { continue }
            var parser = RequestParser()
            var head = RequestHead()
            _ = try parser.parse(input.span, into: &head)
            let value = head.fields.valueSpan(at: 1)
            #expect(value.count == padding + 3)
            #expect(value[padding + 1] == byte)
        }
    }

    @Test(
        "a name is a token followed by a colon, and a line does not begin with a blank",
        arguments: [
            ("X : y\r\n", 400), ("X\t: y\r\n", 400), (" X: y\r\n", 400), ("\tX: y\r\n", 400), ("X Y: z\r\n", 400),
            ("X: y\r\n folded\r\n", 400), ("X: y\r\n\tfolded\r\n", 400), ("X\r\n", 400), (": y\r\n", 400),
            ("X\"Y: z\r\n", 400), ("X\u{82}Y: z\r\n", 400), ("X(Y): z\r\n", 400), ("X@Y: z\r\n", 400),
            ("X: a\rb\r\n", 400), ("X: a\nb\r\n", 400), ("X: a\r\r\n", 400), ("X: a\0b\r\n", 400),
            ("Transfer-Encoding : chunked\r\n", 400), ("\tTransfer-Encoding: chunked\r\n", 400),
            ("Transfer Encoding: chunked\r\n", 400), ("Transf\u{82}r-Encoding: chunked\r\n", 400),
            ("X: y\nTransfer-Encoding: chunked\r\n", 400), ("X: y\rTransfer-Encoding: chunked\r\n", 400),
            ("Transfer-Encoding:\r\n chunked\r\n", 400),
            ("X:\r\n", 200), ("X:y\r\n", 200), ("X: \t y \t \r\n", 200), ("!#$%&'*+-.^_`|~09azAZ: y\r\n", 200),
            ("X: y: z\r\n", 200),
        ])
    func lines(field: String, status: Int) {
        #expect(verdict(on: Self.request(field)) == status)
    }

    @Test func `blanks around a value are taken off, and those inside it stay`() throws {
        let head = try parsedRequest(
            "GET / HTTP/1.1\r\nHost:a\r\nA:b\r\nC: \t d\te  f \t\r\nE:\r\nG:   \r\nH: i\r\n\r\n")
        #expect(head.fields.description == "Host: a\nA: b\nC: d\te  f\nE: \nG: \nH: i")
    }

    @Test func `bytes that are not ASCII are neither changed nor trimmed`() throws {
        let input = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [0x80, 0xff, 0xa0, 0x0d, 0x0a, 0x0d, 0x0a]
        var parser = RequestParser()
        var head = RequestHead()
        _ = try parser.parse(input.span, into: &head)
        let value = head.fields.valueSpan(at: 1)
        #expect(value.count == 3)
        #expect([value[0], value[1], value[2]] == [0x80, 0xff, 0xa0])
    }

    @Test func `a hundred fields are read, and one more is too many`() {
        let line = "X: y\r\n"
        #expect(verdict(on: Self.request(String(repeating: line, count: 99))) == 200)
        #expect(verdict(on: Self.request(String(repeating: line, count: 100))) == 431)
        #expect(verdict(on: Self.request(String(repeating: line, count: 10_000))) == 431)
    }

    @Test func `fields of 64 KiB are read, and one byte more is too much, before its end is there`() {
        let frame = "Host: a\r\nX: \r\n\r\n".utf8.count
        let longest = String(repeating: "v", count: 65_536 - frame)
        #expect(verdict(on: Self.request("X: \(longest)\r\n")) == 200)
        #expect(verdict(on: Self.request("X: \(longest)v\r\n")) == 431)
        let endless = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [UInt8](repeating: 0x76, count: 65_600)
        #expect(verdict(on: endless) == 431)
        #expect(verdict(on: Self.request("\(String(repeating: "N", count: 65_536)): v\r\n")) == 431)
        #expect(verdict(on: Self.request("X: \(String(repeating: "v", count: 1_000_000))\r\n")) == 431)
    }

    /// C15: each of a hundred names is looked for in `Connection`.
    @Test(
        "options of the connection are read up to 2 KiB, in one line or in several",
        arguments: [
            ([2_048], 200), ([2_049], 431), ([1_024, 1_024], 200), ([1_024, 1_025], 431), ([60_000], 431),
            ([Int](repeating: 100, count: 30), 431),
        ])
    func options(lengths: [Int], status: Int) {
        let lines = lengths.map { "Connection: \(String(repeating: ",", count: $0 - 1))x\r\n" }.joined()
        #expect(verdict(on: Self.request(lines)) == status)
    }

    @Test(
        "100-continue is the only expectation, and HTTP 1.0 has none",
        arguments: [
            ("HTTP/1.1", "100-continue", 200, true), ("HTTP/1.1", "100-Continue", 200, true),
            ("HTTP/1.1", "200-maybe", 417, false), ("HTTP/1.1", "100-continue, x", 417, false),
            ("HTTP/1.1", "", 417, false), ("HTTP/1.0", "100-continue", 200, false),
            ("HTTP/1.0", "200-maybe", 200, false),
        ])
    func expectations(version: String, value: String, status: Int, isExpected: Bool) throws {
        let text = "POST / \(version)\r\nHost: a\r\nExpect: \(value)\r\nContent-Length: 1\r\n\r\n"
        #expect(verdict(on: text) == status)
        if status == 200 { #expect(try parsedRequest(text).expectsContinue == isExpected) }
    }

    @Test(
        "a connection goes on by default in HTTP 1.1, and on demand in 1.0",
        arguments: [
            ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
            ("HTTP/1.1", "Connection: x, CLOSE\r\n", false), ("HTTP/1.1", "Connection: closed\r\n", true),
            ("HTTP/1.1", "Connection: x\r\nConnection: ,close,\r\n", false),
            ("HTTP/1.1", "Connection: keep-alive, close\r\n", false),
            ("HTTP/1.0", "", false), ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
            ("HTTP/1.0", "Keep-Alive: timeout=5\r\n", false), ("HTTP/1.0", "Connection: keep-alive, close\r\n", false),
        ])
    func keepAlive(version: String, fields: String, goesOn: Bool) throws {
        #expect(try parsedRequest("GET / \(version)\r\nHost: a\r\n\(fields)\r\n").keepsConnectionAlive == goesOn)
    }

    @Test func `a request reads the same wherever its bytes are cut, and however often`() {
        let inputs = [
            "\r\nPOST /a/b?c=d HTTP/1.1\r\nHost: A.Example:80\r\nX: \t y \t\r\nContent-Length: 12\r\n\r\nGET / HTTP/1.1",
            "POST http://b?c HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\nX:\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: y\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n", "GET / HTTP/1.1\r\n\r\n",
            "GE(T / HTTP/1.1\r\n", "GET / HTTP/1.0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        ]
        for input in inputs.map({ Array($0.utf8) }) {
            let whole = readRequest(input, upTo: [input.count])
            for cut in 0...input.count {
                #expect(readRequest(input, upTo: [cut, input.count]) == whole, "cut at \(cut)")
            }
            #expect(readRequest(input, upTo: Array(0...input.count)) == whole)
        }
    }

    @Test func `requests that follow each other are read one by one with the same parser and head`() throws {
        let one = "GET /one?x HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n"
        let two = "POST /2 HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n"
        let input = Array((one + two + one).utf8)
        var parser = RequestParser()
        var head = RequestHead()
        var position = 0
        var seen: [String] = []
        while position < input.count {
            let length = try parser.parse(input.span.extracting(position..<input.count), into: &head)
            position += try #require(length)
            seen.append("\(head.method) \(head.path) \(head.query ?? "-") \(head.host) \(head.fields.count)")
        }
        #expect(seen == ["GET /one x a 3", "POST /2 - b 2", "GET /one x a 3"])
    }
}
