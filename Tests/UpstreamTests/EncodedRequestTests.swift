import TestSupport
import Testing

/// Calls whose body travels in another form than it has.
struct EncodedRequestTests {
    @Test(
        "a body in an encoding that cannot be undone is refused with 415, and told which can",
        arguments: ["/go.greeter/Say.Hello", "/rpc"], ["gzip", "br", "identity, x-own"])
    func unknown(path: String, encoding: String) throws {
        let rig = CallRig()
        #expect(rig.call("{}", path: path, fields: "Content-Encoding: \(encoding)\r\n") == "")
        let got = try #require(Message(rig.client.take()))
        #expect(got.status == "415")
        #expect(got["Accept-Encoding"] == ["identity"])
        #expect(got.body.contains("content encoding"))
    }

    @Test func `a body that is said to be as it is, is`() throws {
        let rig = CallRig()
        let seen = try #require(Message(rig.call("{\"a\":1}", fields: "Content-Encoding: identity\r\n")))
        #expect(seen.body == "{\"a\":1}")
    }
}
