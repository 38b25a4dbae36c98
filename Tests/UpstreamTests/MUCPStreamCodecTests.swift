import Bytes
import Gateway
import HTTP
import TestSupport
import Testing
import Upstream

/// Streams over Go Micro's own RPC in its other codecs: in envelopes, and in protobuf.
struct MUCPStreamCodecTests {
    private static let path = "/go.greeter/Say.Count"

    /// A node that is called in envelopes of JSON, being from before Go Micro 1.0.
    private static func oldRig() -> CallRig {
        CallRig(nodes: [Node(id: "old", address: CallRig.address, metadata: ["server": "rpc"])])
    }

    /// A WebSocket in protobuf that is open, and what opened the stream.
    private static func opened(_ nodes: [Node]? = nil) -> (rig: CallRig, seen: String) {
        let rig = nodes.map { CallRig(nodes: $0) } ?? CallRig()
        let seen = rig.ask(Handshake.request(path, fields: "Sec-WebSocket-Protocol: protobuf\r\n"))
        #expect(rig.client.take().hasPrefix("HTTP/1.1 101 "))
        return (rig, seen)
    }

    /// The messages that a node has received, each of which is a request.
    private static func requests(_ text: String) -> [Message] {
        text.split(separator: "POST / ").compactMap { Message("POST / \($0)") }
    }

    /// What the node gets when the client of the WebSocket sends messages.
    private static func say(_ messages: [[UInt8]], on rig: CallRig) -> [Message] {
        for message in messages { rig.client.send(clientBinary(message)) }
        rig.loop.drain()
        return requests(rig.node.take())
    }

    private static func send(_ bytes: [UInt8], on rig: CallRig) -> [String] {
        rig.node.send(bytes)
        rig.loop.drain()
        return takeFrames(of: rig.client)
    }

    private static func send(_ answers: String..., on rig: CallRig) -> [String] {
        send(Array(answers.joined().utf8), on: rig)
    }

    /// In the envelope of `proto-rpc`, made by hand.
    private static func enveloped(_ message: String, error: String = "") -> String {
        let about = error.isEmpty ? "\u{11}\u{5}\0\0\0\0\0\0\0" : "\u{1a}\(character(error.utf8.count))\(error)"
        return "\0\0\0\(character(about.utf8.count))\(about)\0\0\0\(character(message.utf8.count))\(message)"
    }

    private static func character(_ length: Int) -> Character { Character(Unicode.Scalar(UInt8(length))) }

    private static func refusal(of type: String, fields: String = "") -> String {
        let text = "Unsupported Content-Type: \(type)"
        return
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\(fields)Content-Length: \(text.utf8.count)\r\n\r\n\(text)"
    }

    private static let john = Array("\n\u{4}John".utf8)
    private static let end = CallRig.reply("", fields: "Micro-Error: EOS\r\n")

    // MARK: JSON in envelopes

