import Gateway
import HTTP
import Handlers
import TestSupport
import Testing

/// Streams over Go Micro's own RPC, seen from the node.
struct MUCPStreamTests {
    private static let path = "/go.greeter/Say.Count"

    /// The messages that a node has received, each of which is a request.
    private static func requests(_ text: String) -> [Message] {
        text.split(separator: "POST / ").compactMap { Message("POST / \($0)") }
    }

    private static func recorded(_ name: String) throws -> Message {
        let text = golden(name).replacing("go.micro.srv.greeter", with: "go.greeter")
            .replacing("Greeter.Stream", with: "Say.Count")
        return try #require(Message(text))
    }

    @Test func `the beginning, a message and the end are those that were recorded`() throws {
        let seen = Self.requests(
            CallRig().call(#"{"name":"first"}"#, path: Self.path, fields: "Timeout: 5\r\n"))
        try #require(seen.count == 3)
        for (ours, name) in zip(seen, ["mucp-stream-open", "mucp-stream-message", "mucp-stream-close"]) {
            let recorded = try Self.recorded(name)
            #expect(ours.startLine == recorded.startLine)
            #expect(ours.body == recorded.body.replacing("\n", with: ""), "\(name)")
            for field in recorded.fields where !["User-Agent", "Content-Length", "Host"].contains(field.name) {
                #expect(ours[field.name] == [field.value], "\(name) \(field.name)")
            }
        }
    }

    @Test func `a stream may take as long as a day, which the node is told with each message`() throws {
        let seen = Self.requests(CallRig().call(path: Self.path))
        #expect(seen.map { $0["Timeout"] } == Array(repeating: ["86400000000000"], count: 3))
        #expect(seen.map { $0["Micro-Error"] } == [[], [], ["EOS"]])
    }

    @Test func `each stream has a connection of its own, which nobody uses afterwards`() throws {
        let rig = CallRig()
        rig.call()
        rig.answer(CallRig.reply("{}"))
        #expect(rig.parts.idleCount == 1)
        let first = Self.requests(rig.call(path: Self.path))
        #expect(rig.peers.count == 2)
        rig.answer(golden("mucp-stream-eos"))
        #expect(rig.node.isClosed)
        let second = Self.requests(rig.call(path: Self.path))
        #expect(rig.peers.count == 3)
        #expect(rig.parts.idleCount == 1)
        #expect(first[0]["Micro-Stream"] != second[0]["Micro-Stream"])
    }

    static func message(_ body: String, fields: String = "Micro-Stream: 0\r\n") -> String {
        CallRig.reply(body, fields: fields)
    }

    @Test func `messages arrive however they are cut`() throws {
        let text =
            Self.message("{\"n\":1}\n") + "HTTP/1.1 100 Continue\r\n\r\n" + Self.message("[2]\n")
            + Self.message(" {\"n\":\n3} ") + golden("mucp-stream-eos")
        let whole = Array(text.utf8)
        for cut in 0...whole.count {
            let rig = CallRig()
            rig.call(path: Self.path)
            rig.node.send(Array(whole[..<cut]))
            rig.loop.drain()
            rig.node.send(Array(whole[cut...]))
            rig.loop.drain()
            let got = try #require(Message(rig.client.take()), "cut at \(cut)")
            #expect(unchunked(got.body)?.content == "{\"n\":1}\n[2]\n {\"n\": 3} \n", "cut at \(cut)")
            #expect(rig.parts.health.isEmpty)
        }
    }

    @Test(
        "what ends a stream at its beginning has a status of its own",
        arguments: [
            (message("", fields: "Micro-Error: {\"id\":\"a\",\"code\":409,\"detail\":\"twice\"}\r\n"), "409", "twice"),
            (message("", fields: "X-Micro-Error: plain\r\n"), "500", "plain"),
            (message("", fields: "Micro-Error: rpc: can't find method Count\r\n"), "404", "Count"),
            (golden("mucp-unsupported-codec"), "415", "Unsupported"),
            ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "502", "valid answer"), ("nonsense\r\n", "502", "valid"),
            (message("{\"greeting\":\"first-1\","), "502", "valid answer"), (message(""), "502", "valid answer"),
        ])
    func failures(answer: String, status: String, says: String) throws {
        let rig = CallRig()
        rig.call(path: Self.path)
        let got = try #require(Message(rig.answer(answer)))
        #expect(got.status == status)
        #expect(MicroError(text: got.body).detail.contains(says))
        #expect(rig.node.isClosed)
    }

    @Test("a node that goes away in the middle has broken off", arguments: ["", "HTTP/1.1 200 OK\r\nContent-Le"])
    func brokenOff(rest: String) throws {
        for byReset in [true, false] {
            let rig = CallRig()
            rig.call(path: Self.path)
            rig.node.send(Self.message("{}") + rest)
            rig.loop.drain()
            if byReset { rig.node.reset() } else { rig.node.finish() }
            rig.loop.drain()
            let got = try #require(Message(rig.client.take()))
            let lines = try #require(unchunked(got.body)?.content.split(separator: "\n"))
            #expect(lines.first == "{}")
            #expect(lines.last?.hasPrefix("{\"error\":{") == true)
            #expect(lines.last?.contains("502") == true)
        }
    }

    @Test func `what a node said before it stopped to listen is heard`() throws {
        let rig = CallRig()
        rig.ask(
            "POST \(Self.path) HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n")
        rig.node.refuseWrites = true
        rig.ask("3\r\n{}\n\r\n")
        let got = try #require(Message(rig.answer(Self.message("", fields: "Micro-Error: enough\r\n"))))
        #expect(got.status == "500")
        #expect(MicroError(text: got.body).detail == "enough")
    }

    @Test func `a node that refuses is passed over`() {
        let nodes = (1...2).map { Node(id: "n\($0)", address: "10.0.0.\($0):9090", metadata: CallRig.mucp) }
        let rig = CallRig(nodes: nodes)
        rig.parts.transport.refused = ["10.0.0.1:9090"]
        #expect(Self.requests(rig.call(path: Self.path)).count == 3)
        #expect(rig.parts.transport.asked == ["10.0.0.1:9090", "10.0.0.2:9090"])
    }
}
