import Bytes
import Gateway
import HTTP
import Handlers
import Reactor
import TestSupport
import Testing

/// A field of a message: its number, and its bytes.
private func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    var length = content.count
    var bytes = [number << 3 | 2]
    while length > 0x7f {
        bytes.append(UInt8(length & 0x7f) | 0x80)
        length >>= 7
    }
    return bytes + [UInt8(length)] + content
}

private func field(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

/// An entry of a response's header.
private func header(_ name: String, _ values: String..., key: String? = nil) -> [UInt8] {
    let pair = (key == "" ? [] : field(1, key ?? name)) + values.flatMap { field(2, $0) }
    return field(2, field(1, name) + field(2, pair))
}

private func status(_ code: UInt64) -> [UInt8] {
    var bytes: [UInt8] = [8]
    var rest = code
    while rest > 0x7f {
        bytes.append(UInt8(rest & 0x7f) | 0x80)
        rest >>= 7
    }
    return bytes + [UInt8(rest)]
}

/// A request as the service reads it: `method GET`, `header Host [a]`.
private func lines(of message: ByteBuffer) -> [String] {
    let names = [1: "method", 2: "path", 3: "header", 4: "get", 5: "post", 6: "body", 7: "url"]
    var (reader, lines) = (ProtobufFields(), [String]())
    let bytes = message.span
    while let field = reader.next(in: bytes) {
        let content = bytes.extracting(field.content)
        let name = names[field.number] ?? "?"
        lines.append((3...5).contains(field.number) ? "\(name) \(entry(content))" : "\(name) \(String(content))")
    }
    if !reader.hasReadAll(of: bytes) { lines.append("malformed") }
    return lines
}

private func entry(_ bytes: Span<UInt8>) -> String {
    var (reader, name, text) = (ProtobufFields(), "", "")
    while let field = reader.next(in: bytes) {
        let content = bytes.extracting(field.content)
        if field.number == 1 { name = String(content) } else { text = pair(content, of: name) }
    }
    return text
}

private func pair(_ bytes: Span<UInt8>, of name: String) -> String {
    var (reader, values) = (ProtobufFields(), [String]())
    while let field = reader.next(in: bytes) {
        let text = String(bytes.extracting(field.content))
        if field.number == 2 { values.append(text) } else if text != name { values.append("key \(text)") }
    }
    return "\(name) [\(values.joined(separator: "|"))]"
}

private struct APIRig {
    let caller: ScriptedCaller
    let scripted: ScriptedExchange

    init(
        _ method: HTTP.Method = .get, _ target: String = "/", _ fields: [(String, String)] = [], body: String = "",
        reply: [UInt8] = [], failure: GatewayError? = nil, limit: Int = 4_096, namespace: Namespace? = nil
    ) {
        let loop = ManualEventLoop()
        let caller = ScriptedCaller(reply: reply, failure: failure)
        let stage = Stage(loop: loop) {
            var configuration = RPCConfiguration()
            configuration.maximumBody = limit
            configuration.namespace = namespace
            let dispatcher = Dispatcher(callers: [.mucp(transport: "http"): caller], loop: loop)
            return RoutingHandler(
                router: OneRoute(),
                always: APIHandler(
                    dispatcher: dispatcher, catalog: CatalogView(), configuration: configuration))
        }
        var head = RequestHead(method: method, target: target, authority: "api.example")
        for (name, value) in fields { head.fields.append(name: name, value: value) }
        scripted = ScriptedExchange(head, body: body, on: loop)
        stage.play(scripted)
        self.caller = caller
    }

    /// What the service was called with, without the lines that every request has.
    var request: [String] {
        let usual = [
            "header X-Forwarded-For [127.0.0.1]", "header X-Forwarded-Proto [http]",
            "header X-Forwarded-Host [api.example]", "header Host [api.example]",
        ]
        return caller.calls.first.map { lines(of: $0.body).filter { !usual.contains($0) } } ?? []
    }
}

private let form = ("Content-Type", "application/x-www-form-urlencoded")
private let plain = "header Content-Type [text/plain; charset=UTF-8]"

struct APIRequestTests {
    /// C190.
    @Test func `the whole request is one message`() {
        let rig = APIRig(.get, "/apimeta/api/call?name=john&name=x&b=1")
        #expect(
            rig.request == [
                "method GET", "path /apimeta/api/call", plain, "get name [john|x]", "get b [1]",
                "url /apimeta/api/call?name=john&name=x&b=1",
            ])
        #expect(rig.caller.calls.first?.format == .protobuf)
        #expect(rig.caller.calls.first?.destination.endpoint == "Foo.Bar")
        let all = rig.caller.calls.first.map { lines(of: $0.body) } ?? []
        #expect(all.contains("header Host [api.example]"))
        #expect(all.contains("header X-Forwarded-For [127.0.0.1]"))
    }

    @Test func `the service is told of the namespace by the gateway alone`() {
        let rig = APIRig(.get, "/", [("Micro-Namespace", "evil")], namespace: .fixed("go.micro"))
        #expect(rig.request.filter { $0.contains("Micro-Namespace") } == ["header Micro-Namespace [go.micro]"])
        #expect(rig.caller.calls.first?.metadata["Micro-Namespace"] == "go.micro")
    }

    /// C191 to C195, Q66.
    @Test(
        "a form becomes fields, and every other body stays the bytes it is",
        arguments: [
            (.post, [form], "a=1&a=2&b=%20", ["post a [1|2]", "post b [ ]"]),
            (.put, [form], "a", ["post a []"]), (.patch, [form], "", []),
            (.delete, [form], "a=1", ["body a=1"]), (.get, [form], "a=1", ["body a=1"]),
            (.post, [("Content-Type", "application/json")], #"{"a":1}"#, [#"body {"a":1}"#]),
            (.post, [], "a=1", ["body a=1"]), (.post, [("Content-Type", "nonsense")], "a=1", ["body a=1"]),
            (
                .post, [("Content-Type", "multipart/form-data; boundary=b")],
                "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n",
                [
                    "post a [1]",
                    "body --b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n",
                ]
            ),
            (.post, [("Content-Type", "multipart/form-data; boundary=b")], "rubbish", ["body rubbish"]),
        ] as [(HTTP.Method, [(String, String)], String, [String])])
    func bodies(method: HTTP.Method, fields: [(String, String)], body: String, expected: [String]) {
        let rig = APIRig(method, "/x", fields, body: body)
        #expect(rig.request.filter { $0.hasPrefix("post ") || $0.hasPrefix("body ") } == expected)
        let hasType = fields.contains { MediaType($0.1) != nil }
        #expect(rig.request.contains(plain) == !hasType)
    }

    @Test func `fields of the connection and those of gateways are not the client's to send`() {
        let rig = APIRig(
            .get, "/x",
            [
                ("X-A", "1"), ("x-a", "2"), ("Cookie", "c=d"), ("Authorization", "Bearer t"),
                ("Connection", "X-Hop, close"),
                ("X-Hop", "1"), ("Te", "trailers"), ("Transfer-Encoding", "gzip"), ("Upgrade", "h2c"),
                ("Micro-Namespace", "evil"), ("X-Api-Body", "x"), ("X-Forwarded-For", "9.9.9.9"),
                ("X-Forwarded-Client-Cert", "x"), ("Forwarded", "for=x"), ("X_Real_IP", "x"), ("x-odd.case", "y"),
            ])
        #expect(
            rig.request.filter { $0.hasPrefix("header") && $0 != plain } == [
                "header X-A [1|2]", "header Cookie [c=d]", "header Authorization [Bearer t]", "header X-Odd.case [y]",
            ])
    }

    /// C197.
    @Test(
        "what cannot be decoded is the client's to mend, and is quoted as it came",
        arguments: [("/?x=%zz", "%zz"), ("/?a=%ff", "UTF-8"), ("/%ff", "UTF-8")])
    func malformed(target: String, word: String) {
        let rig = APIRig(.get, target)
        #expect(rig.scripted.failure?.status == .badRequest)
        #expect(rig.scripted.failure?.report.detail.contains(word) == true)
        #expect(rig.caller.calls.isEmpty)
    }

    @Test func `there is a limit on the body, on the message, and on the fields`() {
        let long = String(repeating: "x", count: 5_000)
        #expect(APIRig(.post, "/", body: long).scripted.failure?.status == .contentTooLarge)
        #expect(APIRig(.get, "/?\(long)").scripted.failure?.status == .contentTooLarge)
        let many = (0...1_000).map { "a\($0)=" }.joined(separator: "&")
        #expect(APIRig(.get, "/?\(many)", limit: 1 << 20).scripted.failure?.status == .badRequest)
    }

    @Test func `the path is decoded once, and the address is as it was asked for`() {
        let rig = APIRig(.get, "/a%20b%252f?q=%20+x")
        #expect(rig.request.contains("path /a b%2f"))
        #expect(rig.request.contains("get q [  x]"))
        #expect(rig.request.contains("url /a%20b%252f?q=%20+x"))
    }
}

