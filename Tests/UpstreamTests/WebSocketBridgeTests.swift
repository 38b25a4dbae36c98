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

/// A client and the gateway, with a service of streams that the test plays.
private struct StreamRig {
    let loop = ManualEventLoop()
    let client = Peer()
    let caller = ScriptedStreamingCaller()
    private let worker: Worker

    init(configuration: RPCConfiguration = RPCConfiguration(), origins: OriginPolicy = OriginPolicy()) {
        worker = Worker(loop: loop) { loop in
            WorkerContext(
                loop: loop, configuration: SessionConfiguration(),
                logger: .silent)
        }
        let makeHandler: @Sendable (WorkerContext) -> any Handler = { [caller] context in
            let router = CatalogRouter(
                resolver: LiteralResolver(), namespace: "none", mode: .kind(.rpc), view: context.catalog,
                strategy: InOrder(), health: NodeHealth())
            let calls = RPCHandler(
                dispatcher: Dispatcher(callers: [.mucp(transport: "http"): caller], loop: context.loop),
                catalog: context.catalog, configuration: configuration, origins: origins)
            return RoutingHandler(router: router, always: calls)
        }
        let nodes = ["10.0.0.1:1", "10.0.0.2:1"].map { Node(id: $0, address: $0, metadata: CallRig.mucp) }
        let chat = Endpoint(
            name: "Chat.Talk", request: FieldDescription(name: "a", type: "int64"), metadata: ["stream": "true"])
        let service = Service(name: "go.chat", endpoints: [chat, Endpoint(name: "Chat.Once")], nodes: nodes)
        let (worker, client) = (worker, client)
        Task(executorPreference: loop) {
            await worker.replaceCatalog(with: Catalog(generation: 1, services: [service]))
            await worker.adopt(
                from: .loopback(port: 40_000), makeChannel: { MemoryChannel(client) }, makeHandler: makeHandler)
        }
        loop.drain()
    }

    var stream: ScriptedStream { caller.streams[caller.streams.count - 1] }

    /// Sends a request. Returns what came back.
    func ask(_ request: String) -> String {
        client.send(request)
        loop.drain()
        return client.take()
    }

    /// The same rig once its WebSocket is open.
    func opened(_ path: String = "/go.chat/Chat.Talk", fields: String = "") -> StreamRig {
        #expect(ask(Handshake.request(path, fields: fields)).hasPrefix("HTTP/1.1 101 "))
        return self
    }

    func say(_ text: String) { send(clientText(text)) }

    func send(_ bytes: [UInt8]) {
        client.send(bytes)
        loop.drain()
    }

    /// What the client got since it was asked the last time.
    func frames() -> [String] {
        loop.drain()
        return takeFrames(of: client)
    }

    func drain() {
        let worker = worker
        Task(executorPreference: loop) { _ = await worker.drain(within: .seconds(10)) }
        loop.drain()
    }
}

/// WebSockets that end here and are joined to a streaming endpoint.
struct WebSocketBridgeTests {
    @Test func `texts become messages and messages become texts, each at once and both ways`() {
        let rig = StreamRig().opened()
        rig.say("{\"x\":1}")
        #expect(rig.stream.received == ["{\"x\":1}"])
        rig.stream.say("{\"got\":1}")
        rig.stream.say("{\"got\":2}")
        #expect(rig.frames() == ["text {\"got\":1}", "text {\"got\":2}"])
        rig.say("[2]")
        #expect(rig.stream.received == ["{\"x\":1}", "[2]"])
        let call = rig.caller.asked[0].call
        #expect(call.destination == Destination(service: "go.chat", endpoint: "Chat.Talk"))
        #expect(call.body.isEmpty)
    }

    @Test func `a browser's request without a query sends nothing first, a query is the first message`() {
        #expect(StreamRig().opened().stream.received == [])
        #expect(StreamRig().opened("/go.chat/Chat.Talk?a=1&b.c=x").stream.received == ["{\"a\":1,\"b\":{\"c\":\"x\"}}"])
        #expect(StreamRig().opened("/go.chat/Chat.Talk?").stream.received == [])
        let refused = StreamRig()
        #expect(refused.ask(Handshake.request("/go.chat/Chat.Talk?a=%zz")).hasPrefix("HTTP/1.1 400 "))
    }

