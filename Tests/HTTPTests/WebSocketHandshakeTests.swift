import HTTP
import TestSupport
import Testing

/// RFC 6455, 4; J01 and J02 of the hardening cases.
struct WebSocketHandshakeTests {
    private func request(_ line: String = "GET /chat HTTP/1.1", without name: String = "", _ more: String = "") throws
        -> RequestHead
    {
        let fields = [
            "Host: server.example.com", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        ]
        let kept = fields.filter { name.isEmpty || !$0.hasPrefix(name + ":") }.joined(separator: "\r\n")
        return try parsedRequest("\(line)\r\n\(kept)\r\n\(more)\r\n")
    }

    @Test func `the handshake of the standard is answered as there`() throws {
        let handshake = try WebSocketHandshake(
            request("GET /chat HTTP/1.1", without: "", "Sec-WebSocket-Protocol: chat, superchat\r\n"))
        #expect(handshake.subprotocols == ["chat", "superchat"])
        #expect(handshake.subprotocol(among: ["superchat", "chat"]) == "chat")
        #expect(handshake.subprotocol(among: ["Chat"]) == nil)
        let response = handshake.response(subprotocol: "chat")
        #expect(response.status == .switchingProtocols)
        let fields = """
            Upgrade: websocket
            Connection: Upgrade
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
            Sec-WebSocket-Protocol: chat
            """
        #expect(response.fields.description == fields)
        #expect(!handshake.response().fields.contains(.secWebSocketProtocol))
    }

    @Test(
        "a request that is not quite one for a WebSocket is refused, and told the version",
        arguments: [
            ("POST /chat HTTP/1.1", "", "", 400), ("GET /chat HTTP/1.0", "", "", 400),
            ("GET / HTTP/1.1", "Upgrade", "", 426), ("GET / HTTP/1.1", "Upgrade", "Upgrade: h2c\r\n", 426),
            ("GET / HTTP/1.1", "Connection", "", 400), ("GET / HTTP/1.1", "Connection", "Connection: close\r\n", 400),
            ("GET / HTTP/1.1", "Sec-WebSocket-Version", "", 426),
            ("GET / HTTP/1.1", "Sec-WebSocket-Version", "Sec-WebSocket-Version: 12\r\n", 426),
            ("GET / HTTP/1.1", "", "Sec-WebSocket-Version: 13\r\n", 426),
            ("GET / HTTP/1.1", "Sec-WebSocket-Key", "", 400),
            ("GET / HTTP/1.1", "Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n", 400),
            ("GET / HTTP/1.1", "Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n", 400),
            ("GET / HTTP/1.1", "Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE=\r\n", 400),
            ("GET / HTTP/1.1", "Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBs*SBub25jZQ==\r\n", 400),
            ("GET / HTTP/1.1", "", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400),
            ("GET / HTTP/1.1", "", "Sec-WebSocket-Protocol: a, a\r\n", 400),
            ("GET / HTTP/1.1", "", "Sec-WebSocket-Protocol: a b\r\n", 400),
            ("GET / HTTP/1.1", "", "Content-Length: 5\r\n", 400),
            ("GET / HTTP/1.1", "", "Transfer-Encoding: chunked\r\n", 400),
        ])
    func refused(line: String, without: String, more: String, status: Int) throws {
        let head = try request(line, without: without, more)
        let refusal = #expect(throws: WebSocketRefusal.self) { _ = try WebSocketHandshake(head) }
        #expect(refusal?.status.code == status)
        let fields = try #require(refusal?.response.fields)
        #expect(fields[.secWebSocketVersion] == "13")
        #expect(fields.contains(.upgrade) == (status == 426))
    }

    @Test func `tokens are found whatever their case and place`() throws {
        let more = "Upgrade: foo, WebSocket\r\nConnection: x\r\nConnection: uPGRADE\r\nContent-Length: 0\r\n"
        var head = try request("GET / HTTP/1.1", without: "Connection", more)
        #expect(throws: Never.self) { _ = try WebSocketHandshake(head) }
        let names = (0..<33).map { "p\($0)" }
        head.fields.append(.secWebSocketProtocol, names.prefix(32).joined(separator: ","))
        #expect(try WebSocketHandshake(head).subprotocols.count == 32)
        head.fields.append(.secWebSocketProtocol, names[32])
        #expect(throws: WebSocketRefusal.self) { _ = try WebSocketHandshake(head) }
    }

    @Test func `a client and a server agree`() throws {
        var random = SeededNumbers(seed: 4)
        let client = WebSocketClientHandshake(subprotocols: ["a", "b"], using: &random)
        #expect(WebSocketClientHandshake(using: &random).key != client.key)
        var head = RequestHead(target: "/chat")
        head.fields.append(.secWebSocketKey, "left over")
        client.ask(in: &head)
        let server = try WebSocketHandshake(head)
        #expect(server.subprotocols == ["a", "b"])
        #expect(try client.check(server.response()) == nil)
        #expect(try client.check(server.response(subprotocol: "b")) == "b")
    }

    @Test(
        "an answer that is not to our key, or brings what was not asked for, is refused",
        arguments: [
            (FieldName.secWebSocketAccept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), (.secWebSocketAccept, ""),
            (.upgrade, "h2c"), (.connection, "close"), (.secWebSocketExtensions, "permessage-deflate"),
            (.secWebSocketProtocol, "other"),
        ])
    func wrongAnswer(name: FieldName, value: String) {
        let client = WebSocketClientHandshake(subprotocols: ["a"])
        var good = RequestHead()
        client.ask(in: &good)
        #expect(throws: ResponseProblem.self) {
            var response = try WebSocketHandshake(good).response()
            response.fields.set(name, value)
            _ = try client.check(response)
        }
        #expect(throws: ResponseProblem.self) {
            var response = try WebSocketHandshake(good).response()
            response.status = .ok
            _ = try client.check(response)
        }
    }
}