struct APIResponseTests {
    /// C198.
    private static let made =
        status(201) + header("x-multi", "a", "b", key: "X-Multi") + header("Content-Type", "text/html")
        + field(3, "<p>hi</p>")

    @Test func `the message is the whole response`() {
        let scripted = APIRig(reply: Self.made).scripted
        #expect(scripted.head?.status.code == 201)
        #expect(scripted.head?.fields.values(named: "X-Multi") == ["a", "b"])
        #expect(scripted.head?.fields.name(at: 0) == "X-Multi")
        #expect(scripted.head?.fields[.contentType] == "text/html")
        #expect(scripted.body == "<p>hi</p>")
        #expect(scripted.isEnded)
    }

    /// C199.
    @Test func `HEAD is answered with the head`() {
        let scripted = APIRig(.head, reply: Self.made).scripted
        #expect(scripted.head?.status.code == 201)
        #expect(scripted.body == "")
        #expect(scripted.framing == .length(9))
    }

    @Test func `nothing said is 200, JSON and no content`() {
        let scripted = APIRig(reply: []).scripted
        #expect(scripted.head?.status == .ok)
        #expect(scripted.head?.fields[.contentType] == "application/json")
        #expect(scripted.framing == .length(0))
        let unnamed = APIRig(reply: header("X-A", "1", key: "")).scripted
        #expect(unnamed.head?.fields.values(named: "X-A") == ["1"])
    }