    @Test(
        "only subprotocols that we speak are chosen",
        arguments: [
            ("chat, json", "json"), ("protobuf, json", "protobuf"), ("chat", nil), ("JSON", nil),
        ] as [(String, String?)])
    func subprotocol(offered: String, chosen: String?) throws {
        let answer = StreamRig().ask(
            Handshake.request("/go.chat/Chat.Talk", fields: "Sec-WebSocket-Protocol: \(offered)\r\n"))
        let head = try #require(Message(answer))
        #expect(head["Sec-WebSocket-Protocol"] == (chosen.map { [$0] } ?? []))
        #expect(head["Sec-WebSocket-Extensions"] == [])
    }

    @Test(
        "messages are in protobuf when the content type or the subprotocol says so, and then binary both ways",
        arguments: [
            "Content-Type: application/protobuf\r\n", "Content-Type: application/x-protobuf; a=b\r\n",
            "Sec-WebSocket-Protocol: chat, protobuf\r\n",
            "Sec-WebSocket-Protocol: protobuf\r\nContent-Type: application/json\r\n",
        ])
    func protobuf(fields: String) {
        let rig = StreamRig().opened(fields: fields)
        #expect(rig.caller.asked[0].call.format == .protobuf)
        rig.send(clientBinary([0x08, 0x01]))
        rig.send(clientBinary([]))
        #expect(rig.stream.received == ["\u{8}\u{1}", ""], "one without bytes is a message too")
        rig.stream.say([0x0a, 0x01, 0xff])
        #expect(rig.frames() == ["binary \n\u{1}\u{fffd}"])
        #expect(!rig.stream.hasFinishedSending)
        rig.say("")
        #expect(rig.stream.hasFinishedSending)
        rig.stream.end()
        #expect(rig.frames().first?.hasPrefix("close 1000") == true)
    }

    @Test func `a text is no message in protobuf, and neither is a query`() {
        let fields = "Sec-WebSocket-Protocol: protobuf\r\n"
        let rig = StreamRig().opened(fields: fields)
        rig.say("{}")
        #expect(rig.frames().first?.hasPrefix("close 1003") == true)
        #expect(rig.stream.received == [])
        let query = StreamRig().ask(Handshake.request("/go.chat/Chat.Talk?a=1", fields: fields))
        #expect(query.hasPrefix("HTTP/1.1 400 "))
    }

    @Test func `JSON may come in binary frames, and is answered in texts`() {
        let rig = StreamRig().opened(fields: "Sec-WebSocket-Protocol: json\r\nContent-Type: application/protobuf\r\n")
        #expect(rig.caller.asked[0].call.format == .json)
        rig.send(clientBinary(Array("{\"a\":1}".utf8)))
        #expect(rig.stream.received == ["{\"a\":1}"])
        rig.stream.say("{\"b\":2}")
        #expect(rig.frames() == ["text {\"b\":2}"])
        rig.send(clientBinary([]))
        #expect(rig.stream.hasFinishedSending)
    }

