import Bytes
import Gateway
import HTTP
import Handlers
import JSON
import Reactor
import TestSupport
import Testing
import Upstream

struct MUCPCallTests {
    @Test func `a request has the fields of the recorded one`() throws {
        let recorded = try #require(Message(golden("mucp-json-request")))
        let deadline = ContinuousClock.now
        var output = ByteBuffer()
        let call = RPCCall(
            destination: Destination(service: "go.micro.srv.greeter", endpoint: "Greeter.Hello"),
            body: ByteBuffer(recorded.body), metadata: HeaderFields(), deadline: deadline)
        MUCPRequest.write(call, host: "10.0.0.5:9090", timeLeft: .seconds(5), to: &output)
        let ours = try #require(Message(output.text))
        #expect(ours.startLine == recorded.startLine)
        #expect(ours.body == recorded.body)
        for field in recorded.fields where field.name != "User-Agent" {
            #expect(ours[field.name] == [field.value], "\(field.name)")
        }
    }

    @Test("what a service answers is the client's JSON, byte for byte", arguments: ["v2", "v5.15"])
    func answers(version: String) throws {
        let recorded = golden("mucp-json-response-\(version)")
        let body = try #require(Message(recorded)).body
        let rig = CallRig()
        for cut in 1..<recorded.utf8.count {
            rig.call()
            let whole = Array(recorded.utf8)
            rig.node.send(Array(whole[..<cut]))
            rig.loop.drain()
            #expect(rig.client.take() == "")
            rig.node.send(Array(whole[cut...]))
            rig.loop.drain()
            let got = try #require(Message(rig.client.take()), "cut at \(cut)")
            #expect(got.status == "200")
            #expect(got["Content-Type"] == ["application/json"])
            #expect(got.body + "\n" == body)
        }
        #expect(rig.peers.count == 1)
    }

    @Test func `a request in pieces is one call`() throws {
        let request = Array(CallRig.post("{\"name\": \"John\"}", path: "/go.greeter/Say.Hello").utf8)
        let rig = CallRig()
        for cut in 1..<request.count {
            rig.client.send(Array(request[..<cut]))
            rig.loop.drain()
            rig.client.send(Array(request[cut...]))
            rig.loop.drain()
            // As it was sent, blanks included.
            #expect(try #require(Message(rig.node.take())).body == "{\"name\": \"John\"}", "cut at \(cut)")
            #expect(rig.answer(CallRig.reply("{}")).hasSuffix("{}"))
        }
    }

