import Bytes
import Gateway
import HTTP
import Handlers
import Logging
import Reactor
import Server
import TestSupport
import Testing
import Upstream

/// A client, the gateway with one declared route, and a service that the test plays.
private struct BoundRig {
    let loop = ManualEventLoop()
    let client = Peer()
    let streams = ScriptedStreamingCaller()
    let calls: OneAnswer
    private let worker: Worker

    /// - Parameter answer: What the service answers to a call.
    init(
        _ path: String, methods: [HTTP.Method] = [], isStream: Bool = false, body: RouteRule.Body = .ignored,
        answer: RouteRule.AnswerField? = nil, answersBytes: Bool = false, replying reply: String = "{}",
        knowing request: FieldDescription? = nil
    ) throws {
        let rule = RouteRule(
            on: try RouteRule.Condition(path: path, methods: methods), services: ["shop"], endpoint: "Shop.Do",
            isStream: isStream, body: body, answer: answer, answersBytes: answersBytes, origin: "the test")
        calls = OneAnswer(reply)
        worker = Worker(loop: loop) { loop in
            WorkerContext(
                loop: loop, configuration: SessionConfiguration(),
                logger: .silent)
        }
        let index = Published(RouteIndex([rule]))
        let caller: any StreamingCaller & Sendable = isStream ? streams : calls
        let makeHandler: @Sendable (WorkerContext) -> any Handler = { context in
            let router = CatalogRouter(
                resolver: LiteralResolver(), namespace: "none", mode: .meta, view: context.catalog,
                strategy: InOrder(), health: NodeHealth(), declared: DeclaredRoutes(index))
            let dispatcher = Dispatcher(callers: [.mucp(transport: "http"): caller], loop: context.loop)
            return RoutingHandler(
                router: router,
                always: RPCHandler(
                    dispatcher: dispatcher, catalog: context.catalog, requests: request.map(OneRequest.init)))
        }
        let shop = Service(name: "shop", nodes: [Node(id: "n", address: "10.0.0.1:1", metadata: CallRig.mucp)])
        let (worker, client) = (worker, client)
        Task(executorPreference: loop) {
            await worker.replaceCatalog(with: Catalog(generation: 1, services: [shop]))
            await worker.adopt(
                from: .loopback(port: 40_000), makeChannel: { MemoryChannel(client) }, makeHandler: makeHandler)
        }
        loop.drain()
    }

    var stream: ScriptedStream { streams.streams[streams.streams.count - 1] }

    /// The client sends. Returns what it got since it was asked the last time.
    @discardableResult
    func ask(_ text: String) -> String {
        client.send(text)
        loop.drain()
        return client.take()
    }