    @Test(
        "J03: pages of other hosts are refused with 403, unless they are allowed",
        arguments: [
            ("http://a.example", true), ("https://A.example", true), ("https://a.example:443", true),
            ("https://evil.test", false), ("null", false), ("http://a.example.evil.test", false),
            ("http://a.example:8080", false), ("https://app.example", true), ("HTTPS://APP.EXAMPLE", true),
            ("http://app.example", false), ("", false),
        ])
    func origins(origin: String, isAllowed: Bool) {
        let rig = StreamRig(origins: OriginPolicy(allowed: ["https://app.example"]))
        let answer = rig.ask(Handshake.request("/go.chat/Chat.Talk", fields: "Origin: \(origin)\r\n"))
        #expect(answer.hasPrefix(isAllowed ? "HTTP/1.1 101 " : "HTTP/1.1 403 "))
        #expect(rig.caller.asked.isEmpty == !isAllowed)
        let open = StreamRig(origins: OriginPolicy(allowed: ["*"]))
        #expect(
            open.ask(Handshake.request("/go.chat/Chat.Talk", fields: "Origin: \(origin)\r\n"))
                .hasPrefix("HTTP/1.1 101 "))
    }

    @Test(
        "a WebSocket to what is no stream is refused with a sentence",
        arguments: [
            ("/go.chat/Chat.Once", "400", "one answer"), ("/go.chat/Chat.Nope", "404", "no endpoint Chat.Nope"),
            ("/go.none/Chat.Talk", "404", "go.none"),
        ])
    func refused(path: String, status: String, words: String) throws {
        let answer = try #require(Message(StreamRig().ask(Handshake.request(path))))
        #expect(answer.status == status)
        #expect(answer.body.contains(words))
        #expect(answer["Connection"] == ["close"])
    }

    @Test func `a malformed handshake is refused before anything is opened`() {
        let rig = StreamRig()
        #expect(rig.ask(Handshake.request("/go.chat/Chat.Talk", leaving: "Sec-WebSocket-V")).hasPrefix("HTTP/1.1 426 "))
        #expect(rig.caller.asked.isEmpty)
    }

    @Test func `a node that refuses is passed over, and when all do the status says so`() {
        let rig = StreamRig()
        rig.caller.failures["10.0.0.1:1"] = GatewayError(.upstreamRefused, "no")
        _ = rig.opened()
        #expect(rig.caller.asked.map(\.node.address) == ["10.0.0.1:1", "10.0.0.2:1"])

        let dead = StreamRig()
        for address in ["10.0.0.1:1", "10.0.0.2:1"] {
            dead.caller.failures[address] = GatewayError(.upstreamRefused, "no")
        }
        #expect(dead.ask(Handshake.request("/go.chat/Chat.Talk")).hasPrefix("HTTP/1.1 502 "))
    }

    // MARK: Ends

    @Test func `the end of the stream closes with 1000`() {
        let rig = StreamRig().opened()
        rig.stream.say("1")
        rig.stream.end()
        #expect(rig.frames() == ["text 1", "close 1000 "])
        #expect(!rig.client.sawFinish, "the client's close is waited for")
        rig.send([0x88, 0x82, 0, 0, 0, 0, 3, 232])
        #expect(rig.client.sawFinish)
        #expect(rig.stream.isCancelled)
        rig.client.finish()
        rig.loop.drain()
        #expect(rig.client.isClosed)
        #expect(rig.loop.timers.count == 0)
    }

    @Test func `an error closes with 1011 and the error in JSON, cut so that it stays JSON`() throws {
        let error = MicroError(id: "go.chat", code: 409, detail: "taken")
        #expect(WebSocketReason.of(error) == "close 1011 \(error.text)")
        let long = MicroError(id: "go.chat", code: 409, detail: String(repeating: "ü\"", count: 100))
        let frame = try #require(WebSocketReason.of(long))
        let reason = frame.dropFirst("close 1011 ".count)
        #expect(reason.utf8.count <= 123 && reason.utf8.count > 115)
        #expect(reason.hasSuffix("\"status\":\"Conflict\"}") && reason.hasPrefix("{\"id\":\"go.chat\""))
    }

    private enum WebSocketReason {
        static func of(_ error: MicroError) -> String? {
            let rig = StreamRig().opened()
            rig.stream.fail(GatewayError(reportedBy: "go.chat", error))
            return rig.frames().last
        }
    }

    @Test(
        "what is no message of ours closes with a code that says why",
        arguments: [
            (clientText("{"), "close 1007"), (clientText("7"), "close 1007"), (clientBinary([0x08]), "close 1007"),
            ([0x81, 1, 0x37], "close 1002"), ([0x81, 0x81, 0, 0, 0, 0, 0xff], "close 1007"),
            (clientText("{\"a\":\"" + String(repeating: "x", count: 1_000) + "\"}"), "close 1009"),
            ([0x88, 0x82, 0, 0, 0, 0, 3, 232], "close 1000"),
        ])
    func refused(bytes: [UInt8], close: String) {
        var configuration = RPCConfiguration()
        configuration.maximumBody = 1_000
        let rig = StreamRig(configuration: configuration).opened()
        rig.send(bytes)
        let frames = rig.frames()
        #expect(frames.count == 1 && frames[0].hasPrefix(close), "\(frames)")
        #expect(rig.stream.received == [])
        rig.client.finish()
        rig.loop.drain()
        #expect(rig.client.isClosed && rig.stream.isCancelled)
    }

    @Test func `an empty text ends what the client sends, and the service may go on`() {
        let rig = StreamRig().opened()
        rig.say("[1]")
        rig.say("")
        #expect(rig.stream.hasFinishedSending)
        rig.stream.say("[2]")
        #expect(rig.frames() == ["text [2]"])
        rig.say("[3]")
        #expect(rig.frames().last?.hasPrefix("close 1008") == true)
        #expect(rig.stream.received == ["[1]"])
    }

    @Test func `a client that leaves ends the stream, with a close or without`() {
        for leave in [{ $0.reset() }, { $0.finish() }] as [(Peer) -> Void] {
            let rig = StreamRig().opened()
            leave(rig.client)
            rig.loop.drain()
            #expect(rig.stream.isCancelled && rig.client.isClosed)
            #expect(rig.loop.timers.count == 0)
        }
    }

    @Test func `a stopping server closes with 1001`() {
        let rig = StreamRig().opened()
        rig.drain()
        #expect(rig.frames() == ["close 1001 the gateway is stopping"])
        rig.loop.advance(by: .seconds(5))
        #expect(rig.stream.isCancelled && rig.client.sawFinish)
    }

    @Test func `a service that sends what is no text is not passed on`() {
        let rig = StreamRig().opened()
        rig.stream.say([0x22, 0xff, 0x22])
        #expect(rig.frames() == ["close 1011 the service sent a message that is no text"])
    }

    // MARK: Flow and time

    @Test func `a service that takes nothing makes the client wait, whose silence is excused then`() {
        let rig = StreamRig().opened()
        rig.stream.room = 0
        let message = clientText("[\"" + String(repeating: "x", count: 10_000) + "\"]")
        for _ in 0..<100 { rig.client.send(message) }
        rig.loop.drain()
        #expect(rig.client.unread > 800_000)
        for _ in 0..<4 { rig.loop.advance(by: .seconds(30)) }
        #expect(rig.frames() == [])
        rig.stream.room = .max
        rig.loop.drain()
        #expect(rig.stream.received.count == 100)
    }

    @Test func `a client that takes nothing makes the service wait, and is given up after 30 s`() {
        let rig = StreamRig().opened()
        rig.client.room = 0
        for _ in 0..<1_000 { rig.stream.say("\"" + String(repeating: "x", count: 1_000) + "\"") }
        rig.loop.drain()
        #expect(rig.stream.unread > 800)
        rig.loop.advance(by: .seconds(29))
        #expect(!rig.stream.isCancelled)
        rig.loop.advance(by: .seconds(2))
        #expect(rig.stream.isCancelled)
    }

    @Test func `J12: a client that is silent is pinged, and given up when it does not answer`() {
        let rig = StreamRig().opened()
        rig.loop.advance(by: .seconds(30))
        #expect(rig.frames() == ["ping "])
        rig.send([0x8a, 0x80, 0, 0, 0, 0])
        rig.loop.advance(by: .seconds(30))
        #expect(rig.frames() == ["ping "])
        rig.loop.advance(by: .seconds(30))
        #expect(rig.frames() == ["close 1001 a ping was not answered"])
        #expect(rig.stream.isCancelled)
    }

    @Test func `J13: a new catalog closes nothing`() {
        let rig = StreamRig().opened()
        rig.replaceCatalog()
        rig.say("[1]")
        rig.stream.say("[2]")
        #expect(rig.stream.received == ["[1]"] && rig.frames() == ["text [2]"])
    }
}

extension StreamRig {
    /// Every service is gone from the registry.
    fileprivate func replaceCatalog() {
        let worker = worker
        Task(executorPreference: loop) { await worker.replaceCatalog(with: Catalog(generation: 2, services: [])) }
        loop.drain()
    }
}