    @Test(
        "fields that belong to the connection are not the service's to send",
        arguments: [
            "Content-Length", "transfer-encoding", "Connection", "Keep-Alive", "Upgrade", "TE", "Trailer",
            "Proxy-Connection", "Proxy-Authenticate", "Alt-Svc",
        ])
    func dropped(name: String) {
        let scripted = APIRig(reply: header(name, "chunked") + header("X-A", "1") + field(3, "{}")).scripted
        #expect(scripted.head?.fields.values(named: name) == [])
        #expect(scripted.head?.fields.values(named: "X-A") == ["1"])
        #expect(scripted.framing == .length(2))
    }

    @Test(
        "what is no response is not answered",
        arguments: [
            status(99), status(101), status(600), status(1_000_000), status(UInt64.max), header("X-A", "a\r\nX-B: b"),
            header("X A", "b"), header("X-A\r\nX-B", "b"), header("X-A", "\0"), [0x1a, 5, 0x61], [0xff],
            field(2, [0xff]),
            field(2, field(2, [0x12, 9])), (0..<300).flatMap { _ in header("A", "") },
            header("A", String(repeating: "x", count: 70_000)),
        ] as [[UInt8]])
    func broken(reply: [UInt8]) {
        let rig = APIRig(reply: reply)
        #expect(rig.scripted.failure?.code == .upstreamBroken)
        #expect(rig.scripted.failure?.detail.contains("Foo.Bar") == true)
        #expect(rig.scripted.head == nil)
    }

    @Test func `wherever a response is cut off, it is an answer or an error`() {
        for length in 0..<Self.made.count {
            let scripted = APIRig(reply: Array(Self.made.prefix(length))).scripted
            #expect(scripted.isEnded || scripted.failure?.code == .upstreamBroken, "cut at \(length)")
        }
    }

    @Test(arguments: [204, 304])
    func `a status without content has none`(code: UInt64) {
        let scripted = APIRig(reply: status(code) + field(3, "x")).scripted
        #expect(scripted.body == "")
        #expect(scripted.framing == .length(0))
    }

    /// C200.
    @Test func `the error of a service is its own`() {
        let error = MicroError(id: "go.micro.api.foo", code: 400, detail: "bad thing")
        let rig = APIRig(failure: GatewayError(reportedBy: "go.micro.api.foo", error))
        #expect(rig.scripted.failure?.status == .badRequest)
        #expect(rig.scripted.failure?.report.detail == "bad thing")
    }
}