    @Test func `services from before Go Micro 1 are streamed to in envelopes of JSON`() throws {
        let rig = Self.oldRig()
        let seen = Self.requests(rig.call(#"{"name":"R"}"#, path: Self.path))
        func envelope(_ message: String) -> String {
            #"{"method":"Say.Count","params":[\#(message)],"id":"0"}"# + "\n"
        }
        #expect(seen.map(\.body) == [envelope("{}"), envelope(#"{"name":"R"}"#), ""])
        #expect(seen.map { $0["Content-Type"] } == Array(repeating: ["application/json-rpc"], count: 3))
        #expect(seen.map { $0["Micro-Stream"] } == Array(repeating: ["0"], count: 3))
        #expect(seen.map { $0["Micro-Error"] } == [[], [], ["EOS"]])
    }

    @Test(
        "answers in envelopes of JSON arrive however they are cut, and end where the envelope says so",
        arguments: [end, CallRig.reply(#"{"id":"0","result":null,"error":"EOS"}"#)])
    func jsonAnswers(end: String) throws {
        let text =
            CallRig.reply(#"{"id":"0","result":{"n":12345678901234567890},"error":null}"# + "\n")
            + CallRig.reply(#"{"result":[2]}"#) + end
        let whole = Array(text.utf8)
        for cut in 0...whole.count {
            let rig = Self.oldRig()
            rig.call(path: Self.path)
            rig.node.send(Array(whole[..<cut]))
            rig.loop.drain()
            rig.node.send(Array(whole[cut...]))
            rig.loop.drain()
            let got = try #require(Message(rig.client.take()), "cut at \(cut)")
            #expect(unchunked(got.body)?.content == "{\"n\":12345678901234567890}\n[2]\n", "cut at \(cut)")
            #expect(rig.node.isClosed)
        }
    }

    @Test(
        "an error in an envelope has a status of its own, and so has what is no envelope",
        arguments: [
            (#"{"id":"0","error":"{\"code\":409,\"detail\":\"twice\"}"}"#, "409", "twice"),
            (#"{"id":"0","result":null,"error":"plain"}"#, "500", "plain"),
            (#"{"id":"0","result":{"#, "502", "no valid answer"), ("[]", "502", "no valid answer"),
        ])
    func jsonFailures(body: String, status: String, says: String) throws {
        let rig = Self.oldRig()
        rig.call(path: Self.path)
        let got = try #require(Message(rig.answer(CallRig.reply(body))))
        #expect(got.status == status)
        #expect(MicroError(text: got.body).detail.contains(says))
        #expect(rig.node.isClosed)
    }

    // MARK: Protobuf in envelopes

    @Test func `messages in protobuf reach the service in envelopes`() {
        let (rig, text) = Self.opened()
        let open = Self.requests(text)
        func envelope(_ message: String) -> String {
            "\0\0\0\u{14}\n\u{9}Say.Count\u{11}\0\0\0\0\0\0\0\0\0\0\0\(Self.character(message.utf8.count))\(message)"
        }
        #expect(open.map(\.body) == [envelope("")])
        let seen = Self.say([Self.john, []], on: rig)
        #expect(seen.map(\.body) == [envelope("\n\u{4}John"), envelope("")])
        #expect((open + seen).allSatisfy { $0["Content-Type"] == ["application/proto-rpc"] })
        #expect((open + seen).allSatisfy { $0["Micro-Stream"] == ["0"] })
        rig.client.send(clientText(""))
        rig.loop.drain()
        let last = Self.requests(rig.node.take())
        #expect(last.map { $0["Micro-Error"] } == [["EOS"]])
        #expect(last.map(\.body) == [""])
    }

    @Test func `a second stream has the next number, in the envelope too`() {
        let rig = CallRig()
        rig.call(path: Self.path)
        rig.answer(Self.end)
        let seen = Self.requests(rig.ask(Handshake.request(Self.path, fields: "Sec-WebSocket-Protocol: protobuf\r\n")))
        #expect(seen.map { $0["Micro-Stream"] } == [["1"]])
        #expect(seen[0].body.contains("\u{11}\u{1}\0\0\0\0\0\0\0"))
    }

    @Test(
        "answers in protobuf arrive however they are cut, and end by header or by envelope",
        arguments: [
            golden("mucp-stream-eos"), CallRig.reply(enveloped("", error: "EOS")),
            CallRig.reply(enveloped("", error: "EOS"), fields: "Micro-Error: EOS\r\n"),
        ])
    func answers(end: String) {
        let whole = Array(
            (CallRig.reply(Self.enveloped("\n\u{4}John")) + CallRig.reply(Self.enveloped("")) + end).utf8)
        for cut in 0...whole.count {
            let (rig, _) = Self.opened()
            let frames = Self.send(Array(whole[..<cut]), on: rig) + Self.send(Array(whole[cut...]), on: rig)
            #expect(frames == ["binary \n\u{4}John", "binary ", "close 1000 "], "cut at \(cut)")
            #expect(rig.node.isClosed)
        }
    }

    @Test(
        "errors are the reason of the close",
        arguments: [
            (
                CallRig.reply(enveloped("", error: #"{"id":"a","code":409,"detail":"twice"}"#)),
                #"{"id":"a","code":409,"detail":"twice","status":"Conflict"}"#
            ),
            (
                CallRig.reply("", fields: "Micro-Error: {\"id\":\"a\",\"code\":404,\"detail\":\"x\"}\r\n"),
                #"{"id":"a","code":404,"detail":"x","status":"Not Found"}"#
            ),
        ])
    func errors(answer: String, report: String) {
        let (rig, _) = Self.opened()
        #expect(Self.send(answer, on: rig) == ["close 1011 \(report)"])
    }

    @Test(
        "a message that another lies over is a broken one",
        arguments: ["\0\0\0\u{9}\u{11}\u{5}\0\0\0\0\0\0\0\0\0\0\u{6}\n\u{4}Jo", "", "\0\0\0\u{1}\u{7}\0\0\0\0"])
    func broken(body: String) {
        let (rig, _) = Self.opened()
        let frames = Self.send(CallRig.reply(body), on: rig)
        #expect(frames.count == 1 && frames[0].hasPrefix("close 1011 ") && frames[0].contains("502"))
    }

    @Test func `services from before Go Micro 1 get protobuf in envelopes too`() {
        let (_, seen) = Self.opened([Node(id: "old", address: CallRig.address, metadata: ["server": "rpc"])])
        #expect(Self.requests(seen).map { $0["Content-Type"] } == [["application/proto-rpc"]])
    }

    // MARK: Protobuf alone

    @Test func `a service that knows no envelopes gets the stream once more without them`() throws {
        let (rig, _) = Self.opened()
        _ = Self.say([Self.john, [], Self.john], on: rig)
        // One refusal for the beginning and for each message, as the service got all of them.
        #expect(Self.send(Self.refusal(of: "application/proto-rpc"), on: rig) == [])
        let seen = Self.requests(rig.node.take())
        #expect(seen.map(\.body) == ["", "\n\u{4}John", "", "\n\u{4}John"])
        #expect(seen.allSatisfy { $0["Content-Type"] == ["application/protobuf"] && $0["Micro-Stream"] == ["0"] })
        for _ in 0..<3 { #expect(Self.send(Self.refusal(of: "application/proto-rpc"), on: rig) == []) }
        #expect(Self.say([Self.john], on: rig).map(\.body) == ["\n\u{4}John"])
        #expect(
            Self.send(CallRig.reply("\u{8}\u{1}"), CallRig.reply(""), Self.end, on: rig)
                == ["binary \u{8}\u{1}", "binary ", "close 1000 "])
        #expect(rig.peers.count == 1)
    }

    @Test func `what was the end stays the end without envelopes`() {
        let (rig, _) = Self.opened()
        rig.client.send(clientText(""))
        rig.loop.drain()
        _ = rig.node.take()
        _ = Self.send(Self.refusal(of: "application/proto-rpc"), on: rig)
        #expect(Self.requests(rig.node.take()).map { $0["Micro-Error"] } == [[], ["EOS"]])
    }

    @Test(
        "a service that refuses protobuf altogether, or for good, is heard",
        arguments: [
            [refusal(of: "application/proto-rpc"), refusal(of: "application/protobuf")],
            [refusal(of: "application/proto-rpc", fields: "Connection: close\r\n")],
            [refusal(of: "it"), refusal(of: "it"), refusal(of: "it")],
        ])
    func refused(answers: [String]) {
        let (rig, _) = Self.opened()
        _ = Self.say([Self.john], on: rig)
        let frames = answers.flatMap { Self.send($0, on: rig) }
        #expect(frames.count == 1 && frames[0].hasPrefix("close 1011 ") && frames[0].contains("\"code\":415"))
        #expect(rig.node.isClosed)
    }

    @Test("a service that refuses and leaves is not said to have broken off", arguments: [true, false])
    func refusesAndLeaves(byReset: Bool) {
        let (rig, _) = Self.opened()
        #expect(Self.send(Self.refusal(of: "application/proto-rpc"), on: rig) == [])
        if byReset { rig.node.reset() } else { rig.node.finish() }
        rig.loop.drain()
        let frames = takeFrames(of: rig.client)
        #expect(frames.count == 1 && frames[0].contains("\"code\":415"))
    }

    @Test(
        "what is sent before anything is heard is kept up to a limit, and not said again beyond it",
        arguments: [(64, 1, true), (65, 1, false), (1, 60_000, true), (2, 40_000, false)])
    func kept(count: Int, length: Int, isRepeated: Bool) {
        let (rig, _) = Self.opened()
        let message = [UInt8](repeating: 7, count: length)
        _ = Self.say(Array(repeating: message, count: count), on: rig)
        let frames = Self.send(Self.refusal(of: "application/proto-rpc"), on: rig)
        #expect(frames.isEmpty == isRepeated)
        #expect(Self.requests(rig.node.take()).count == (isRepeated ? count + 1 : 0))
    }

    @Test func `a refusal after the service has understood something is an error of its own`() {
        let (rig, _) = Self.opened()
        let frames = Self.send(
            CallRig.reply(Self.enveloped("")), Self.refusal(of: "application/proto-rpc"), on: rig)
        #expect(frames.count == 2 && frames[1].contains("\"code\":415"))
    }

    // MARK: Where protobuf has no form

    @Test(
        "a stream in protobuf over plain HTTP is refused, with the ways that there are",
        arguments: [
            ("Content-Type: application/protobuf\r\n", "415"),
            ("Content-Type: application/protobuf\r\nAccept: text/event-stream\r\n", "415"),
            ("Content-Type: application/x-protobuf\r\nAccept: application/x-ndjson\r\n", "415"),
            ("Accept: application/protobuf\r\n", "406"), ("Accept: application/x-protobuf, image/png\r\n", "406"),
            ("Accept: application/protobuf, */*;q=0.1\r\n", nil), ("Accept: application/protobuf;q=0\r\n", nil),
            ("Accept: application/protobuf, application/json\r\n", nil), ("Accept: image/png\r\n", nil),
        ])
    func overHTTP(fields: String, status: String?) throws {
        for body in ["", "{}"] {
            let rig = CallRig()
            rig.call(body, path: Self.path, fields: fields)
            guard let status else {
                #expect(rig.peers.count == 1)
                continue
            }
            let got = try #require(Message(rig.client.take()))
            #expect(got.status == status)
            #expect(MicroError(text: got.body).detail.contains("WebSocket"))
            #expect(rig.peers.isEmpty)
        }
    }
}
