import Gateway
import HTTP
import Handlers
import Reactor
import TestSupport
import Testing

/// Streams as clients of plain HTTP see them.
struct StreamAnswerTests {
    private static let path = "/go.greeter/Say.Count"
    private static let events = "Accept: text/event-stream\r\n"
    private static let lines = "Content-Type: application/x-ndjson\r\n"

    private static func message(_ body: String) -> String { CallRig.reply(body, fields: "Micro-Stream: 0\r\n") }
    private static let end = CallRig.reply("", fields: "Micro-Error: EOS\r\n")

    /// The bodies of the requests in what a node has received.
    private static func allBodies(_ text: String) -> [String] {
        text.split(separator: "POST / ").compactMap { Message("POST / \($0)")?.body }
    }

    /// The same without the request that opened the stream.
    private static func bodies(_ text: String) -> [String] { Array(allBodies(text).dropFirst()) }

    /// A request whose body comes in chunks, of which this is the first.
    private static func begin(_ chunk: String, fields: String = lines) -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\n\(fields)Transfer-Encoding: chunked\r\n\r\n\(self.chunk(chunk))"
    }

    private static func chunk(_ text: String) -> String {
        text.isEmpty ? "" : "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
    }

    private static func content(_ answer: String) throws -> String {
        let message = try #require(Message(answer))
        return try #require(unchunked(message.body)).content
    }

    // MARK: What the client wants

    @Test(
        "messages are events, lines or one value, as the client accepts them",
        arguments: [
            ("", "application/x-ndjson"), ("*/*", "application/x-ndjson"),
            ("text/html, */*;q=0.8", "application/x-ndjson"),
            ("text/event-stream", "text/event-stream"), ("text/event-stream, */*", "text/event-stream"),
            ("TEXT/Event-Stream; charset=utf-8", "text/event-stream"),
            ("text/event-stream;q=0.5, application/x-ndjson", "application/x-ndjson"),
            ("text/event-stream, application/x-ndjson;q=0.9", "text/event-stream"),
            ("text/event-stream;q=0", "application/x-ndjson"), ("application/jsonl", "application/x-ndjson"),
            ("application/json", "application/json"), ("application/json, text/plain", "application/json"),
            ("application/json, text/plain, */*", "application/x-ndjson"),
            ("application/json, application/x-ndjson", "application/x-ndjson"),
        ])
    func formats(accept: String, type: String) throws {
        let rig = CallRig()
        rig.call(path: Self.path, fields: accept.isEmpty ? "" : "Accept: \(accept)\r\n")
        let got = try #require(Message(rig.answer(Self.message("{\"n\":1}") + Self.end)))
        #expect(got.status == "200")
        #expect(got["Content-Type"] == [type])
        #expect(got["Cache-Control"] == ["no-cache"])
        #expect(got["X-Accel-Buffering"] == ["no"])
        #expect(got.body.contains("{\"n\":1}"))
    }

    @Test(
        "an endpoint that is not described streams when the client asks for it, others do as they are described",
        arguments: [
            ("Say.Other", "", false), ("Say.Other", events, true),
            ("Say.Other", "Accept: application/x-ndjson\r\n", true),
            ("Say.Other", lines, true), ("Say.Hello", events, false), ("Say.Count", "", true),
        ])
    func described(endpoint: String, fields: String, isStream: Bool) {
        let rig = CallRig()
        let seen = rig.call("{}", path: "/go.greeter/\(endpoint)", fields: fields)
        #expect(seen.contains("Micro-Stream: ") == isStream)
    }

    @Test func `lines cannot be sent to an endpoint that takes one message`() {
        let rig = CallRig()
        rig.call("{}\n", fields: Self.lines)
        #expect(rig.client.take().hasPrefix("HTTP/1.1 415 "))
        #expect(rig.peers.isEmpty)
    }

    @Test func `HEAD is answered as GET would begin, and no service is asked`() throws {
        let rig = CallRig()
        rig.ask("HEAD \(Self.path) HTTP/1.1\r\nHost: a\r\n\(Self.events)\r\n")
        let got = try #require(Message(rig.client.take()))
        #expect(got["Content-Type"] == ["text/event-stream"])
        #expect(got.body == "")
        #expect(rig.peers.isEmpty)
    }

    // MARK: Events

    @Test func `events have a head soon, each at once, a sign of life and an end`() throws {
        let rig = CallRig()
        rig.call(path: Self.path, fields: Self.events)
        rig.loop.advance(by: .milliseconds(99))
        #expect(rig.client.take() == "")
        rig.loop.advance(by: .milliseconds(1))
        #expect(rig.client.take().hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"))
        #expect(rig.answer(Self.message("{\"n\":\r\n1}\n")) == Self.chunk("data: {\"n\":  1}\n\n"))
        rig.loop.advance(by: .seconds(14))
        #expect(rig.client.take() == "")
        rig.loop.advance(by: .seconds(1))
        #expect(rig.client.take() == Self.chunk(": still here\n\n"))
        rig.loop.advance(by: .seconds(15))
        #expect(rig.client.take() == Self.chunk(": still here\n\n"))
        #expect(rig.answer(Self.end) == Self.chunk("event: end\ndata: {}\n\n") + "0\r\n\r\n")
        // The connection is as good as before.
        rig.call()
        #expect(rig.answer(CallRig.reply("{}")).hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func `an error after the beginning is an event`() throws {
        let rig = CallRig()
        rig.call(path: Self.path, fields: Self.events)
        rig.answer(Self.message("{}"))
        let error = rig.answer(
            CallRig.reply("", fields: "Micro-Error: {\"id\":\"a\",\"code\":409,\"detail\":\"twice\"}\r\n"))
        let report = #"{"id":"a","code":409,"detail":"twice","status":"Conflict"}"#
        #expect(error == Self.chunk("event: error\ndata: \(report)\n\n") + "0\r\n\r\n")
    }

    @Test func `what a browser has seen last is passed on`() throws {
        let seen = try #require(Message(CallRig().call(path: Self.path, fields: Self.events + "Last-Event-ID: 7\r\n")))
        #expect(seen["Last-Event-ID"] == ["7"])
    }

    // MARK: Lines

    @Test func `lines have no sign of life, and an error is the last of them`() throws {
        let rig = CallRig()
        rig.call(path: Self.path)
        #expect(rig.answer(Self.message("{\"n\":1}\n")).hasSuffix(Self.chunk("{\"n\":1}\n")))
        rig.loop.advance(by: .seconds(60))
        #expect(rig.client.take() == "")
        let error = rig.answer(CallRig.reply("", fields: "Micro-Error: enough\r\n"))
        let report = #"{"id":"go.greeter","code":500,"detail":"enough","status":"Internal Server Error"}"#
        #expect(error == Self.chunk("{\"error\":\(report)}\n") + "0\r\n\r\n")
    }

    @Test func `a query is the message of a GET`() {
        let rig = CallRig()
        let seen = rig.ask("GET \(Self.path)?name=7 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(Self.bodies(seen) == [#"{"name":7}"#, ""])
    }

    @Test(
        "each line of the body is a message, and blank lines are none",
        arguments: [
            ("{}\n[1]\n{\"a\": 1}\n", ["{}\n", "[1]\n", "{\"a\": 1}\n"]), ("{}", ["{}"]),
            ("\n \r\n{}\r\n\n", ["{}\r\n"]),
            ("", []), ("\n", []),
        ])
    func lineBodies(body: String, messages: [String]) {
        for cut in 0...body.utf8.count {
            let rig = CallRig()
            var seen = rig.ask(Self.begin(String(body.prefix(cut))))
            seen += rig.ask(Self.chunk(String(body.dropFirst(cut))) + "0\r\n\r\n")
            #expect(Self.bodies(seen) == messages + [""], "cut at \(cut)")
            #expect(seen.hasSuffix("Micro-Error: EOS\r\nContent-Length: 0\r\n\r\n"))
        }
    }

    @Test func `a query comes before the lines`() {
        let seen = CallRig().call("{}\n", path: "\(Self.path)?a=1", fields: Self.lines)
        #expect(Self.bodies(seen) == [#"{"a":1}"#, "{}\n", ""])
    }

    @Test(
        "a line that is no message ends the stream, and is named",
        arguments: [
            ("{}\n7\n", "400", "line 2"), ("{\n", "400", "line 1"), ("\n\n{}{}\n", "400", "line 3"),
            ("\(String(repeating: " ", count: 65))\n", "413", "line 1"),
            ("{}\n\(String(repeating: "x", count: 65))", "413", "line 2"),
        ])
    func badLines(body: String, status: String, says: String) throws {
        var configuration = RPCConfiguration()
        configuration.maximumBody = 64
        let rig = CallRig(configuration: configuration)
        rig.ask(Self.begin(body) + "0\r\n\r\n")
        let got = try #require(Message(rig.client.take()))
        #expect(got.status == status)
        #expect(got.body.contains(says))
        #expect(rig.node.isClosed)
    }

    @Test func `both sides talk as they like, and a pause of the client is none of our business`() throws {
        let rig = CallRig()
        rig.ask(Self.begin("{\"n\":1}\n"))
        #expect(rig.answer(Self.message("{\"n\":1}")).hasSuffix(Self.chunk("{\"n\":1}\n")))
        rig.loop.advance(by: .seconds(120))
        #expect(rig.client.take() == "")
        #expect(Self.allBodies(rig.ask(Self.chunk("{\"n\":2}\n"))) == ["{\"n\":2}\n"])
        #expect(rig.answer(Self.message("{\"n\":2}")) == Self.chunk("{\"n\":2}\n"))
        rig.ask("0\r\n\r\n")
        #expect(rig.answer(Self.end) == "0\r\n\r\n")
    }

    @Test func `a body that pauses for too long is still refused where it is no stream`() {
        let rig = CallRig()
        rig.ask(Self.begin("{}\n"))
        rig.answer(Self.end)
        rig.ask("0\r\n\r\n")
        rig.client.send(
            "POST /go.greeter/Say.Hello HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
        rig.loop.drain()
        rig.loop.advance(by: .seconds(31))
        #expect(rig.client.take().hasPrefix("HTTP/1.1 408 "))
    }

    // MARK: One value

    @Test(
        "who accepts JSON alone gets one value, or a reason",
        arguments: [
            ([message("{\"n\":1}\n")], "200", "{\"n\":1}"), ([message("{}"), message("{}")], "406", "x-ndjson"),
            ([], "502", "without an answer"),
        ])
    func single(messages: [String], status: String, says: String) throws {
        let rig = CallRig()
        rig.call("{}\n{}\n", path: Self.path, fields: Self.lines + "Accept: application/json\r\n")
        var answer = ""
        for message in messages {
            #expect(answer == "")
            answer = rig.answer(message)
            rig.loop.advance(by: .seconds(20))
        }
        if messages.count < 2 { answer += rig.answer(Self.end) }
        let got = try #require(Message(answer))
        #expect(got.status == status)
        #expect(got.body.contains(says))
        #expect(rig.node.isClosed)
    }

    // MARK: Ends

    @Test func `a client that leaves takes the stream with it`() {
        for isReset in [true, false] {
            let rig = CallRig()
            rig.call(path: Self.path, fields: Self.events)
            rig.answer(Self.message("{}"))
            if isReset { rig.client.reset() } else { rig.client.finish() }
            rig.loop.drain()
            #expect(rig.node.isClosed)
            #expect(rig.parts.health.isEmpty)
        }
    }

    @Test func `a stream that is silent both ways for too long ends`() throws {
        var configuration = RPCConfiguration()
        configuration.streamIdleTimeout = .seconds(30)
        let rig = CallRig(configuration: configuration)
        rig.call(path: Self.path, fields: Self.events)
        rig.answer(Self.message("{}"))
        rig.loop.advance(by: .seconds(29))
        rig.answer(Self.message("{}"))
        rig.loop.advance(by: .seconds(29))
        #expect(!rig.node.isClosed)
        rig.loop.advance(by: .seconds(1))
        #expect(rig.client.take().contains("event: error\ndata: {\"id\":\"go.micro.client\",\"code\":504,"))
        #expect(rig.node.isClosed)
    }

    @Test func `a client may say how long the whole stream may take`() throws {
        let rig = CallRig()
        rig.call(path: Self.path, fields: Self.events + "Timeout: 2\r\n")
        rig.loop.advance(by: .seconds(1))
        rig.answer(Self.message("{}"))
        rig.loop.advance(by: .seconds(1))
        #expect(rig.client.take().contains("\"code\":504"))
        #expect(rig.node.isClosed)
    }

    @Test(
        "a gateway that stops ends its streams, and lines say that there was more",
        arguments: [(events, ""), ("", "{\"error\":{\"id\":\"go.micro.api\",\"code\":503,")])
    func draining(fields: String, says: String) throws {
        let rig = CallRig()
        rig.call(path: Self.path, fields: fields)
        rig.answer(Self.message("{}"))
        rig.drain()
        let rest = rig.client.take()
        #expect(rest.hasSuffix("0\r\n\r\n"))
        #expect(rest.contains(says))
        #expect(!rest.contains("event: end"))
        #expect(rig.node.isClosed)
        #expect(rig.client.isClosed)
    }

    // MARK: Who is slow

    @Test func `a slow client makes the service wait, and loses nothing`() throws {
        let rig = CallRig()
        rig.call(path: Self.path)
        rig.client.room = 0
        let message = "{\"x\":\"\(String(repeating: "y", count: 1_000))\"}"
        for _ in 0..<1_000 { rig.node.send(Self.message(message)) }
        rig.loop.drain()
        #expect(rig.node.unread > 500_000)
        rig.node.send(Self.end)
        rig.client.room = .max
        rig.loop.drain()
        #expect(rig.node.unread == 0)
        let content = try Self.content(rig.client.take())
        #expect(content.split(separator: "\n").count == 1_000)
    }

    @Test func `a slow service makes the client wait`() {
        let rig = CallRig()
        rig.ask(Self.begin("{}\n"))
        rig.node.room = 0
        let line = "{\"x\":\"\(String(repeating: "y", count: 1_000))\"}\n"
        for _ in 0..<1_000 { rig.client.send(Self.chunk(line)) }
        rig.client.send("0\r\n\r\n")
        rig.loop.drain()
        #expect(rig.client.unread > 500_000)
        rig.node.room = .max
        rig.loop.drain()
        #expect(rig.client.unread == 0)
        #expect(Self.allBodies(rig.node.take()).count == 1_001)
    }

    // MARK: By the name of the service

    @Test(
        "/rpc streams what the registry calls a stream",
        arguments: ["", #","address":"10.0.0.5:9090""#])
    func endpoint(address: String) throws {
        let rig = CallRig()
        let seen = rig.call(
            #"{"service":"go.greeter","endpoint":"Say.Count","request":{"n":1}\#(address)}"#, path: "/rpc",
            fields: Self.events)
        #expect(Self.bodies(seen) == [#"{"n":1}"#, ""])
        let content = try Self.content(rig.answer(Self.message("{}") + Self.end))
        #expect(content == "data: {}\n\nevent: end\ndata: {}\n\n")
    }
}
