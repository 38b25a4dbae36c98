import Bytes
import HTTP
import TestSupport
import Testing

/// Section G of the hardening cases: what leaves towards a node.
struct ForwardedRequestTests {
    private let stranger = ForwardingContext(
        clientAddress: "192.0.2.1", isTrusted: false, scheme: "http", viaName: "micro-1a2b")
    private let proxy = ForwardingContext(
        clientAddress: "10.0.0.9", isTrusted: true, scheme: "http", viaName: "micro-1a2b")

    private func forward(
        _ text: String, _ context: ForwardingContext, target: String? = nil, upgrades: Bool = false
    ) throws -> String {
        let head = try parsedRequest(text)
        var buffer = ByteBuffer("before")
        let framing = try BodyFraming.ofRequest(head)
        ForwardedRequest.write(
            head, target: target, framing: framing, context: context, upgrades: upgrades, to: &buffer)
        buffer.consume(6)
        return buffer.text
    }

    /// The lines that are the client's: those between `Host` and the ones that every request gets.
    private func passedOn(_ fields: String, _ context: ForwardingContext) throws -> [String] {
        let text = try forward("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n", context)
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.suffix(2) == ["", ""])
        #expect(lines.prefix(2) == ["GET / HTTP/1.1", "Host: a"])
        return Array(lines.dropFirst(2).dropLast(2))
    }

    private static let strangersLines = [
        "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: a",
        "Forwarded: for=192.0.2.1;proto=http;host=\"a\"", "Via: 1.1 micro-1a2b",
    ]

    @Test func `a request is written whole, its fields in order and in the client's spelling`() throws {
        let text = try forward(
            "POST /a%20b?c HTTP/1.1\r\naccept: */*\r\nHOST: A.Example:80\r\nX-One:1\r\ncontent-length: 005\r\nx-two: 2 \r\n\r\n",
            stranger)
        #expect(
            text == """
                POST /a%20b?c HTTP/1.1\r
                Host: A.Example:80\r
                accept: */*\r
                X-One: 1\r
                x-two: 2\r
                Content-Length: 5\r
                X-Forwarded-For: 192.0.2.1\r
                X-Forwarded-Proto: http\r
                X-Forwarded-Host: A.Example:80\r
                Forwarded: for=192.0.2.1;proto=http;host="A.Example:80"\r
                Via: 1.1 micro-1a2b\r
                \r\n
                """)
    }

    @Test(
        "what a stranger must not send on is dropped, and the rest is kept",
        arguments: [
            // For this hop only.
            ("Connection: X-Secret, close\r\nX-Secret: 1\r\nX-Open: 2\r\n", ["X-Open: 2"]),
            ("Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\n", []),
            ("Trailer: X-T\r\nTE: gzip\r\nExpect: 100-continue\r\nProxy-Authorization: x\r\n", []),
            ("Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: x\r\n", []),
            ("TE: gzip, trailers\r\n", ["Connection: TE", "TE: trailers"]),
            // What we know is not the client's to remove.
            (
                "Connection: X-Forwarded-For, X-Forwarded-Proto, Authorization, Content-Length, Host, Cookie\r\n"
                    + "Authorization: Basic x\r\nCookie: a=b\r\n",
                ["Authorization: Basic x", "Cookie: a=b"]
            ),
            // Identity.
            ("X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\n", []),
            ("x-forwarded-prefix: /admin\r\nForwarded: host=evil\r\nX-Forwarded-Port: 1\r\n", []),
            ("X-Real-IP: 9.9.9.9\r\nTrue-Client-IP: 9.9.9.9\r\nX-Forwarded-User: root\r\n", []),
            ("X-Original-URL: /admin\r\nX-Rewrite-URL: /admin\r\n", []),
            ("Micro-Service: x\r\nmicro-error: y\r\nX-Micro-Id: z\r\nX-Api-Field-id: 9\r\nX-Api-Body: x\r\n", []),
            // Aliases.
            ("Content_Length: 5\r\nTransfer_Encoding: chunked\r\nX_Forwarded_For: 9\r\nX-Forwarded_For: 9\r\n", []),
            ("X.Forwarded.For: 9\r\nX-Real.IP: 9\r\nMicro.Service: x\r\nContent.Length: 5\r\n", []),
            ("Transfer.Encoding: chunked\r\nTrue.Client-IP: 1\r\nKeep.Alive: 1\r\nX.Api.Body: 1\r\n", []),
            // What is left.
            ("X-Api: 1\r\nMicro: 2\r\nX-M: 3\r\nA.B: 4\r\n", ["X-Api: 1", "Micro: 2", "X-M: 3", "A.B: 4"]),
            ("Cookie: a=b\r\nX: y\r\ncookie: c=d; e=f\r\nCookie: \r\n", ["Cookie: a=b; c=d; e=f", "X: y"]),
            ("cookie:a=b\r\n", ["cookie: a=b"]),
            ("X: 1\r\nY: 2\r\nx: 3\r\n", ["X: 1", "Y: 2", "x: 3"]),
            ("X:\t1\r\n", ["X: 1"]),
            ("X:\r\nY: \r\n", ["X: ", "Y: "]),
            ("Via: 1.0 other\r\n", ["Via: 1.0 other"]),
        ])
    func strangers(fields: String, kept: [String]) throws {
        #expect(try passedOn(fields, stranger) == kept + Self.strangersLines)
    }

    @Test(
        "what a trusted proxy says is kept, and its address is added",
        arguments: [
            (
                "",
                [
                    "X-Forwarded-For: 10.0.0.9", "X-Forwarded-Proto: http", "X-Forwarded-Host: a",
                    "Forwarded: for=10.0.0.9;proto=http;host=\"a\"",
                ]
            ),
            (
                "X-Forwarded-For: 9.9.9.9, 8.8.8.8\r\nX: y\r\nX-Forwarded-For: 7.7.7.7\r\nX-Forwarded-Proto: https\r\n"
                    + "X-Forwarded-Host: shop\r\nX-Real-IP: 9.9.9.9\r\nForwarded: for=9.9.9.9\r\nX-Forwarded-Prefix: /p\r\n",
                [
                    "X: y", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop", "X-Real-IP: 9.9.9.9",
                    "X-Forwarded-Prefix: /p", "X-Forwarded-For: 9.9.9.9, 8.8.8.8, 7.7.7.7, 10.0.0.9",
                    "Forwarded: for=9.9.9.9, for=10.0.0.9;proto=http;host=\"a\"",
                ]
            ),
            (
                "Connection: X-Forwarded-For\r\nX-Forwarded-For: 9.9.9.9\r\nMicro-Id: 1\r\nX_Forwarded_For: 1\r\n",
                [
                    "X-Forwarded-For: 9.9.9.9, 10.0.0.9", "X-Forwarded-Proto: http", "X-Forwarded-Host: a",
                    "Forwarded: for=10.0.0.9;proto=http;host=\"a\"",
                ]
            ),
        ])
    func proxies(fields: String, kept: [String]) throws {
        #expect(try passedOn(fields, proxy) == kept + ["Via: 1.1 micro-1a2b"])
    }

    @Test func `the host that is routed on is the host that is forwarded`() throws {
        let text = try forward("GET http://b:8/x?y HTTP/1.1\r\nHost: a\r\n\r\n", stranger)
        #expect(text.hasPrefix("GET /x?y HTTP/1.1\r\nHost: b:8\r\nX-Forwarded-For"))
        #expect(text.contains("X-Forwarded-Host: b:8\r\nForwarded: for=192.0.2.1;proto=http;host=\"b:8\"\r\n"))
        #expect(!text.contains("Host: a"))
        #expect(try forward("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", stranger).hasPrefix("GET / HTTP/1.1\r\n"))
        #expect(try forward("GET http://b?y HTTP/1.1\r\nHost: a\r\n\r\n", stranger).hasPrefix("GET /?y HTTP/1.1\r\n"))
        #expect(
            try forward("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n", stranger).hasPrefix("OPTIONS * HTTP/1.1\r\n"))
        #expect(
            try forward("OPTIONS http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", stranger).hasPrefix("OPTIONS / HTTP/1.1\r\n"))
        #expect(try forward("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", stranger).hasPrefix("OPTIONS * HTTP/1.1\r\n"))
    }

    @Test func `host and target can be ours, and the client's host is still told`() throws {
        let context = ForwardingContext(
            clientAddress: stranger.clientAddress, isTrusted: false, scheme: "http", viaName: "v", host: "node:9000")
        let text = try forward("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", context, target: "/y?z")
        #expect(text.hasPrefix("GET /y?z HTTP/1.1\r\nHost: node:9000\r\n"))
        #expect(text.contains("X-Forwarded-Host: a\r\n"))
        #expect(
            try forward("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", stranger, target: "/y HTTP/1.1\r\nX: y")
                .hasPrefix("GET /y-HTTP/1.1--X:-y HTTP/1.1\r\nHost: a\r\n"))
    }

    @Test func `the node is told the namespace that we say, on one line, and never the client's`() throws {
        for (name, line) in [
            ("go.micro", "Micro-Namespace: go.micro\r\n"), ("a\r\nB: c", "Micro-Namespace: a--B: c\r\n"), ("", nil),
        ] {
            let context = ForwardingContext(
                clientAddress: "192.0.2.1", isTrusted: false, scheme: "http", viaName: "v",
                namespace: { (head: borrowing RequestHead) in head.path == "/a" ? name : "other" })
            for context in [context, context.with(clientCertificate: "c")] {
                let text = try forward("GET /a HTTP/1.1\r\nHost: a\r\nMicro-Namespace: evil\r\n\r\n", context)
                #expect(!text.contains("evil"))
                #expect(text.contains("Micro-Namespace") == (line != nil))
                #expect(text.contains(line ?? ""))
            }
        }
    }

    @Test func `a client of HTTP 1.0 without a host is named by its address alone`() throws {
        let text = try forward("GET / HTTP/1.0\r\n\r\n", stranger)
        #expect(
            text == """
                GET / HTTP/1.1\r
                Host: \r
                X-Forwarded-For: 192.0.2.1\r
                X-Forwarded-Proto: http\r
                Forwarded: for=192.0.2.1;proto=http\r
                Via: 1.0 micro-1a2b\r
                \r\n
                """)
        let trusted = try forward("GET / HTTP/1.0\r\n\r\n", proxy)
        #expect(
            trusted.hasSuffix(
                "X-Forwarded-Proto: http\r\nForwarded: for=10.0.0.9;proto=http\r\nVia: 1.0 micro-1a2b\r\n\r\n"))
    }

    @Test func `an IPv6 address is quoted where it must be, and none at all is unknown`() throws {
        let six = ForwardingContext(clientAddress: "2001:db8::1", isTrusted: false, scheme: "https", viaName: "v")
        let text = try forward("GET / HTTP/1.1\r\nHost: a\r\n\r\n", six)
        #expect(text.contains("X-Forwarded-For: 2001:db8::1\r\nX-Forwarded-Proto: https\r\n"))
        #expect(text.contains("Forwarded: for=\"[2001:db8::1]\";proto=https;host=\"a\"\r\n"))
        let none = ForwardingContext(clientAddress: "", isTrusted: false, scheme: "http", viaName: "v")
        #expect(try forward("GET / HTTP/1.1\r\nHost: a\r\n\r\n", none).contains("Forwarded: for=unknown;"))
    }

    @Test func `content is framed anew`() throws {
        let chunked = try forward(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\nTrailer: x\r\n\r\n", stranger)
        #expect(chunked.contains("Host: a\r\nTransfer-Encoding: chunked\r\nX-Forwarded-For"))
        let empty = try forward("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", stranger)
        #expect(empty.contains("Host: a\r\nContent-Length: 0\r\nX-Forwarded-For"))
    }

    @Test func `an upgrade is passed on only when it will be honoured`() throws {
        let handshake =
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n"
        #expect(try parsedRequest(handshake).wantsUpgrade)
        let passed = try forward(handshake, stranger, upgrades: true)
        #expect(passed.contains("Sec-WebSocket-Key: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Forwarded"))
        #expect(try !forward(handshake, stranger).contains("Upgrade"))
    }

    @Test(
        "a request that passed this gateway before is a loop",
        arguments: [
            ("1.1 micro-1a2b", true), ("1.0 other, 1.1 MICRO-1A2B", true), ("1.1 micro-1a2b (comment)", true),
            ("HTTP/1.1  micro-1a2b", true), ("1.1 micro-1a2bc", false), ("1.1 other (micro-1a2b)", false),
            ("micro-1a2b", false), ("", false),
        ])
    func loops(via: String, isLoop: Bool) throws {
        let head = try parsedRequest("GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 x\r\nVia: \(via)\r\n\r\n")
        #expect(stranger.isLoop(head) == isLoop)
        let again = try parsedRequest(try forward("GET / HTTP/1.1\r\nHost: a\r\n\r\n", stranger))
        #expect(stranger.isLoop(again))
    }

    @Test func `whatever is accepted is forwarded as the same one request, and nothing else`() throws {
        let seeds = [
            "GET /a?b HTTP/1.1\r\nHost: a:80\r\nX-One: 1\r\nConnection: X-One, close\r\nCookie: a=b\r\n\r\n",
            "POST http://b/x HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
            "PUT / HTTP/1.1\r\nhost: [::1]\r\ntransfer-encoding: chunked\r\nTE: trailers\r\nX:\ty\r\n\r\n",
            "GET / HTTP/1.0\r\nCookie: a\r\nCookie: b\r\nForwarded: for=x\r\nVia: 1.1 y\r\n\r\n",
        ].map { Array($0.utf8) }
        let pieces = [
            "\r\n", "\n", "\r", ":", " ", "\t", ",", "\0", "_", "Host: c\r\n", "0", "Content-Length: 3\r\n", "#", "/",
        ]
        .map { Array($0.utf8) }
        var accepted = 0
        var random = SeededNumbers(seed: 20_261_121)
        for round in 0..<6_000 {
            var input = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<input.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: input[place] = UInt8.random(in: 0...255, using: &random)
                case 1: input.remove(at: place)
                case 2: input.insert(contentsOf: pieces[Int.random(in: 0..<pieces.count, using: &random)], at: place)
                default: input.insert(input[Int.random(in: 0..<input.count, using: &random)], at: place)
                }
            }
            accepted += try checkForwarding(of: input) ? 1 : 0
        }
        #expect(accepted > 1_000, "\(accepted)")
    }

    /// Whether the request is accepted; then what is forwarded must be read as the same by another strict reader.
    private func checkForwarding(of input: [UInt8]) throws -> Bool {
        for context in [stranger, proxy] {
            var parser = RequestParser()
            var head = RequestHead()
            guard (try? parser.parse(input.span, into: &head)) != nil, let framing = try? BodyFraming.ofRequest(head)
            else { return false }
            var buffer = ByteBuffer()
            ForwardedRequest.write(head, framing: framing, context: context, to: &buffer)
            guard head.version == .http11 else { continue }  // It may be without a host.
            var again = RequestHead()
            let length = try parser.parse(buffer.span, into: &again)
            #expect(length == buffer.count)
            #expect(try BodyFraming.ofRequest(again) == framing)
            #expect(again.method == head.method && again.path == head.path && again.query == head.query)
            #expect(again.authority == head.authority && again.host == head.host)
            #expect(again.fields.count(of: .xForwardedFor) == 1)
            #expect(!again.fields.contains(.connection) || again.fields[.connection] == "TE")
        }
        return true
    }
}
