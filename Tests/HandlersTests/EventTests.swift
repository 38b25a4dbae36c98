import Bytes
import Gateway
import Handlers
import Testing

struct EventTests {
    @Test(
        "path and namespace name topic and event",
        arguments: [
            ("/", "go.micro.api", "go.micro.api", "event"),
            ("/foo", "go.micro.api", "go.micro.api.foo", "foo"),
            ("/foo/", "go.micro.api", "go.micro.api.foo", "foo"),
            ("/foo/bar", "go.micro.api", "go.micro.api.foo", "bar"),
            ("/foo/bar/", "go.micro.api", "go.micro.api.foo", "bar"),
            ("/foo/bar/baz", "go.micro.api", "go.micro.api.foo", "bar.baz"),
            ("/v1", "go.micro.api", "go.micro.api.v1", "v1"),
            ("/v1/foo", "go.micro.api", "go.micro.api.v1.foo", "foo"),
            ("/v12/foo/bar", "go.micro.api", "go.micro.api.v12.foo", "bar"),
            ("/v1/foo/bar/baz", "go.micro.api", "go.micro.api.v1.foo", "bar.baz"),
            ("/v/foo", "go.micro.api", "go.micro.api.v", "foo"),
            ("/v1a/foo", "go.micro.api", "go.micro.api.v1a", "foo"),
            ("/V1/foo", "go.micro.api", "go.micro.api.V1", "foo"),
            ("/a%20b/%C3%A4", "go.micro.api", "go.micro.api.a b", "ä"),
            ("/foo/bar", "", "foo", "bar"),
        ])
    func topics(path: String, namespace: String, topic: String, name: String) throws {
        let place = try EventTopic(path: path, namespace: namespace)
        #expect((place.topic, place.name) == (topic, name))
    }

    @Test(
        "a path that names no topic is refused",
        arguments: [
            ("/", "", GatewayError.Code.notFound), ("/a%0Ab", "go", .badRequest), ("/%zz", "go", .badRequest),
            ("/%ff", "go", .badRequest), ("/foo/%00", "go", .badRequest),
        ])
    func refused(path: String, namespace: String, code: GatewayError.Code) {
        let error = #expect(throws: GatewayError.self) { try EventTopic(path: path, namespace: namespace) }
        #expect(error?.code == code)
    }

    /// Made with the reference implementation of protobuf in Python, with deterministic serialization.
    @Test(
        "an event in protobuf is what the reference implementation writes",
        arguments: [
            (
                EventMessage(
                    name: "login", id: "go.micro.evt.user-login-0001", timestamp: 1_700_000_000,
                    header: [("Content-Type", ["application/json"])], data: ByteBuffer(#"{"id":1}"#)),
                "0a056c6f67696e121c676f2e6d6963726f2e6576742e757365722d6c6f67696e2d303030311880e2cfaa0622300a0c436f6e"
                    + "74656e742d5479706512200a0c436f6e74656e742d5479706512106170706c69636174696f6e2f6a736f6e2a087b226964"
                    + "223a317d"
            ),
            (
                EventMessage(
                    name: "x", id: "i", timestamp: -1,
                    header: [("X-A", ["1", ""]), ("B", [String(repeating: "y", count: 130)])],
                    data: ByteBuffer(String(repeating: "ä", count: 100))),
                "0a017812016918ffffffffffffffffff01228e010a01421288010a0142128201" + String(repeating: "79", count: 130)
                    + "22110a03582d41120a0a03582d4112013112002ac801" + String(repeating: "c3a4", count: 100)
            ),
            (EventMessage(name: "", id: "", timestamp: 0, header: [], data: ByteBuffer()), ""),
        ])
    func golden(event: EventMessage, hexadecimal: String) {
        let digits = event.protobuf.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(digits == hexadecimal)
    }

    @Test func `identifiers are random, and say so`() {
        let id = RandomUUID.text(high: .max, low: .max)
        #expect(id == "ffffffff-ffff-4fff-bfff-ffffffffffff")
        #expect(RandomUUID.text(high: 0, low: 0) == "00000000-0000-4000-8000-000000000000")
        #expect(Set((0..<100).map { _ in RandomUUID.text() }).count == 100)
    }
}
