import Bytes
import Gateway
import HTTP
import TestSupport
import Testing
import Upstream

struct GRPCCallTests {
    @Test func `a call has the fields of Go Micro's client`() {
        let rig = GRPCRig()
        rig.call("{\"name\":\"John\"}", fields: "Timeout: 5\r\nX-Custom: a\r\nCookie: a=b\r\nX-Latin: \u{e9}\r\n")
        let frames = rig.node.take()
        #expect(frames.prefix(2) == [.preface, .settings])
        guard case .headers(1, let fields, ends: false) = frames.dropFirst(3).first else {
            Issue.record("no call in \(frames)")
            return
        }
        let expected = [
            ":method": "POST", ":scheme": "http", ":path": "/go.greeter.Say/Hello", ":authority": "10.0.0.5:9090",
            "content-type": "application/grpc+json", "te": "trailers", "grpc-timeout": "5000000u",
            "timeout": "5000000000", "x-content-type": "application/json", "x-custom": "a", "cookie": "a=b",
            "method": "POST", "x-forwarded-for": "192.0.2.7", "micro-from-service": "go.micro.api", "host": "localhost",
        ]
        let traces = ["micro-trace-id", "micro-span-id"]
        #expect(fields.filter { !traces.contains($0.key) } == expected)
        #expect(Set(traces.compactMap { fields[$0]?.utf8.count == 36 ? fields[$0] : nil }).count == 2)
        #expect(frames.last == .data(1, HTTP2Peer.framed("{\"name\":\"John\"}"), ends: true))
    }

