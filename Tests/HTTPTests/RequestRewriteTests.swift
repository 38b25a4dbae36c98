import Bytes
import HTTP
import Testing

struct RequestRewriteTests {
    private func forward(
        _ fields: String, _ rewrite: RequestRewrite, isTrusted: Bool = false, asking host: String? = "10.0.0.1:80"
    ) throws -> [String] {
        let head = try parsedRequest("GET /shop/a?b HTTP/1.1\r\nHost: edge.example\r\n\(fields)\r\n")
        let context = ForwardingContext(
            clientAddress: "192.0.2.1", isTrusted: isTrusted, scheme: "http", viaName: "micro-1")
        var buffer = ByteBuffer()
        ForwardedRequest.write(
            head, framing: .none, context: context, rewrite: rewrite, host: host, to: &buffer)
        return buffer.text.split(separator: "\r\n").map(String.init)
    }

    @Test func `a node is asked as if the client had come to its own address, and told where it is mounted`() throws {
        let lines = try forward("Accept: */*\r\n", RequestRewrite(target: "/a?b", prefix: "/shop"))
        #expect(
            lines == [
                "GET /a?b HTTP/1.1", "Host: 10.0.0.1:80", "Accept: */*", "X-Micro-Web-Base-Path: /shop",
                "X-Forwarded-Prefix: /shop", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http",
                "X-Forwarded-Host: edge.example", "Forwarded: for=192.0.2.1;proto=http;host=\"edge.example\"",
                "Via: 1.1 micro-1",
            ])
    }

    @Test func `where nothing was taken off, the base is the root`() throws {
        let lines = try forward("", RequestRewrite(target: "/shop/a?b", prefix: ""))
        #expect(lines[0] == "GET /shop/a?b HTTP/1.1")
        #expect(lines.contains("X-Micro-Web-Base-Path: /"))
        #expect(!lines.contains { $0.hasPrefix("X-Forwarded-Prefix") })
    }

    @Test(
        "what a stranger says about prefixes is dropped, and what a trusted proxy says goes before ours",
        arguments: [(false, "/shop"), (true, "/edge/shop")])
    func prefixes(isTrusted: Bool, expected: String) throws {
        let fields = "X-Forwarded-Prefix: /edge/\r\nX-Micro-Web-Base-Path: /forged\r\nX_Forwarded_Prefix: /forged\r\n"
        let lines = try forward(fields, RequestRewrite(target: "/a", prefix: "/shop"), isTrusted: isTrusted)
        #expect(lines.filter { $0.lowercased().contains("prefix") } == ["X-Forwarded-Prefix: \(expected)"])
        #expect(lines.filter { $0.contains("Base-Path") } == ["X-Micro-Web-Base-Path: /shop"])
    }

    private static let deepShop = PathPrefix(segments: ["a", "shop"])

    @Test(
        "a prefix is taken off the bytes that the client has sent, however it wrote them",
        arguments: [
            ("/shop", nil, "/"), ("/shop/", nil, "/"), ("/shop?x=1", nil, "/?x=1"), ("/shop?", nil, "/?"),
            ("/shop/a/b?x=%20+y", nil, "/a/b?x=%20+y"), ("/%73ho%70/a%2Fb/%C3%A9;c", nil, "/a%2Fb/%C3%A9;c"),
            ("http://edge.example/shop/a?b", nil, "/a?b"), ("http://edge.example/shop", nil, "/"),
            ("/shop%2Fa", "/shop/a", "/a"), ("/shop%2fa%2Fb?c", "/shop/a/b", "/a%2Fb?c"), ("/shop%2F", "/shop/", "/"),
        ] as [(String, String?, String)])
    func withoutPrefix(target: String, decidedBy path: String?, expected: String) {
        var head = RequestHead(target: target, authority: "edge.example")
        if let path { head.decide(by: path) }
        let rewrite = RequestRewrite(of: head, without: PathPrefix(segments: ["shop"]))
        #expect(rewrite.target(of: head) == expected)
    }

    @Test(
        "a prefix may have several segments, and what is left of a path that decides has them apart",
        arguments: [("/a/shop", "/"), ("/a/shop/", "/"), ("/a/sho%70/c/d%2Fe", "/c/d%2Fe")])
    func deepPrefix(path: String, expected: String) {
        let head = RequestHead(target: path)
        #expect(RequestRewrite(of: head, without: Self.deepShop).target(of: head) == expected)
        #expect(Self.deepShop.rest(of: path.utf8.span) == expected)
    }

    @Test func `a node behind a route without its prefix is asked with the client's host, and told the prefix`() throws
    {
        let head = RequestHead(target: "/shop/a?b")
        let rewrite = RequestRewrite(of: head, without: PathPrefix(segments: ["shop"]))
        let lines = try forward("X-Forwarded-Prefix: /forged\r\n", rewrite, asking: nil)
        #expect(lines.prefix(3) == ["GET /a?b HTTP/1.1", "Host: edge.example", "X-Forwarded-Prefix: /shop"])
        #expect(!lines.contains { $0.hasPrefix("X-Micro") })
        let trusted = try forward("X-Forwarded-Prefix: /edge/\r\n", rewrite, isTrusted: true, asking: nil)
        #expect(trusted.filter { $0.hasPrefix("X-Forwarded-Prefix") } == ["X-Forwarded-Prefix: /edge/shop"])
        var fields = HeaderFields()
        fields.append(name: "Service-Worker-Allowed", value: "/")
        rewrite.restrict(&fields)
        #expect(fields["Service-Worker-Allowed"] == "/")
    }

    @Test func `nodes are told a prefix as a path has it`() {
        #expect(PathPrefix(segments: ["caf\u{e9}", "50%", "~a"]).encoded == "/caf%C3%A9/50%25/~a")
    }

    @Test func `an application below a path does not speak for the whole origin, one with a host of its own does`() {
        var fields = HeaderFields()
        for name in ["service-worker-allowed", "Cross-Origin-Opener-Policy", "NEL", "Report-To", "X-Own"] {
            fields.append(name: name, value: "x")
        }
        fields.append(.setCookie, "a=b")
        var restricted = fields
        RequestRewrite(target: "/", prefix: "/shop").restrict(&restricted)
        #expect(restricted.description == "X-Own: x\nSet-Cookie: a=b")
        var whole = fields
        RequestRewrite(target: "/", prefix: "").restrict(&whole)
        #expect(whole == fields)
    }
}
