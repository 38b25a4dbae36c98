import Bytes
import Gateway
import HTTP
import Handlers
import Reactor
import TestSupport
import Testing

/// A node that reads only JSON, or whatever `failure` says of a message in protobuf.
///
/// Unchecked because a test and its hand-turned loop share one thread.
private final class JSONCaller: Caller, @unchecked Sendable {
    private(set) var calls: [RPCCall] = []
    private(set) var nodes: [String] = []
    let reply: String
    let failure: GatewayError?

    init(reply: String, failure: GatewayError?) {
        self.reply = reply
        self.failure = failure
    }

    nonisolated(nonsending) func call(
        _ call: RPCCall, on node: Node, reply: inout ByteBuffer, wakeup: Wakeup
    ) async throws(GatewayError) {
        calls.append(call)
        nodes.append(node.id)
        if call.format == .protobuf, let failure { throw failure }
        reply.append(self.reply)
    }
}

/// Whole requests for services that read nothing but JSON.
struct APIJSONTests {
    private static let refusal = GatewayError(.unsupportedMediaType, "not understood", mayHaveBeenSent: true)

    private struct Rig {
        let loop = ManualEventLoop()
        let caller: JSONCaller
        let stage: Stage

        init(
            reply: String = "{}", failure: GatewayError? = refusal, metadata: [String: String] = [:], nodes: Int = 1
        ) {
            let caller = JSONCaller(reply: reply, failure: failure)
            self.caller = caller
            let loop = loop
            stage = Stage(loop: loop) {
                let dispatcher = Dispatcher(callers: [.mucp(transport: "http"): caller], loop: loop)
                return RoutingHandler(
                    router: OneRoute(nodes: nodes, metadata: metadata),
                    always: APIHandler(dispatcher: dispatcher, catalog: CatalogView()))
            }
        }

        func ask(_ method: HTTP.Method = .get, _ target: String = "/a?x=1", body: String = "") -> ScriptedExchange {
            ask(method, target, bytes: Array(body.utf8))
        }

        func ask(_ method: HTTP.Method, _ target: String, bytes: [UInt8]) -> ScriptedExchange {
            var head = RequestHead(method: method, target: target, authority: "api.example")
            head.fields.append(name: "X-A", value: "1")
            let scripted = ScriptedExchange(head, bytes: bytes, on: loop)
            stage.play(scripted)
            return scripted
        }
    }

    @Test func `a node that refuses protobuf is asked in JSON, at once and from then on`() {
        let rig = Rig(reply: #"{"statusCode":201,"header":{"x-b":{"key":"X-B","values":["1","2"]}},"body":"<p>"}"#)
        let scripted = rig.ask(.post, "/a?x=1&x=2", body: "b\"\u{e9}")
        #expect(rig.caller.calls.map(\.format) == [.protobuf, .json])
        let message = rig.caller.calls.last?.body.text ?? ""
        for part in [
            #""method":"POST","path":"/a""#, #""X-A":{"key":"X-A","values":["1"]}"#,
            #""get":{"x":{"key":"x","values":["1","2"]}},"post":{},"body":"b\"\#u{e9}","url":"/a?x=1&x=2""#,
        ] {
            #expect(message.contains(part), "\(part) in \(message)")
        }
        #expect(scripted.head?.status.code == 201)
        #expect(scripted.head?.fields.values(named: "X-B") == ["1", "2"])
        #expect(scripted.head?.fields[.contentType] == "application/json")
        #expect(scripted.body == "<p>")
        #expect(rig.ask().head?.status.code == 201)
        #expect(rig.caller.calls.map(\.format) == [.protobuf, .json, .json])
    }

    @Test func `a node whose metadata names JSON is never sent anything else`() {
        let rig = Rig(metadata: ["codec": "json"])
        #expect(rig.ask().head?.status == .ok)
        #expect(rig.caller.calls.map(\.format) == [.json])
    }

    @Test func `the node that has refused is the one that is asked again`() {
        let rig = Rig(nodes: 5)
        for _ in 0..<5 { _ = rig.ask() }
        for (index, call) in rig.caller.calls.enumerated() where call.format == .json && index > 0 {
            let before = rig.caller.calls[index - 1]
            if before.format == .protobuf { #expect(rig.caller.nodes[index] == rig.caller.nodes[index - 1]) }
        }
        #expect(rig.caller.calls.filter { $0.format == .json }.count == 5)
    }

    @Test(
        "what may have been done is not sent again",
        arguments: [
            GatewayError(reportedBy: "s", MicroError(id: "s", code: 415, detail: "Unsupported Content-Type: x")),
            GatewayError(.upstreamBroken, "broken", mayHaveBeenSent: true), GatewayError(.upstreamTimedOut, "late"),
        ])
    func onlyOnce(failure: GatewayError) {
        let rig = Rig(failure: failure)
        #expect(rig.ask(.post).failure == failure)
        #expect(rig.caller.calls.count == 1)
    }

    @Test func `a body that is no text cannot be said in JSON`() {
        let rig = Rig()
        let scripted = rig.ask(.post, "/a", bytes: [0x61, 0xff])
        #expect(scripted.failure?.status == .unsupportedMediaType)
        #expect(scripted.failure?.report.detail.contains("UTF-8") == true)
        #expect(rig.caller.calls.map(\.format) == [.protobuf])
    }

    @Test(
        "nothing said is 200, JSON and no content",
        arguments: ["{}", #"{"statusCode":0,"header":null,"body":null}"#, #"{"status_code":200,"other":1}"#])
    func silent(reply: String) {
        let scripted = Rig(reply: reply).ask()
        #expect(scripted.head?.status == .ok)
        #expect(scripted.head?.fields[.contentType] == "application/json")
        #expect(scripted.body == "")
    }

    @Test(
        "what is no response is not answered",
        arguments: [
            "", "[]", "null", "{", #"{"statusCode":99}"#, #"{"statusCode":"x"}"#, #"{"statusCode":600}"#,
            #"{"header":{"A":1}}"#, #"{"header":{"A":{"key":"A","values":["\r\n"]}}}"#,
            #"{"header":{"A B":{"values":["1"]}}}"#,
        ])
    func broken(reply: String) {
        #expect(Rig(reply: reply).ask().failure?.code == .upstreamBroken)
    }
}