    @Test(
        "a type of messages that the node refuses is told apart from an error of the endpoint",
        arguments: [
            ("2", "go.micro.server", "Unsupported Content-Type: application/grpc+proto", 415),
            ("2", "go.micro.server", "unsupported Content-Type: x", 415),
            // An endpoint hands on what another service has said to it: it may have done something.
            ("13", "go.micro.server", "Unsupported Content-Type: application/grpc+proto", 500),
            ("2", "go.micro.client", "Unsupported Content-Type: application/grpc+proto", 500),
        ])
    func refusals(status: String, id: String, detail: String, expected: Int) {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.node.headers(
            1,
            [
                (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", status),
                ("grpc-message", "{\"id\":\"\(id)\",\"code\":500,\"detail\":\"\(detail)\"}"),
            ], ends: true)
        #expect(rig.reply()?.status == "\(expected)")
    }

    @Test func `415 is such a refusal too`() {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.node.headers(1, [(":status", "415")], ends: true)
        #expect(rig.reply()?.status == "415")
    }

    /// Servers of others refuse a host that is not the authority.
    @Test func `only services of Go Micro are told the host`() {
        let rig = GRPCRig(metadata: ["protocol": "grpc"])
        rig.call()
        guard case .headers(1, let fields, ends: false) = rig.node.take().dropFirst(3).first else {
            Issue.record("no call")
            return
        }
        #expect(fields["host"] == nil)
        #expect(fields["micro-from-service"] == "go.micro.api")
    }

    @Test func `an answer in pieces is one answer, wherever it is cut`() throws {
        let script = Peer()
        let scripted = HTTP2Peer(script)
        let rig = GRPCRig()
        rig.call()
        var stream: UInt32 = 1
        rig.node.settings()
        for cut in 1..<90 {
            if stream > 1 { rig.call() }
            scripted.answer(stream, "{\"msg\":\"Hello John\"}")
            let bytes = script.takeSent()
            rig.node.peer.send(Array(bytes.prefix(cut)))
            rig.loop.drain()
            rig.node.peer.send(Array(bytes.dropFirst(cut)))
            #expect(rig.reply()?.body == "{\"msg\":\"Hello John\"}", "cut at \(cut)")
            stream += 2
        }
        #expect(rig.connections.count == 1)
    }

    @Test func `that time is up is one error, whoever tells it first`() throws {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.node.begin(1)
        rig.node.end(1, status: 4, [("grpc-message", "late")])
        let error = MicroError(text: try #require(rig.reply()).body)
        #expect((error.id, error.code) == ("go.micro.client", 504))
    }

    @Test(
        "an error keeps its code and its words",
        arguments: [
            (5, #"{"id":"a","code":404,"detail":"no such name","status":"Not Found"}"#, 404, "no such name"),
            (2, "100%25 plain%0A", 500, "100% plain\n"), (3, "", 400, "INVALID_ARGUMENT"),
            (4, "late", 504, "late"), (8, "much", 429, "much"), (1, "left", 499, "left"),
            (12, "unknown method Zip", 404, "unknown method Zip"), (12, "not yet", 501, "not yet"),
            (77, "odd", 500, "odd"),
        ])
    func errors(status: Int, message: String, code: Int, detail: String) throws {
        for isBare in [true, false] {
            let rig = GRPCRig()
            rig.call()
            rig.node.settings()
            if isBare {
                rig.node.headers(
                    1,
                    [
                        (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "\(status)"),
                        ("grpc-message", message),
                    ], ends: true)
            } else {
                rig.node.begin(1)
                rig.node.end(1, status: status, [("grpc-message", message)])
            }
            let reply = try #require(rig.reply())
            let error = MicroError(text: reply.body)
            #expect(reply.status == "\(code)")
            #expect((error.code, error.detail) == (code, detail))
        }
    }

    @Test func `an error object without a code is no text, and who is called does not matter for a missing endpoint`()
        throws
    {
        for (message, status, error) in [
            (
                #"{"id":"x","detail":"y"}"#, 2,
                MicroError(id: "go.micro.api", code: 500, detail: "error during request: y")
            ),
            (
                "unknown service Say.Nope", 12,
                MicroError(id: "go.micro.client", code: 404, detail: "unknown service Say.Nope")
            ),
        ] {
            let rig = GRPCRig()
            rig.call()
            rig.node.settings()
            rig.node.begin(1)
            rig.node.end(1, status: status, [("grpc-message", message)])
            #expect(MicroError(text: try #require(rig.reply()).body) == error)
        }
    }

    @Test func `the recorded error of a service is read from its details alone`() throws {
        let details =
            "CAUSW3siaWQiOiJnby5taWNyby5zcnYuZ3JlZXRlciIsImNvZGUiOjQwNCwiZGV0YWlsIjoibm8gc3VjaCBuYW1lOiBKb2huIiwic3RhdH"
            + "VzIjoiTm90IEZvdW5kIn0aXAogdHlwZS5nb29nbGVhcGlzLmNvbS9lcnJvcnMuRXJyb3ISOAoUZ28ubWljcm8uc3J2LmdyZWV0ZXIQlAMa"
            + "Em5vIHN1Y2ggbmFtZTogSm9obiIJTm90IEZvdW5k"
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.node.begin(1)
        rig.node.end(1, status: 5, [("grpc-message", "not it"), ("grpc-status-details-bin", details)])
        let error = MicroError(text: try #require(rig.reply()).body)
        #expect(error == MicroError(id: "go.micro.srv.greeter", code: 404, detail: "no such name: John"))
    }

    @Test(
        "what is no answer of gRPC is the node's fault",
        arguments: [
            [(":status", "503"), ("content-type", "text/html")], [(":status", "200")],
            [(":status", "200"), ("content-type", "application/json")],
        ])
    func strangers(fields: [(String, String)]) throws {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.node.headers(1, fields, ends: true)
        #expect(try #require(rig.reply()).status == "502")
    }

    @Test(
        "messages against the rules are the node's fault",
        arguments: [
            "\u{1}\u{0}\u{0}\u{0}\u{0}", "\u{7}", "\u{0}\u{7f}\u{0}\u{0}\u{0}", "\u{0}\u{0}\u{0}\u{0}\u{5}abc",
            HTTP2Peer.framed("{}") + HTTP2Peer.framed("{}"), "",
        ])
    func badMessages(content: String) throws {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.node.begin(1)
        rig.node.data(1, content)
        rig.node.end(1)
        #expect(try #require(rig.reply()).status == "502")
        // The connection is as good as before.
        rig.call()
        rig.node.answer(3, "{}")
        #expect(rig.reply()?.status == "200")
    }

    @Test func `an error goes before a message that broke off`() {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.node.begin(1)
        rig.node.data(1, "\u{0}\u{0}\u{0}\u{0}\u{5}abc")
        rig.node.end(1, status: 7, [("grpc-message", "no")])
        #expect(rig.reply()?.status == "403")
    }

    @Test func `a call that takes too long is cancelled, and a client that leaves cancels its call`() {
        let rig = GRPCRig()
        rig.call(fields: "Timeout: 2\r\n")
        rig.node.settings()
        _ = rig.received()
        rig.loop.advance(by: .seconds(2))
        #expect(rig.reply()?.status == "504")
        #expect(rig.received().contains(.reset(1, .cancel)))
        let other = rig.connect()
        rig.call(from: other)
        other.reset()
        #expect(rig.received().last == .reset(3, .cancel))
    }

    @Test func `names that can be no endpoint do not reach a node`() throws {
        let rig = GRPCRig()
        rig.client.send(CallRig.post("{}", path: "/go.greeter/Nothing"))
        #expect(try #require(rig.reply()).status == "404")
        #expect(rig.parts.transport.asked == [])
    }

    @Test(
        "paths of endpoints",
        arguments: [
            ("go.micro.srv.greeter", "Greeter.Hello", "/go.micro.srv.greeter.Greeter/Hello"),
            ("", "Greeter.Hello", "/Greeter/Hello"), ("svc", "/pkg.Foo/Bar", "/pkg.Foo/Bar"), ("svc", "Foo", nil),
            ("svc", "a.b.c", nil), ("svc", "/a", nil), ("svc", "A.", nil), ("svc", "A.B?c", nil), ("s v", "A.B", nil),
        ])
    func paths(service: String, endpoint: String, path: String?) {
        #expect(GRPCPath.of(Destination(service: service, endpoint: endpoint)) == path)
    }
}

extension Peer {
    /// Takes back what was sent to a channel that nobody has.
    func takeSent() -> [UInt8] {
        var buffer = ByteBuffer()
        _ = try? MemoryChannel(self).tryRead(into: &buffer, atMost: .max)
        return buffer.bytes
    }
}