    @Test(
        "an error of the service has its status and its sentence",
        arguments: [
            (#"{"id":"a","code":404,"detail":"no such name"}"#, "404", "no such name"),
            (#"{"Id":"a","Code":409,"Detail":"twice"}"#, "409", "twice"),
            (#"{"id":"a","code":0,"detail":"none"}"#, "500", "none"),
            (#"{"id":"a","code":200,"detail":"odd"}"#, "500", "odd"),
            (#"{"id":"a","code":99999,"detail":"far"}"#, "500", "far"),
            (#"{"id":"a","code":-1,"detail":"low"}"#, "500", "low"),
            ("plain failure", "500", "plain failure"), (#"{"other":1}"#, "500", #"{"other":1}"#), ("[1]", "500", "[1]"),
            ("rpc: can't find service Foo", "404", "Say.Hello"), ("rpc: can't find method Nope", "404", "Say.Hello"),
        ])
    func errors(text: String, status: String, says: String) throws {
        let rig = CallRig()
        let path = text.hasPrefix("rpc:") ? "/go.greeter/Say.Helo" : "/go.greeter/Say.Hello"
        rig.call(path: path)
        let got = try #require(Message(rig.answer(CallRig.reply("", fields: "Micro-Error: \(text)\r\n"))))
        #expect(got.status == status)
        let error = MicroError(text: got.body)
        #expect(error.detail.contains(says))
        // The connection is as good as before, and so is the node.
        #expect(rig.parts.idleCount == 1)
        #expect(rig.parts.health.isEmpty)
    }

    @Test func `recorded errors are understood`() throws {
        let rig = CallRig()
        rig.call()
        let typed = try #require(Message(rig.answer(golden("mucp-error-response"))))
        #expect(typed.status == "404")
        #expect(
            MicroError(text: typed.body)
                == MicroError(id: "go.micro.srv.greeter", code: 404, detail: "no such name: X"))
        rig.call()
        let plain = try #require(Message(rig.answer(golden("mucp-plain-error-response"))))
        #expect(plain.status == "500")
        #expect(MicroError(text: plain.body).detail == "plain failure")
        rig.call()
        #expect(rig.answer(golden("mucp-unsupported-codec")).hasPrefix("HTTP/1.1 415 "))
    }

    @Test(
        "an answer that is none becomes 502",
        arguments: [
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "nonsense\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n\(String(repeating: "x", count: 5_000_000))",
        ])
    func nonsense(answer: String) {
        let rig = CallRig()
        rig.call()
        #expect(rig.answer(answer).hasPrefix("HTTP/1.1 502 "))
        #expect(rig.node.isClosed)
        #expect(rig.parts.idleCount == 0)
    }

    @Test("an answer that breaks off becomes 502", arguments: [true, false])
    func truncated(byReset: Bool) {
        for answer in ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{", "HTTP/1.1 200 OK\r\n\r\n{"] {
            let rig = CallRig()
            rig.call()
            rig.answer(answer)
            if byReset { rig.node.reset() } else { rig.node.finish() }
            rig.loop.drain()
            // Without a length, the end of the connection is the end of the answer, but a reset is not.
            let isWhole = answer.hasSuffix("OK\r\n\r\n{") && !byReset
            #expect(rig.client.take().hasPrefix(isWhole ? "HTTP/1.1 200 " : "HTTP/1.1 502 "))
            #expect(rig.node.isClosed)
            #expect(rig.peers.count == 1)
        }
    }

    @Test func `one request at a time goes over a connection`() {
        let rig = CallRig()
        rig.client.send(
            CallRig.post("{}", path: "/go.greeter/Say.Hello") + CallRig.post("{}", path: "/go.greeter/Say.Bye"))
        rig.loop.drain()
        #expect(rig.node.take().split(separator: "POST / ").count == 1)
        #expect(rig.answer(CallRig.reply("{}")).hasPrefix("HTTP/1.1 200 "))
        #expect(rig.node.take().contains("Micro-Endpoint: Say.Bye\r\n"))
        #expect(rig.peers.count == 1)
    }

    // MARK: Time

    @Test func `the node is told in nanoseconds how long we wait, and 504 ends the waiting`() throws {
        let rig = CallRig()
        #expect(try #require(Message(rig.call()))["Timeout"] == ["5000000000"])
        rig.loop.advance(by: .seconds(6))
        #expect(rig.client.take().hasPrefix("HTTP/1.1 504 "))
        #expect(rig.node.isClosed)
        #expect(try #require(Message(rig.call(fields: "Timeout: 60\r\n")))["Timeout"] == ["60000000000"])
        rig.loop.advance(by: .seconds(59))
        #expect(rig.answer(CallRig.reply("{}")).hasPrefix("HTTP/1.1 200 "))
    }

    @Test(
        "a time-out is a positive number of seconds, at most the limit; what is none is ignored",
        arguments: [("0", 5), ("-1", 5), ("abc", 5), ("1.5", 5), ("", 5), ("7", 7), ("999999999", 600)])
    func timeouts(text: String, seconds: Int) throws {
        let seen = try #require(Message(CallRig().call(fields: "Timeout: \(text)\r\n")))
        #expect(seen["Timeout"] == ["\(seconds)000000000"])
    }

    @Test func `the time that a client takes to send is not the service's`() throws {
        let rig = CallRig()
        let request = CallRig.post("{\"name\":\"a\"}", path: "/go.greeter/Say.Hello")
        rig.ask(String(request.dropLast(3)))
        rig.loop.advance(by: .seconds(7))
        #expect(try #require(Message(rig.ask(String(request.suffix(3)))))["Timeout"] == ["5000000000"])
    }

    private static let three = (1...3).map { Node(id: "n\($0)", address: "10.0.0.\($0):9090", metadata: CallRig.mucp) }

    @Test func `a node that refuses is passed over, one that took the call is not`() {
        let refused = CallRig(nodes: Self.three)
        refused.parts.transport.refused = ["10.0.0.1:9090"]
        refused.call()
        #expect(refused.parts.transport.asked == ["10.0.0.1:9090", "10.0.0.2:9090"])
        #expect(refused.answer(CallRig.reply("{}")).hasPrefix("HTTP/1.1 200 "))

        let taken = CallRig(nodes: Self.three)
        taken.call()
        taken.node.reset()
        taken.loop.drain()
        #expect(taken.parts.transport.asked == ["10.0.0.1:9090"])
        #expect(taken.client.take().hasPrefix("HTTP/1.1 502 "))
    }

    @Test func `a GET is asked of another node when the first one breaks off`() {
        let rig = CallRig(nodes: Self.three)
        rig.ask("GET /go.greeter/Say.Hello HTTP/1.1\r\nHost: a\r\n\r\n")
        rig.node.reset()
        rig.loop.drain()
        #expect(rig.peers.count == 2)
        #expect(rig.answer(CallRig.reply("{}")).hasPrefix("HTTP/1.1 200 "))
    }

    @Test func `all attempts together have one deadline`() throws {
        let rig = CallRig(nodes: Self.three, attempts: 10)
        rig.parts.transport.silent = ["10.0.0.1:9090"]
        rig.call()
        rig.loop.advance(by: .milliseconds(1_001))
        let seen = try #require(Message(rig.node.take()))
        let left = seen["Timeout"].compactMap { Int($0) }
        #expect(left.count == 1 && left.allSatisfy { (1...4_000_000_000).contains($0) })

        let none = CallRig(nodes: Self.three, attempts: 10)
        none.parts.transport.silent = Set(Self.three.map(\.address))
        none.call(fields: "Timeout: 2\r\n")
        none.loop.advance(by: .milliseconds(1_001))
        none.loop.advance(by: .milliseconds(1_001))
        #expect(none.client.take().hasPrefix("HTTP/1.1 504 "))
        #expect(none.parts.transport.asked == ["10.0.0.1:9090", "10.0.0.2:9090"])
    }

    @Test func `a node whose protocol is not spoken is said so`() {
        let rig = CallRig(nodes: [Node(id: "g", address: "10.0.0.1:1", metadata: ["protocol": "grpc"])])
        rig.call()
        #expect(rig.client.take().hasPrefix("HTTP/1.1 501 "))
    }

    @Test func `a client that breaks off ends the call`() {
        let rig = CallRig(nodes: Self.three)
        rig.call()
        rig.client.reset()
        rig.loop.drain()
        #expect(rig.node.isClosed)
        #expect(rig.client.isClosed)
        #expect(rig.peers.count == 1)
        #expect(rig.parts.health.isEmpty)
    }

    // MARK: What is sent

    @Test(
        "a request that says nothing is null, as services of Go Micro know it, unless it is said to be JSON or a change",
        arguments: [
            ("GET", "", "null"), ("GET", "Content-Type: application/json\r\n", "{}"), ("HEAD", "", "null"),
            ("POST", "", "{}"), ("DELETE", "", "{}"),
        ])
    func saysNothing(method: String, fields: String, message: String) throws {
        let rig = CallRig()
        let seen = try #require(
            Message(rig.ask("\(method) /go.greeter/Say.Hello HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")))
        #expect(seen.body == message)
        #expect(seen["Micro-Namespace"] == ["go.micro"])
    }

    @Test func `a query beside protobuf is refused when it is all there is`() throws {
        let head = "/go.greeter/Say.Hello?name=x HTTP/1.1\r\nHost: a\r\nContent-Type: application/protobuf\r\n"
        let rig = CallRig()
        rig.client.send("GET \(head)\r\n")
        rig.loop.drain()
        #expect(rig.client.take().hasPrefix("HTTP/1.1 415 "))
        #expect(rig.peers.isEmpty)
    }

    // MARK: What goes along

    @Test func `fields of the client become metadata, without those that only a gateway may set`() throws {
        let rig = CallRig()
        let seen = try #require(
            Message(
                rig.call(
                    fields:
                        "Authorization: Bearer x\r\nX-One: 1\r\nx-one: 2\r\nCookie: a=1\r\nCookie: b=2\r\nMicro-Endpoint: Evil\r\nMicro-Error: x\r\nX-Micro-Method: Evil\r\nX-Api-Field-id: 9\r\nMethod: Evil\r\nMicro-Trace-Id: t\r\nConnection: X-Gone\r\nX-Gone: 1\r\nX-Forwarded-For: 1.2.3.4\r\nAccept: text/html\r\nX_Under: 1\r\n"
                )))
        #expect(seen["Authorization"] == ["Bearer x"])
        #expect(seen["X-One"] == ["1, 2"])
        #expect(seen["Cookie"] == ["a=1; b=2"])
        #expect(seen["Micro-Endpoint"] == ["Say.Hello"])
        #expect(seen["Micro-Method"] == ["Say.Hello"])
        #expect(seen["Micro-Trace-Id"] == ["t"])
        #expect(seen["Micro-Span-Id"].map(\.utf8.count) == [36])
        #expect(seen["Micro-From-Service"] == ["go.micro.api"])
        #expect(seen["Method"] == ["POST"])
        #expect(seen["X-Forwarded-For"] == ["192.0.2.7"])
        #expect(seen["Accept"] == ["application/json"])
        #expect(seen["Content-Type"] == ["application/json"])
        #expect(seen["Host"] == [CallRig.address])
        for name in ["Micro-Error", "X-Micro-Method", "X-Api-Field-id", "Connection", "X-Gone", "X_Under"] {
            #expect(seen[name] == [], "\(name)")
        }
    }

    @Test func `a trusted proxy's chain is kept and added to`() throws {
        let rig = CallRig(trusted: [try #require(AddressRange("192.0.2.7"))])
        let seen = try #require(
            Message(rig.call(fields: "X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-For: 198.51.100.1\r\n")))
        #expect(seen["X-Forwarded-For"] == ["203.0.113.1, 198.51.100.1, 192.0.2.7"])
    }

    @Test(
        "the message is made of query and body, and a body alone stays as it is",
        arguments: [
            ("", "{ \"b\" : 12345678901234567890 }", "{ \"b\" : 12345678901234567890 }"), ("", "", "{}"),
            ("?name=John&age=7", "", #"{"name":"John","age":7}"#), ("?name=7", "", #"{"name":"7"}"#),
            ("?name=a", #"{"name":"b"}"#, #"{"name":"b"}"#),
        ])
    func payload(query: String, body: String, message: String) throws {
        let rig = CallRig()
        let seen = try #require(Message(rig.call(body, path: "/go.greeter/Say.Hello\(query)")))
        if query.isEmpty {
            #expect(seen.body == message)
        } else {
            #expect(try JSONParser.parse(seen.body) == JSONParser.parse(message))
        }
    }

    @Test(
        "what can be no message is refused before any node is asked",
        arguments: ["7", "\"x\"", "{", "{}{}", "[[", "nul"])
    func badBodies(body: String) {
        let rig = CallRig()
        rig.call(body)
        #expect(rig.client.take().hasPrefix("HTTP/1.1 400 "))
        #expect(rig.peers.isEmpty)
    }
}
