import Bytes
import Compression
import Handlers
import TestSupport
import Testing

/// Calls whose body travels in another form than it has.
struct EncodedRequestTests {
    private static let paths = ["/go.greeter/Say.Hello", "/rpc"]

    /// A call of that path with the given member in its message.
    private static func message(_ path: String, _ member: String) -> String {
        path == "/rpc"
            ? #"{"service":"go.greeter","endpoint":"Say.Hello","request":{"a":"\#(member)"}}"# : #"{"a":"\#(member)"}"#
    }

    private static func encoded(_ text: String, _ format: CompressionFormat = .gzip) throws -> [UInt8] {
        let deflater = try #require(Deflater(format))
        var input = ByteBuffer(text)
        var output = ByteBuffer()
        deflater.compress(input.count, of: &input, into: &output)
        deflater.finish(into: &output)
        return output.bytes
    }

    private static func head(_ path: String, _ encoding: String, _ framing: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Encoding: \(encoding)\r\n\(framing)\r\n\r\n"
    }

    /// What the client is answered to a body that came in one piece.
    private func refusal(_ path: String, _ encoding: String, _ body: [UInt8], _ limit: Int = 100_000) throws -> Message
    {
        var configuration = RPCConfiguration()
        configuration.maximumBody = limit
        let rig = CallRig(configuration: configuration)
        rig.client.send(Self.head(path, encoding, "Content-Length: \(body.count)"))
        rig.client.send(body)
        rig.loop.drain()
        #expect(rig.peers.isEmpty)
        return try #require(Message(rig.client.take()))
    }

    @Test(
        "an encoded body is expanded before it is read", arguments: paths,
        [("gzip", CompressionFormat.gzip), ("X-GZIP", .gzip), ("deflate", .zlib), ("identity, gzip", .gzip)])
    func expanded(path: String, encoding: (name: String, format: CompressionFormat)) throws {
        let body = try Self.encoded(Self.message(path, "John"), encoding.format)
        let rig = CallRig()
        // With a length in one piece, and byte by byte in chunks.
        rig.client.send(Self.head(path, encoding.name, "Content-Length: \(body.count)"))
        rig.client.send(body)
        rig.loop.drain()
        let seen = try #require(Message(rig.node.take()))
        #expect(seen.body == #"{"a":"John"}"#)
        #expect(seen["Content-Encoding"] == [])
        rig.answer(CallRig.reply("{}"))

        rig.client.send(Self.head(path, encoding.name, "Transfer-Encoding: chunked"))
        for byte in body {
            rig.client.send("1\r\n")
            rig.client.send([byte])
            rig.client.send("\r\n")
            rig.loop.drain()
        }
        rig.client.send("0\r\n\r\n")
        rig.loop.drain()
        #expect(Message(rig.node.take())?.body == #"{"a":"John"}"#)
    }

    @Test(
        "a body in an encoding that cannot be undone is refused with 415, and told which can",
        arguments: paths, ["br", "identity, x-own", "gzip, gzip"])
    func unknown(path: String, encoding: String) throws {
        let got = try refusal(path, encoding, Array("{}".utf8))
        #expect(got.status == "415")
        #expect(got["Accept-Encoding"] == ["gzip, deflate"])
        #expect(got.body.contains("content encoding"))
    }

    @Test("a body that becomes too long is refused with 413", arguments: paths)
    func bombs(path: String) throws {
        let long = Self.message(path, String(repeating: "a", count: 200_000))
        #expect(try refusal(path, "gzip", Self.encoded(long)).status == "413")
        // Within the limit, and too good to be true.
        let dense = Self.message(path, String(repeating: "a", count: 8_000_000))
        #expect(try refusal(path, "gzip", Self.encoded(dense), 10_000_000).status == "413")
        // Nothing comes out of it at all, for as long as one likes to send.
        let empty = [[UInt8]](repeating: try Self.encoded(""), count: 6_000).flatMap { $0 }
        #expect(try refusal(path, "gzip", empty).status == "413")
    }

    @Test("a body that is not what it is said to be is refused with 400", arguments: paths)
    func malformed(path: String) throws {
        let body = try Self.encoded(Self.message(path, "John"))
        for wrong in [Array("{}".utf8), Array(body.dropLast()), body + [1, 2, 3]] {
            let got = try refusal(path, "gzip", wrong)
            #expect(got.status == "400")
            #expect(got.body.contains("content encoding"))
        }
        #expect(try refusal(path, "deflate", body).status == "400")
    }

    @Test func `a body that is said to be as it is, is`() throws {
        let rig = CallRig()
        let seen = try #require(Message(rig.call("{\"a\":1}", fields: "Content-Encoding: identity\r\n")))
        #expect(seen.body == "{\"a\":1}")
        rig.answer(CallRig.reply("{}"))
        #expect(Message(rig.call("", fields: "Content-Encoding: gzip\r\n"))?.body == "{}")
    }
}
