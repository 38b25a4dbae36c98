import Bytes
import HTTP
import TestSupport
import Testing

/// Calls of clients that speak gRPC or gRPC-Web, over HTTP/1.1, whose trailers stand behind the last chunk.
struct GRPCPassThroughTests {
    private static let hello = HTTP2Peer.framed("hello")

    /// A rig whose node has got one call.
    private func rig(type: String, fields: String = "", body: String = hello) -> GRPCRig {
        let rig = GRPCRig()
        rig.callNatively(body, type: type, fields: fields)
        rig.node.settings()
        return rig
    }

    @Test func `a call keeps its path, its type and its metadata`() throws {
        let rig = rig(
            type: "application/grpc+proto", fields: "User_Id: 42\r\nX_Forwarded_For: liar\r\n")
        let frames = rig.received()
        guard case .headers(1, let fields, ends: false) = try #require(frames.first) else {
            Issue.record("\(frames)")
            return
        }
        #expect(fields[":path"] == "/go.greeter.Say/Hello")
        #expect(fields["content-type"] == "application/grpc+proto")
        #expect(fields["te"] == "trailers")
        #expect(fields["user_id"] == "42")
        #expect(fields["x_forwarded_for"] == nil)
        #expect(fields["x-forwarded-for"] == "192.0.2.7")
        #expect(fields["forwarded"] == "for=192.0.2.7;proto=http;host=\"a.example\"")
        #expect(frames.dropFirst() == [.data(1, Self.hello, ends: false), .data(1, "", ends: true)])
    }

    @Test func `the answer keeps its content and its trailers`() throws {
        let rig = rig(type: "application/grpc")
        rig.node.begin(1, type: "application/grpc")
        rig.node.message(1, "one")
        rig.loop.drain()
        let head = try #require(rig.reply())
        #expect(head["Content-Type"] == ["application/grpc"])
        rig.node.message(1, "two")
        rig.node.end(1, [("x-trailer", "t")])
        rig.loop.drain()
        let rest = try #require(unchunked(head.body + rig.client.take()))
        #expect(rest.content == HTTP2Peer.framed("one") + HTTP2Peer.framed("two"))
        #expect(rest.trailers.lowercased().contains("grpc-status: 0\r\nx-trailer: t"))
    }

    @Test func `a call that fails at once has its status in the head`() throws {
        let rig = rig(type: "application/grpc")
        rig.node.headers(
            1, [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5")], ends: true)
        let reply = try #require(rig.reply())
        #expect(reply["grpc-status"] == ["5"])
        #expect(reply["Content-Length"] == ["0"])
    }

    @Test(
        "what goes wrong on our side is a status",
        arguments: [
            ("application/grpc", HTTP2ErrorCode.cancel, "1"), ("application/grpc", .enhanceYourCalm, "8"),
            ("application/grpc-web", .internalError, "13"), ("application/grpc-web-text", .cancel, "1"),
        ])
    func resets(type: String, code: HTTP2ErrorCode, status: String) throws {
        let rig = rig(type: type, body: type.hasSuffix("text") ? "AAAAAAA=" : Self.hello)
        rig.node.reset(1, code)
        let reply = try #require(rig.reply())
        #expect(reply.status == "200")
        #expect(reply["grpc-status"] == [status])
        #expect(reply["Content-Type"] == [type])
    }

    @Test func `errors of the gateway itself are statuses too`() throws {
        let rig = GRPCRig(nodes: ["10.0.0.5:1"])
        rig.parts.transport.refused = ["10.0.0.5:1"]
        rig.callNatively(Self.hello, type: "application/grpc-web")
        #expect(try #require(rig.reply())["grpc-status"] == ["14"])
        let other = GRPCRig()
        other.callNatively(Self.hello, type: "application/grpc", fields: "grpc-timeout: 5X\r\n")
        let reply = try #require(other.reply())
        #expect(reply["grpc-status"] == ["3"])
        #expect(reply["grpc-message"] == ["grpc-timeout must be one to eight digits and a unit"])
    }

    @Test func `an answer that breaks off ends with a status`() throws {
        let rig = rig(type: "application/grpc")
        rig.node.begin(1, type: "application/grpc")
        rig.node.message(1, "one")
        rig.loop.drain()
        rig.node.peer.reset()
        let reply = try #require(rig.reply())
        #expect(try #require(unchunked(reply.body)).trailers.lowercased().contains("grpc-status: 14"))
    }

    @Test func `the client's limit is kept`() throws {
        let rig = rig(type: "application/grpc", fields: "grpc-timeout: 500m\r\n")
        rig.loop.advance(by: .milliseconds(500))
        #expect(try #require(rig.reply())["grpc-status"] == ["4"])
        #expect(rig.received().contains(.reset(1, .cancel)))
    }

    @Test func `GOAWAY loses no call, although its body was read`() throws {
        let rig = rig(type: "application/grpc")
        rig.node.goAway(last: 0)
        rig.loop.drain()
        #expect(rig.connections.count == 2)
        rig.node.settings()
        let frames = rig.received()
        #expect(frames.dropFirst() == [.data(1, Self.hello, ends: true)])
        rig.node.begin(1, type: "application/grpc")
        rig.node.end(1)
        #expect(try #require(rig.reply()).status == "200")
    }

    @Test func `trailers are the last message for browsers`() throws {
        let rig = rig(type: "application/grpc-web+proto")
        guard case .headers(_, let fields, _) = try #require(rig.received().first) else { return }
        #expect(fields["content-type"] == "application/grpc+proto")
        rig.node.begin(1, type: "application/grpc+proto")
        rig.node.message(1, "one")
        rig.node.end(1, [("grpc-message", "fine")])
        let reply = try #require(rig.reply())
        #expect(reply["Content-Type"] == ["application/grpc-web+proto"])
        // The flag is a byte that is no text, so the chunks cannot be taken apart here.
        #expect(reply.body.contains(HTTP2Peer.framed("one")))
        #expect(reply.body.hasSuffix("\u{0}\u{0}\u{0}\u{22}grpc-status:0\r\ngrpc-message:fine\r\n\r\n0\r\n\r\n"))
    }

    @Test func `text for browsers is base64 both ways, in pieces of any size`() throws {
        let text = Base64.encode(Self.hello.utf8.span)
        for cut in 0...text.utf8.count {
            let rig = GRPCRig()
            rig.client.send(
                "POST /go.greeter.Say/Hello HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web-text\r\n"
                    + "Content-Length: \(text.utf8.count)\r\n\r\n" + text.prefix(cut))
            rig.loop.drain()
            rig.client.send(String(text.dropFirst(cut)))
            rig.loop.drain()
            rig.node.settings()
            var sent = ""
            for case .data(1, let part, _) in rig.received() { sent += part }
            #expect(sent == Self.hello, "cut at \(cut)")
            guard cut == 0 else { continue }
            rig.node.begin(1, type: "application/grpc")
            rig.node.message(1, "one")
            rig.loop.drain()
            let head = try #require(rig.reply())
            #expect(head["Content-Type"] == ["application/grpc-web-text"])
            #expect(head.body.contains(Base64.encode(HTTP2Peer.framed("one").utf8.span)))
        }
    }

    @Test func `text that is no base64 is a mistake of the client`() throws {
        let rig = rig(type: "application/grpc-web-text", body: "!!!!")
        #expect(try #require(rig.reply())["grpc-status"] == ["3"])
    }

    @Test func `a client that takes nothing makes the node wait`() {
        let rig = rig(type: "application/grpc")
        rig.client.room = 1_000
        rig.node.begin(1, type: "application/grpc")
        for _ in 0..<8 { rig.node.data(1, String(repeating: "x", count: 16_000)) }
        let before = rig.received().count { if case .windowUpdate(1, _) = $0 { true } else { false } }
        rig.client.room = .max
        rig.loop.drain()
        rig.node.data(1, String(repeating: "x", count: 16_000))
        let after = rig.received().count { if case .windowUpdate(1, _) = $0 { true } else { false } }
        #expect((before, after) == (1, 1))
    }
}