    func post(_ body: String, _ target: String, fields: String = "") -> String {
        ask("POST \(target) HTTP/1.1\r\nHost: a\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    func get(_ target: String, fields: String = "") -> String {
        ask("GET \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
    }

    /// What the client has got since it was asked the last time.
    func got() -> String {
        loop.drain()
        return client.take()
    }
}

/// Knows one request.
private final class OneRequest: RequestDescriber {
    private let request: FieldDescription

    init(_ request: FieldDescription) { self.request = request }

    func request(of destination: Destination, on nodes: [Node]) -> FieldDescription? {
        destination.service == "shop" && nodes.map(\.id) == ["n"] ? request : nil
    }
}

/// A service that always answers the same.
///
/// Unchecked because a test and its hand-turned loop share one thread.
private final class OneAnswer: StreamingCaller, @unchecked Sendable {
    private(set) var asked: [String] = []
    private let answer: String

    init(_ answer: String) { self.answer = answer }

    nonisolated(nonsending) func call(
        _ call: RPCCall, on node: Node, reply: inout ByteBuffer, wakeup: Wakeup
    ) async throws(GatewayError) {
        asked.append(call.body.text)
        reply.append(answer)
    }

    nonisolated(nonsending) func open(
        _ call: RPCCall, on node: Node, wakeup: Wakeup
    ) async throws(GatewayError) -> any RPCStream {
        throw GatewayError(.fault, "this service has no streams")
    }
}

/// Bodies of any type, and parts of answers, over declared routes.
struct BoundRouteTests {
    private static let bytes = RouteRule.Body.bytes(field: "body", inPieces: false)
    private static let message = RouteRule.Body.bytes(field: nil, inPieces: false)
    private static let png = "Content-Type: image/png\r\n"

    @Test(
        "a route that names a method is called with it, also with one that the gateway answers for others",
        arguments: [HTTP.Method.options, HTTP.Method("PROPFIND")])
    func namedMethods(method: HTTP.Method?) throws {
        let method = try #require(method)
        let request = "\(method) /things/7 HTTP/1.1\r\nHost: a\r\n\r\n"
        let named = try BoundRig("/things/{id}", methods: [.get, method], replying: #"{"a":1}"#)
        let answer = try #require(Message(named.ask(request)))
        #expect((answer.status, answer.body) == ("200", #"{"a":1}"#))
        #expect(answer["Allow"] == [])
        let open = try BoundRig("/things/{id}", replying: #"{"a":1}"#)
        let general = try #require(Message(open.ask(request)))
        #expect(general.status == (method == .options ? "200" : "405"))
        #expect(general["Allow"] == ["GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"])
        #expect((named.calls.asked, open.calls.asked) == ([#"{"id":"7"}"#], []))
    }

    @Test(
        "a body of any type is a field or the message, with its type, and is not read",
        arguments: [
            (bytes, png, "hello", #"{"a":1,"name":"x","body":{"contentType":"image/png","data":"aGVsbG8="}}"#),
            (bytes, "", "hello", #"{"a":1,"name":"x","body":{"data":"aGVsbG8="}}"#),
            (bytes, png, "", #"{"a":1,"name":"x","body":{"contentType":"image/png"}}"#),
            (bytes, "", "", #"{"a":1,"name":"x"}"#),
            (
                bytes, "Content-Type: application/json\r\n", "{",
                #"{"a":1,"name":"x","body":{"contentType":"application/json","data":"ew=="}}"#
            ),
            (
                bytes, "Content-Type: application/protobuf\r\n", "\u{8}",
                #"{"a":1,"name":"x","body":{"contentType":"application/protobuf","data":"CA=="}}"#
            ),
            (
                bytes, "Content-Type: application/x-www-form-urlencoded\r\n", "a=2",
                #"{"a":1,"name":"x","body":{"contentType":"application/x-www-form-urlencoded","data":"YT0y"}}"#
            ),
            (message, png, "hello", #"{"contentType":"image/png","data":"aGVsbG8=","name":"x"}"#),
        ])
    func up(body: RouteRule.Body, fields: String, content: String, message: String) throws {
        let rig = try BoundRig("/v1/{name}", body: body)
        #expect(rig.post(content, "/v1/x?a=1", fields: fields).hasPrefix("HTTP/1.1 200 "))
        #expect(rig.calls.asked == [message])
    }

    @Test(
        "of an answer that is a body the client gets the bytes, and the type",
        arguments: [
            (#"{"contentType":"text/csv","data":"YSxi"}"#, "200", "text/csv", "a,b"),
            (#"{"content_type":"text/csv","data":"YSxi"}"#, "200", "text/csv", "a,b"),
            (#"{"data":"YQ"}"#, "200", "application/octet-stream", "a"), ("{}", "200", "application/octet-stream", ""),
            ("null", "200", "application/octet-stream", ""),
            (#"{"data":"*"}"#, "502", nil, nil), (#""x""#, "502", nil, nil), ("{", "502", nil, nil),
            (#"{"contentType":"a\r\nb: c"}"#, "502", nil, nil),
        ] as [(String, String, String?, String?)])
    func down(reply: String, status: String, type: String?, content: String?) throws {
        let rig = try BoundRig("/v1/x", answersBytes: true, replying: reply)
        let answer = try #require(Message(rig.get("/v1/x")))
        #expect(answer.status == status)
        guard let type, let content else { return }
        #expect(answer["Content-Type"] == [type])
        #expect(answer["Content-Length"] == ["\(content.utf8.count)"])
        #expect(answer.body == content)
    }

    @Test(
        "a body may be a field of the answer",
        arguments: [(#"{"file":{"contentType":"text/csv","data":"YSxi"}}"#, "a,b"), ("{}", "")])
    func picked(reply: String, content: String) throws {
        let file = RouteRule.AnswerField(names: ["file"], absent: "null")
        let rig = try BoundRig("/v1/x", answer: file, answersBytes: true, replying: reply)
        #expect(try #require(Message(rig.get("/v1/x"))).body == content)
    }

    @Test func `the pieces of a stream are one body, of the type of the first`() throws {
        let rig = try BoundRig("/v1/x", isStream: true, answersBytes: true)
        #expect(rig.get("/v1/x", fields: "Accept: text/event-stream\r\n") == "")
        rig.loop.advance(by: .seconds(60))
        #expect(rig.got() == "", "the type is not known before the first piece")
        rig.stream.say(#"{"contentType":"text/csv","data":"YSxi"}"#)
        let begin = try #require(Message(rig.got()))
        #expect(begin["Content-Type"] == ["text/csv"])
        #expect(begin.body == "3\r\na,b\r\n")
        rig.loop.advance(by: .seconds(60))
        #expect(rig.got() == "", "a sign of life would be a part of the body")
        rig.stream.say(#"{"contentType":"ignored","data":"Yw=="}"#)
        rig.stream.say("{}")
        rig.stream.end()
        #expect(rig.got() == "1\r\nc\r\n0\r\n\r\n")
    }

    @Test func `a stream that fails within the body breaks off, so that nobody takes a part for the whole`() throws {
        let rig = try BoundRig("/v1/x", isStream: true, answersBytes: true)
        _ = rig.get("/v1/x")
        rig.stream.say(#"{"data":"YSxi"}"#)
        #expect(rig.got().hasSuffix("3\r\na,b\r\n"))
        rig.stream.fail(GatewayError(.upstreamBroken, "torn"))
        #expect(rig.got() == "")
        #expect(rig.client.isClosed)
    }

    @Test func `what has come of a stream goes out before it breaks off, also when both come at once`() throws {
        let rig = try BoundRig("/v1/x", isStream: true, answersBytes: true)
        _ = rig.get("/v1/x")
        rig.stream.say(#"{"data":"YSxi"}"#)
        rig.stream.fail(GatewayError(.upstreamBroken, "torn"))
        #expect(rig.got().hasSuffix("3\r\na,b\r\n"))
        #expect(rig.client.isClosed)
    }

    @Test(
        "a stream that fails before, or begins with something else, is an error",
        arguments: [nil, #"{"data":"*"}"#])
    func failsFirst(message: String?) throws {
        let rig = try BoundRig("/v1/x", isStream: true, answersBytes: true)
        _ = rig.get("/v1/x")
        if let message { rig.stream.say(message) } else { rig.stream.fail(GatewayError(.upstreamBroken, "torn")) }
        #expect(rig.got().hasPrefix("HTTP/1.1 502 "))
        #expect(rig.stream.isCancelled)
    }

    @Test func `a stream without pieces is an empty body`() throws {
        let rig = try BoundRig("/v1/x", isStream: true, answersBytes: true)
        _ = rig.get("/v1/x")
        rig.stream.end()
        let answer = try #require(Message(rig.got()))
        #expect((answer.status, answer.body) == ("200", ""))
    }

    @Test func `a body goes to a stream in pieces, wherever it is cut; the first has path, query and type`() throws {
        for cut in 0...5 {
            let rig = try BoundRig("/v1/{name}", isStream: true, body: .bytes(field: "body", inPieces: true))
            rig.ask("POST /v1/x?a=1 HTTP/1.1\r\nHost: a\r\n\(Self.png)Content-Length: 5\r\n\r\n\("hello".prefix(cut))")
            rig.ask(String("hello".dropFirst(cut)))
            let first = Base64.encode(Array("hello".utf8.prefix(cut == 0 ? 5 : cut)).span)
            var expected = [#"{"a":1,"name":"x","body":{"contentType":"image/png","data":"\#(first)"}}"#]
            if cut > 0, cut < 5 {
                let rest = Base64.encode(Array("hello".utf8.dropFirst(cut)).span)
                expected.append(#"{"body":{"data":"\#(rest)"}}"#)
            }
            #expect(rig.stream.received == expected, "cut at \(cut)")
            #expect(rig.stream.hasFinishedSending)
        }
    }

    @Test func `an empty body is one message for a stream that takes pieces`() throws {
        let rig = try BoundRig("/v1/{name}", isStream: true, body: .bytes(field: nil, inPieces: true))
        #expect(rig.post("", "/v1/x?a=1") == "")
        #expect(rig.stream.received == [#"{"name":"x"}"#])
        #expect(rig.stream.hasFinishedSending)
    }

    @Test func `a service that takes no more makes a client with a long body wait`() throws {
        let rig = try BoundRig("/v1/x", isStream: true, body: .bytes(field: nil, inPieces: true))
        rig.ask("POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        rig.stream.room = 1
        rig.ask(String(repeating: "x", count: 1_000_000))
        #expect(rig.stream.received.count == 1)
        #expect(rig.client.unread > 500_000)
        rig.stream.room = .max
        rig.loop.drain()
        #expect(rig.client.unread == 0)
        #expect(rig.stream.hasFinishedSending)
    }

    // MARK: response_body

    private static let item = RouteRule.AnswerField(names: ["item"], absent: "null")

    @Test(
        "of each message of a stream the client gets the field",
        arguments: [
            ("", "{\"n\":1}\nnull\n"),
            ("Accept: text/event-stream\r\n", "data: {\"n\":1}\n\ndata: null\n\nevent: end\n"),
        ])
    func fieldOfStream(fields: String, content: String) throws {
        let rig = try BoundRig("/v1/x", isStream: true, answer: Self.item)
        _ = rig.get("/v1/x", fields: fields)
        rig.stream.say(#"{"item":{"n":1},"note":"x"}"#)
        rig.stream.say("{}")
        rig.stream.end()
        let answer = try #require(Message(rig.got()))
        #expect(try #require(unchunked(answer.body)).content.hasPrefix(content))
    }

    @Test func `who accepts one value gets the field of the one message`() throws {
        let rig = try BoundRig("/v1/x", isStream: true, answer: Self.item)
        _ = rig.get("/v1/x", fields: "Accept: application/json\r\n")
        rig.stream.say(#"{"item":{"n":1}}"#)
        rig.stream.end()
        #expect(try #require(Message(rig.got())).body == #"{"n":1}"#)
    }

    @Test func `a message of which no field can be taken ends the stream with an error`() throws {
        let rig = try BoundRig("/v1/x", isStream: true, answer: Self.item)
        _ = rig.get("/v1/x")
        rig.stream.say("{}")
        rig.stream.say("[]")
        #expect(rig.got().contains("null\n"))
        #expect(rig.stream.isCancelled)
    }

    @Test func `a WebSocket gets the field too`() throws {
        let rig = try BoundRig("/v1/x", isStream: true, answer: Self.item)
        #expect(rig.ask(Handshake.request("/v1/x")).hasPrefix("HTTP/1.1 101 "))
        rig.stream.say(#"{"item":{"n":1},"note":"x"}"#)
        rig.loop.drain()
        #expect(takeFrames(of: rig.client) == [#"text {"n":1}"#])
    }

    @Test func `what stands in path and query has the type of its field, although the registry does not tell it`()
        throws
    {
        let known = FieldDescription(
            name: "Item", type: "Item",
            fields: [
                FieldDescription(name: "id", type: "string"), FieldDescription(name: "tags", type: "[]string"),
                FieldDescription(name: "size", type: "int64"),
            ])
        let target = "/v1/7?tags=1&size=3"
        for body in [RouteRule.Body.ignored, .merged] {
            let rig = try BoundRig("/v1/{id}", body: body, knowing: known)
            #expect(rig.get(target).hasPrefix("HTTP/1.1 200 "))
            #expect(rig.calls.asked.map { $0.contains(#""tags":["1"]"#) && $0.contains(#""id":"7""#) } == [true])
            let other = try BoundRig("/v1/{id}", body: body)
            _ = other.get(target)
            #expect(other.calls.asked.map { $0.contains(#""tags":1"#) } == [true])
        }
    }
}
