import Bytes
import Gateway
import HTTP
import JSON
import TestSupport
import Testing
import Upstream

struct MUCPCodecTests {
    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        var digits = hexadecimal[...]
        var bytes: [UInt8] = []
        while let byte = UInt8(digits.prefix(2), radix: 16) {
            bytes.append(byte)
            digits = digits.dropFirst(2)
        }
        return bytes
    }

    private static func wrapped(_ message: [UInt8], for endpoint: String, sequence: Int = 0) -> [UInt8] {
        var body = ByteBuffer()
        MUCPCodec.protoRPC.wrap(ByteBuffer(message), endpoint: endpoint, sequence: sequence, into: &body)
        return body.bytes
    }

    private static func unwrapped(_ body: [UInt8], by codec: MUCPCodec) throws(MUCPProblem) -> (String?, [UInt8]) {
        var buffer = ByteBuffer(body)
        let error = try codec.unwrap(&buffer)
        return (error, buffer.bytes)
    }

    // What was recorded of Go Micro.
    private static let message = bytes("0a044a6f686e")
    private static let protoRequest = bytes(
        "000000180a0d477265657465722e48656c6c6f110500000000000000000000060a044a6f686e")
    private static let protoReply = bytes("000000091105000000000000000000000e0a0a48656c6c6f204a6f686e1001")
    private static let errorText =
        #"{"id":"go.micro.srv.greeter","code":404,"detail":"no such name: X","status":"Not Found"}"#
    private static let protoError = [0, 0, 0, 0x5a, 0x1a, 0x58] + Array(errorText.utf8) + [0, 0, 0, 0]

    @Test(
        "requests in the other codecs are the recorded ones",
        arguments: [
            ("mucp-jsonrpc-request", MUCPCodec.jsonRPC, #"{"name":"R"}"#),
            ("mucp-proto-request", .protobuf, "\n\u{4}John"),
        ])
    func requests(name: String, codec: MUCPCodec, message: String) throws {
        // The sequence number of the recorded call was 3; ours is always 0.
        let recorded = try #require(Message(golden(name).replacing("\"id\":\"3\"", with: "\"id\":\"0\"")))
        let call = RPCCall(
            destination: Destination(service: "go.micro.srv.greeter", endpoint: "Greeter.Hello"),
            body: ByteBuffer(message), metadata: HeaderFields(), deadline: .now)
        var output = ByteBuffer()
        MUCPRequest.write(call, host: "10.0.0.5:9090", timeLeft: .seconds(5), as: codec, to: &output)
        let ours = try #require(Message(output.text))
        #expect(ours.body == recorded.body)
        for field in recorded.fields where !["User-Agent", "Micro-Id"].contains(field.name) {
            #expect(ours[field.name] == [field.value], "\(field.name)")
        }
    }

    @Test func `a protobuf message is wrapped as recorded, and taken out of the recorded answer`() throws {
        #expect(Self.wrapped(Self.message, for: "Greeter.Hello", sequence: 5) == Self.protoRequest)
        #expect(Self.wrapped([], for: "a", sequence: 0x0102_0304).contains([0x11, 4, 3, 2, 1, 0, 0, 0, 0]))
        let (error, reply) = try Self.unwrapped(Self.protoReply, by: .protoRPC)
        #expect(error == nil)
        #expect(reply == Self.bytes("0a0a48656c6c6f204a6f686e1001"))
        #expect(try Self.unwrapped(Self.protoError, by: .protoRPC).0 == Self.errorText)
    }

    @Test func `an answer in an envelope that is cut off anywhere is none`() {
        for whole in [Self.protoReply, Self.protoError.dropLast(4) + []] {
            for length in 0..<whole.count {
                #expect(throws: MUCPProblem.self, "\(length) bytes") {
                    try Self.unwrapped(Array(whole[..<length]), by: .protoRPC)
                }
            }
        }
        #expect(throws: MUCPProblem.self) { try Self.unwrapped(Self.protoReply + [0], by: .protoRPC) }
    }

    @Test(
        "an envelope may hold what we do not know, and nothing malformed",
        arguments: [
            ("00000000" + "00000000", true), ("00000002" + "2001" + "00000000", true),
            ("00000005" + "2d01020304" + "00000000", true), ("00000002" + "2301" + "00000000", false),
            ("0000000b" + "ffffffffffffffffffff01" + "00000000", false), ("00000003" + "1a05aa" + "00000000", false),
            ("00000003" + "2dffff" + "00000000", false), ("ffffffff" + "00", false),
        ])
    func envelopes(hexadecimal: String, isValid: Bool) {
        let result = try? Self.unwrapped(Self.bytes(hexadecimal), by: .protoRPC)
        #expect((result != nil) == isValid)
    }

    @Test(
        "an envelope in JSON holds a result or an error",
        arguments: [
            (
                #"{"id":"3","result":{"greeting":"Hello R","total_count":1},"error":null}"#, nil,
                #"{"greeting":"Hello R","total_count":1}"#
            ),
            (#"{"id":"3","result":{"n":12345678901234567890}}"#, nil, #"{"n":12345678901234567890}"#),
            (#"{"id":"3","result":null,"error":""}"#, nil, "null"), (#"{"id":"3"}"#, nil, "null"),
            (#"{"id":"3","result":null,"error":"no such name"}"#, "no such name", nil),
            (#"{"id":"3","result":null,"error":{"code":404}}"#, #"{"code":404}"#, nil),
        ] as [(String, String?, String?)])
    func jsonReplies(body: String, error: String?, reply: String?) throws {
        let (found, rest) = try Self.unwrapped(Array("\(body)\n".utf8), by: .jsonRPC)
        #expect(found == error)
        if let reply { #expect(String(decoding: rest, as: UTF8.self) == reply) }
    }

    @Test("what is no envelope in JSON is no answer", arguments: ["", "[]", "{", "7", "{}{}"])
    func noEnvelope(body: String) {
        #expect(throws: MUCPProblem.self) { try Self.unwrapped(Array(body.utf8), by: .jsonRPC) }
    }

    // MARK: Through the gateway

    @Test func `services from before Go Micro 1 are called in envelopes of JSON`() throws {
        let rig = CallRig(nodes: [Node(id: "old", address: CallRig.address, metadata: ["server": "rpc"])])
        let seen = try #require(Message(rig.call(#"{"name":"R"}"#)))
        #expect(seen["Content-Type"] == ["application/json-rpc"])
        #expect(seen.body == #"{"method":"Say.Hello","params":[{"name":"R"}],"id":"0"}"# + "\n")
        let got = try #require(
            Message(rig.answer(CallRig.reply(#"{"id":"0","result":{"msg":1},"error":null}"# + "\n"))))
        #expect(got.status == "200")
        #expect(got.body == #"{"msg":1}"#)
        rig.call()
        let failed = try #require(Message(rig.answer(CallRig.reply(#"{"id":"0","error":"{\"code\":409}"}"#))))
        #expect(failed.status == "409")
        rig.call()
        #expect(rig.answer(CallRig.reply("[]")).hasPrefix("HTTP/1.1 502 "))
    }

    private static let protobuf = "Content-Type: application/protobuf\r\n"

    @Test(
        "a protobuf body reaches the service in an envelope, and its answer comes back as it is",
        arguments: [
            "application/protobuf", "application/x-protobuf", "application/octet-stream", "application/proto",
        ])
    func passedOn(type: String) throws {
        let rig = CallRig()
        let seen = try #require(Message(rig.call("\n\u{4}John", fields: "Content-Type: \(type)\r\n")))
        #expect(seen["Content-Type"] == ["application/proto-rpc"])
        #expect(Array(seen.body.utf8) == Self.wrapped(Self.message, for: "Say.Hello"))
        let reply = String(decoding: Self.protoReply, as: UTF8.self)
        let got = try #require(Message(rig.answer(CallRig.reply(reply))))
        #expect(got.status == "200")
        #expect(got["Content-Type"] == [type])
        #expect(got.body == "\n\nHello John\u{10}\u{1}")
    }

    @Test func `an empty protobuf answer has no content`() throws {
        let rig = CallRig()
        rig.call("", fields: Self.protobuf)
        let got = try #require(Message(rig.answer(CallRig.reply("\0\0\0\0\0\0\0\0"))))
        #expect(got.status == "204")
        #expect(got.body == "")
    }

    @Test func `a service that knows no envelopes is asked once more without one`() throws {
        let rig = CallRig()
        rig.call("\n\u{4}John", fields: Self.protobuf)
        rig.node.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nwhat?")
        rig.loop.drain()
        let seen = try #require(Message(rig.node.take()))
        #expect(seen["Content-Type"] == ["application/protobuf"])
        #expect(seen.body == "\n\u{4}John")
        #expect(try #require(Message(rig.answer(golden("mucp-proto-response")))).body == "\n\nHello John\u{10}\u{1}")
    }

    @Test func `errors of a protobuf call are told in JSON`() throws {
        let rig = CallRig()
        rig.call("", fields: Self.protobuf)
        let inBody = try #require(
            Message(rig.answer(CallRig.reply(String(decoding: Self.protoError, as: UTF8.self)))))
        #expect(inBody.status == "404")
        #expect(inBody["Content-Type"] == ["application/json"])
        #expect(MicroError(text: inBody.body).detail == "no such name: X")
        rig.call("", fields: Self.protobuf)
        #expect(rig.answer(golden("mucp-error-response")).hasPrefix("HTTP/1.1 404 "))
    }
}
