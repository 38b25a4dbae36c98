import Gateway
import HTTP
import Handlers
import Reactor
import TestSupport
import Testing

struct RPCEndpointTests {
    private static let json = #"{"service":"go.greeter","endpoint":"Say.Hello","request":{"name":"John"}}"#

    @Test(
        "a service is named in JSON, in a form, or in the query",
        arguments: [
            (json, "", "/rpc"),
            (#"{"Service":"go.greeter","METHOD":"Say.Hello","request":"{\"name\":\"John\"}"}"#, "", "/rpc"),
            (
                #"{"service":"go.greeter","endpoint":"Say.Hello","method":"Say.Bye","request":{"name":"John"}}"#, "",
                "/rpc"
            ),
            (
                "service=go.greeter&endpoint=Say.Hello&request=%7B%22name%22%3A%22John%22%7D",
                "Content-Type: application/x-www-form-urlencoded\r\n", "/rpc"
            ),
            (
                "", "Content-Type: text/plain\r\n",
                "/rpc?service=go.greeter&method=Say.Hello&request=%7B%22name%22:%22John%22%7D"
            ),
        ])
    func inputs(body: String, fields: String, path: String) throws {
        let rig = CallRig()
        let seen = try #require(Message(rig.call(body, path: path, fields: fields)))
        #expect(seen["Micro-Service"] == ["go.greeter"])
        #expect(seen["Micro-Endpoint"] == ["Say.Hello"])
        #expect(seen.body == #"{"name":"John"}"#)
        let got = try #require(Message(rig.answer(CallRig.reply("{\"msg\":1}\n"))))
        #expect(got.status == "200")
        #expect(got.body == #"{"msg":1}"#)
    }

    @Test func `numbers keep their digits, and no request is the empty message`() throws {
        let rig = CallRig()
        let big = try #require(
            Message(
                rig.call(
                    #"{"service":"go.greeter","endpoint":"Say.Hello","request":{"n":12345678901234567890}}"#,
                    path: "/rpc")))
        #expect(big.body == #"{"n":12345678901234567890}"#)
        rig.answer(CallRig.reply("{}"))
        let none = try #require(
            Message(rig.call(#"{"service":"go.greeter","endpoint":"Say.Hello"}"#, path: "/rpc")))
        #expect(none.body == "{}")
    }

    @Test func `a form may have parts, and need not have a request`() throws {
        let parts = [("service", "go.greeter"), ("method", "Say.Hello")].map {
            "--b\r\nContent-Disposition: form-data; name=\"\($0)\"\r\n\r\n\($1)\r\n"
        }.joined()
        let seen = try #require(
            Message(
                CallRig().call(
                    parts + "--b--\r\n", path: "/rpc", fields: "Content-Type: multipart/form-data; boundary=b\r\n")))
        #expect(seen["Micro-Endpoint"] == ["Say.Hello"])
        #expect(seen.body == "{}")
    }

    @Test(
        "what names no service or endpoint is refused, with a sentence that says which",
        arguments: [
            ("", "body"), ("[]", "object"), ("{", ""), (#"{"service":"go.greeter"}"#, "endpoint"),
            (#"{"endpoint":"Say.Hello"}"#, "service"), (#"{"service":7,"endpoint":"Say.Hello"}"#, "service"),
            (#"{"service":"go.greeter","endpoint":"Say.Hello","request":"{"}"#, "request"),
            (#"{"service":"go.greeter","endpoint":"Say.Hello\r\nX-Evil: 1"}"#, "endpoint"),
            (#"{"service":"go.greeter\r\nX-Evil: 1","endpoint":"Say.Hello"}"#, "service"),
            (#"{"service":"go.greeter","endpoint":"Say Hello"}"#, "endpoint"),
            (#"{"service":"go.greeter","endpoint":"Hello"}"#, "endpoint"),
            (#"{"service":"go.greeter","endpoint":"A.B.C"}"#, "endpoint"),
            (#"{"service":"go.greeter","endpoint":"Say."}"#, "endpoint"),
            (#"{"service":"../x","endpoint":"Say.Hello"}"#, "service"),
            (#"{"service":"../x y","endpoint":"Say.Hello"}"#, "service"),
        ])
    func bad(body: String, says: String) throws {
        let rig = CallRig()
        rig.call(body, path: "/rpc")
        let got = try #require(Message(rig.client.take()))
        #expect(got.status == "400")
        #expect(MicroError(text: got.body).id == "go.micro.rpc")
        #expect(got.body.contains(says))
        #expect(rig.peers.isEmpty)
    }

    @Test func `names longer than any are refused, and not repeated`() throws {
        for name in ["service", "endpoint"] {
            let rig = CallRig()
            let other = name == "service" ? #""endpoint":"Say.Hello""# : #""service":"go.greeter""#
            rig.call("{\"\(name)\":\"\(String(repeating: "x", count: 10_000))\",\(other)}", path: "/rpc")
            let got = rig.client.take()
            #expect(got.hasPrefix("HTTP/1.1 400 "))
            #expect(got.utf8.count < 1_000)
        }
    }

    @Test func `only addresses of registered nodes are called`() throws {
        let second = Node(id: "n2", address: "10.0.0.6:9090", metadata: CallRig.mucp)
        let rig = CallRig(nodes: [Node(id: "n1", address: CallRig.address, metadata: CallRig.mucp), second])
        rig.call(#"{"service":"go.greeter","endpoint":"Say.Hello","address":"10.0.0.6:9090"}"#, path: "/rpc")
        #expect(rig.parts.transport.asked == ["10.0.0.6:9090"])
        #expect(rig.answer(CallRig.reply("{}")).hasPrefix("HTTP/1.1 200 "))
        rig.call(#"{"service":"go.greeter","endpoint":"Say.Hello","address":"169.254.169.254:80"}"#, path: "/rpc")
        #expect(rig.client.take().hasPrefix("HTTP/1.1 403 "))
        #expect(rig.parts.transport.asked.count == 1)
    }

    @Test func `an unknown service is 404 with a hint, an unknown method says which endpoints there are`() throws {
        let rig = CallRig()
        rig.call(#"{"service":"go.greter","endpoint":"Say.Hello"}"#, path: "/rpc")
        let got = try #require(Message(rig.client.take()))
        #expect(got.status == "404")
        #expect(got.body.contains("go.greeter"))
    }

    @Test func `other methods are told which one is right`() throws {
        let rig = CallRig()
        rig.ask("GET /rpc HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let refused = try #require(Message(rig.client.take()))
        #expect(refused.status == "405")
        #expect(refused["Allow"] == ["POST, OPTIONS"])
        rig.ask("OPTIONS /rpc HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let options = try #require(Message(rig.client.take()))
        #expect(options.status == "200")
        #expect(options["Content-Length"] == ["0"])
    }

    private static let loopback = Address.loopback(port: 40_000)
    private static let elsewhere = Address.v4(192, 0, 2, 7, port: 40_000)

    @Test(
        "who may call is decided by the address, and on this machine by the page as well",
        arguments: [
            (RPCAccess.everyone, elsewhere, "", true), (.everyone, elsewhere, "Origin: http://evil.test\r\n", true),
            (.nobody, loopback, "", false), (.thisMachine, elsewhere, "", false), (.thisMachine, loopback, "", true),
            (.thisMachine, loopback, "Origin: http://localhost\r\n", true),
            (.thisMachine, loopback, "Origin: http://evil.test\r\n", false),
            (.thisMachine, loopback, "Origin: null\r\n", false),
            (.thisMachine, loopback, "Sec-Fetch-Site: cross-site\r\n", false),
            (.thisMachine, loopback, "X-Forwarded-For: 127.0.0.1\r\n", false),
            (.thisMachine, loopback, "Forwarded: for=127.0.0.1\r\n", false),
            (.thisMachine, loopback, "X-Real-IP: 127.0.0.1\r\n", false),
            (.thisMachine, loopback, "Via: 1.1 other\r\n", false),
            (
                .thisMachine,
                Address(family: .v6, bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1], port: 1), "", true
            ),
        ] as [(RPCAccess, Address, String, Bool)])
    func access(access: RPCAccess, peer: Address, fields: String, isAllowed: Bool) {
        let rig = CallRig(access: access, from: peer)
        rig.call(Self.json, path: "/rpc", fields: fields)
        if isAllowed {
            #expect(rig.answer(CallRig.reply("{}")).hasPrefix("HTTP/1.1 200 "))
        } else {
            #expect(rig.client.take().hasPrefix("HTTP/1.1 403 "))
            #expect(rig.peers.isEmpty)
        }
    }

    @Test func `a name that was made to point here is not this machine`() {
        let rig = CallRig(access: .thisMachine, from: Self.loopback)
        rig.ask("POST /rpc HTTP/1.1\r\nHost: evil.test\r\nContent-Length: 2\r\n\r\n{}")
        #expect(rig.client.take().hasPrefix("HTTP/1.1 403 "))
    }

    // MARK: What stands in front

    @Test(
        "the gateway answers some paths itself",
        arguments: [
            ("GET / HTTP/1.1", "200", #"{"version": "1.0"}"#), ("GET /favicon.ico HTTP/1.1", "200", ""),
            ("GET /a/../go.greeter//x HTTP/1.1", "308", ""), ("OPTIONS * HTTP/1.1", "400", nil),
            ("CONNECT a:443 HTTP/1.1", "501", nil), ("GET /nothing HTTP/1.1", "404", nil),
        ] as [(String, String, String?)])
    func front(line: String, status: String, body: String?) throws {
        let rig = CallRig()
        rig.ask("\(line)\r\nHost: a\r\n\r\n")
        let got = try #require(Message(rig.client.take()))
        #expect(got.status == status)
        if let body { #expect(got.body == body) }
        if status == "308" { #expect(got["Location"] == ["/go.greeter/x"]) }
    }
}
