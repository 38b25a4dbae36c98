import Bytes
import HTTP
import Testing

struct RequestRewriteTests {
    private func forward(_ fields: String, _ rewrite: RequestRewrite, isTrusted: Bool = false) throws -> [String] {
        let head = try parsedRequest("GET /shop/a?b HTTP/1.1\r\nHost: edge.example\r\n\(fields)\r\n")
        let context = ForwardingContext(
            clientAddress: "192.0.2.1", isTrusted: isTrusted, scheme: "http", viaName: "micro-1")
        var buffer = ByteBuffer()
        ForwardedRequest.write(
            head, framing: .none, context: context, rewrite: rewrite, host: "10.0.0.1:80", to: &buffer)
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
