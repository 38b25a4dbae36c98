import Bytes
import HTTP
import Testing

/// Cases I10 to I18 of the hardening table: which fields make a request.
struct HTTP2HeaderTests {
    private static let get = [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "a")]

    private static func list(_ fields: [(String, String)]) throws -> HPACKFieldList {
        // Names are written as they are, for the encoder would put them into lower case.
        var block = ByteBuffer()
        for (name, value) in fields {
            block.append(UInt8(0))
            for text in [name, value] {
                HPACKInteger.encode(text.utf8.count, prefix: 7, pattern: 0, to: &block)
                block.append(text)
            }
        }
        var decoder = HPACKDecoder()
        var list = HPACKFieldList()
        try decoder.decode(block.span, into: &list)
        return list
    }

    private static func head(_ fields: [(String, String)], endsStream: Bool = true) throws -> RequestHead {
        var head = RequestHead(target: "/left/over?from=before", authority: "other")
        try HTTP2Header.readRequest(list(fields), stream: 5, endsStream: endsStream, into: &head)
        return head
    }

    private static func isRefused(_ fields: [(String, String)], endsStream: Bool = true) throws -> Bool {
        do {
            _ = try head(fields, endsStream: endsStream)
            return false
        } catch let error as HTTP2Error {
            #expect(error.scope == .stream(5) && error.code == .protocolError)
            return true
        }
    }

    @Test func `a request is its pseudo fields and its fields`() throws {
        let head = try Self.head(
            [
                (":path", "/a/b?c=d"), (":method", "POST"), (":authority", "A.example:80"), (":scheme", "http"),
                ("content-length", "3"), ("x-other", "v"), ("te", "trailers"),
            ], endsStream: false)
        #expect(head.method == .post)
        #expect(head.target == "/a/b?c=d")
        #expect(head.path == "/a/b" && head.query == "c=d")
        #expect(head.authority == "A.example:80" && head.host == "a.example")
        #expect(head.fields.description == "Host: A.example:80\nContent-Length: 3\nX-Other: v\nTE: trailers")
        #expect(head.fields.contentLength == 3)
    }

    @Test func `cookies in several fields become one`() throws {
        let head = try Self.head(Self.get + [("cookie", "a=b"), ("x", "y"), ("cookie", "c=d"), ("cookie", "e=f")])
        #expect(head.fields.values(.cookie) == ["a=b; c=d; e=f"])
        #expect(head.fields["x"] == "y")
        #expect(try Self.head(Self.get + [("cookie", "a=b"), ("cookie", "")]).fields.values(.cookie) == ["a=b"])
    }

    @Test(
        "fields about the connection are refused (I10)",
        arguments: [
            ("transfer-encoding", "chunked"), ("connection", "x"), ("connection", "close"), ("keep-alive", "1"),
            ("proxy-connection", "x"), ("upgrade", "h2c"), ("te", "gzip"), ("te", "trailers, gzip"), ("te", ""),
        ])
    func connectionFields(name: String, value: String) throws {
        #expect(try Self.isRefused(Self.get + [(name, value)]))
        var fields = HeaderFields()
        #expect(throws: HTTP2Error.self) {
            try HTTP2Header.readTrailers(Self.list([(name, value)]), stream: 5, into: &fields)
        }
    }

    @Test(
        "names are tokens in lower case (I11)",
        arguments: [
            "X-Other", "x-otheR", "Host", "x:y", "x y", "x\r", "x\n", "x\0", "", " x", "x\u{e9}", "x\"", ":", "x:",
        ])
    func names(name: String) throws {
        #expect(try Self.isRefused(Self.get + [(name, "v")]))
    }

    @Test(
        "values have no control bytes, and no blanks around them (I12)",
        arguments: [
            ("a\r", true), ("a\nb", true), ("a\r\nx: y", true), ("\0", true), ("\u{7f}", true), ("\u{1}a", true),
            (" a", true), ("a ", true), ("\ta", true), ("a\t", true), ("", false), ("a b", false), ("a\tb", false),
            ("\u{e9}", false),
        ])
    func values(value: String, isRefused: Bool) throws {
        #expect(try Self.isRefused(Self.get + [("x", value)]) == isRefused)
    }

    @Test(
        "the path is one of origin form (I13)",
        arguments: [
            ("GET", "", true), ("GET", "foo", true), ("GET", "/a b", true), ("GET", "/\r\nX: y", true),
            ("GET", "*", true), ("GET", "http://x/", true), ("GET", "/a#b", true), ("GET", "/\u{e9}", true),
            ("GET", "/a\t", true), ("GET", "?a", true), ("OPTIONS", "**", true), ("OPTIONS", "*", false),
            ("GET", "//a", false), ("GET", "/a?b?c", false), ("GET", "/http://x/", false),
        ])
    func paths(method: String, path: String, isRefused: Bool) throws {
        let fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "a")]
        #expect(try Self.isRefused(fields) == isRefused)
    }

    @Test(
        "the method is a token, and the scheme a known one (I14)",
        arguments: [
            ("GET?", "http", true), ("GE T", "http", true), ("", "http", true), ("G(T", "http", true),
            ("GET", "http://x/?", true), ("GET", "", true), ("GET", "ftp", true), ("GET", "http ", true),
            ("GET", "HTTPS", false), ("PURGE", "https", false),
        ])
    func methods(method: String, scheme: String, isRefused: Bool) throws {
        let fields = [(":method", method), (":scheme", scheme), (":path", "/"), (":authority", "a")]
        #expect(try Self.isRefused(fields) == isRefused)
    }

    @Test(
        "each pseudo field occurs once, before the others (I15)",
        arguments: [
            [(":scheme", "http"), (":path", "/"), (":authority", "a")],
            [(":method", "GET"), (":path", "/"), (":authority", "a")],
            [(":method", "GET"), (":scheme", "http"), (":authority", "a")],
            get + [(":method", "GET")], get + [(":scheme", "https")], get + [(":path", "/")],
            get + [(":authority", "a")], get + [(":status", "200")], get + [(":other", "x")], get + [(":", "x")],
            [("x", "y")] + get, Array(get[..<3]) + [("x", "y"), (":authority", "a")], [],
        ])
    func pseudoFields(fields: [(String, String)]) throws {
        #expect(try Self.isRefused(fields))
    }

    @Test(
        "pseudo fields are not among trailers, others are (I15)",
        arguments: [
            ([(":path", "/")], true), ([("x", "y"), (":status", "200")], true), ([("grpc-status", "0")], false),
        ])
    func trailers(list: [(String, String)], isRefused: Bool) throws {
        var fields = HeaderFields()
        let fieldList = try Self.list(list)
        if isRefused {
            #expect(throws: HTTP2Error.self) {
                try HTTP2Header.readTrailers(fieldList, stream: 5, into: &fields)
            }
        } else {
            try HTTP2Header.readTrailers(fieldList, stream: 5, into: &fields)
            #expect(fields.description == "Grpc-Status: 0")
        }
    }

    @Test(
        "the content has the length that was announced (I16)",
        arguments: [
            (5, [5], true), (5, [2, 3], true), (5, [2, 3, 0], true), (5, [4], false), (5, [6], false),
            (5, [5, 1], false), (0, [0], true), (0, [1], false), (nil, [7, 9], true),
        ] as [(Int?, [Int], Bool)])
    func content(announced: Int?, pieces: [Int], isWhole: Bool) {
        var count = ContentCount(announced: announced)
        let result = Result { () throws(HTTP2Error) in
            for (number, piece) in pieces.enumerated() {
                try count.receive(piece, endsStream: number == pieces.count - 1, stream: 5)
            }
        }
        switch result {
        case .success: #expect(isWhole)
        case .failure(let error): #expect(!isWhole && error.code == .protocolError && error.scope == .stream(5))
        }
    }

    @Test(
        "the length is one number, and nothing but 0 when nothing follows (I16, I17)",
        arguments: [
            (["5"], false, false), (["5"], true, true), (["0"], true, false), (["5", "6"], false, true),
            (["5", "5"], false, true), (["5, 5"], false, true), (["+5"], false, true), ([""], false, true),
            (["-1"], false, true), (["99999999999999999999"], false, true),
        ])
    func lengths(values: [String], endsStream: Bool, isRefused: Bool) throws {
        let fields = Self.get + values.map { ("content-length", $0) }
        #expect(try Self.isRefused(fields, endsStream: endsStream) == isRefused)
    }

    @Test(
        "CONNECT has an authority with a port, and neither scheme nor path (I18)",
        arguments: [
            ([(":method", "CONNECT"), (":authority", "a:443")], false),
            ([(":method", "CONNECT"), (":authority", "a")], true),
            ([(":method", "CONNECT")], true),
            ([(":method", "CONNECT"), (":authority", "a:443"), (":scheme", "https")], true),
            ([(":method", "CONNECT"), (":authority", "a:443"), (":path", "/")], true),
        ])
    func connect(fields: [(String, String)], isRefused: Bool) throws {
        #expect(try Self.isRefused(fields) == isRefused)
        guard !isRefused else { return }
        let head = try Self.head(fields)
        #expect(head.method == .connect && head.authority == "a:443" && head.path == "")
    }

    @Test(
        "an extended CONNECT says what it asks for, and names a resource (RFC 8441)",
        arguments: [
            ("websocket", ConnectProtocol.webSocket, "GET"), ("WebSocket", .webSocket, "GET"),
            ("connect-udp", .other, "CONNECT"),
        ])
    func extendedConnect(name: String, asked: ConnectProtocol, method: String) throws {
        let fields = [
            (":method", "CONNECT"), (":protocol", name), (":scheme", "https"), (":path", "/chat?a=b"),
            (":authority", "a"),
        ]
        var head = RequestHead(target: "/", authority: "other")
        let found = try HTTP2Header.readRequest(Self.list(fields), stream: 5, endsStream: false, into: &head)
        #expect(found == asked)
        #expect("\(head.method) \(head.target) \(head.authority)" == "\(method) /chat?a=b a")
        #expect(try HTTP2Header.readRequest(Self.list(Self.get), stream: 5, endsStream: true, into: &head) == nil)
    }

    @Test(
        "the authority and the host name one host",
        arguments: [
            ("a", [], "a"), ("a", ["a"], "a"), ("A", ["a"], "A"), ("a", ["b"], nil), ("a", ["a", "a"], nil),
            (nil, ["a"], "a"), (nil, [], nil), (nil, ["a", "a"], nil), (nil, ["a", "b"], nil), ("", ["a"], nil),
            ("user@a", [], nil), ("a/b", [], nil), ("a, b", [], nil), (nil, ["a b"], nil), ("a:80", ["a"], nil),
            ("[::1]:80", [], "[::1]:80"), ("a:99999", [], nil),
        ] as [(String?, [String], String?)])
    func hosts(authority: String?, hosts: [String], named: String?) throws {
        let fields =
            Array(Self.get[..<3]) + (authority.map { [(":authority", $0)] } ?? []) + [("x", "y")]
            + hosts.map { ("host", $0) }
        #expect(try Self.isRefused(fields) == (named == nil))
        guard let named else { return }
        let head = try Self.head(fields)
        #expect(head.fields.values(.host) == [named])
        #expect(head.authority == named)
        #expect(head.fields["x"] == "y")
    }
}
