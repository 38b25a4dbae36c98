import Bytes
import HTTP
import Testing

/// What came of reading a frame, with what its ranges hold.
enum ReadFrame: Equatable {
    case more
    case frame(String)
    case refused(HTTP2ErrorCode)
    case ended(HTTP2ErrorCode)
}

extension FrameReader {
    /// Reads one frame and leaves out what follows it.
    mutating func result(_ input: [UInt8]) -> ReadFrame {
        do throws(HTTP2Error) {
            guard let (frame, _) = try next(input.span) else { return .more }
            if case .refused(let error) = frame { return .refused(error.code) }
            return .frame(frame.text(in: input))
        } catch {
            return error.scope == .connection ? .ended(error.code) : .more
        }
    }
}

extension Frame {
    func text(in input: [UInt8]) -> String {
        func hex(_ range: Range<Int>) -> String {
            input[range].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        return switch self {
        case .data(let stream, let content, let length, let ends): "data \(stream) \(hex(content)) \(length) \(ends)"
        case .headers(let stream, let fragment, let whole, let ends, let isLoop):
            "headers \(stream) \(hex(fragment)) \(whole) \(ends) \(isLoop)"
        case .priority(let stream): "priority \(stream)"
        case .reset(let stream, let code): "reset \(stream) \(code)"
        case .settings(let payload): "settings \(hex(payload))"
        case .settingsAcknowledged: "settings ack"
        case .ping(let payload, let isAnswer): "ping \(hex(payload)) \(isAnswer)"
        case .goAway(let last, let code, let debug): "goaway \(last) \(code) \(hex(debug))"
        case .windowUpdate(let stream, let increment): "window \(stream) \(increment)"
        case .continuation(let stream, let fragment, let whole): "continuation \(stream) \(hex(fragment)) \(whole)"
        case .unknown(let type): "unknown \(type)"
        case .refused(let error): "refused \(error.code)"
        }
    }
}

private let frames: [(String, ReadFrame)] = [
    // DATA (6.1)
    ("000002 00 00 00000001 6162", .frame("data 1 6162 2 false")),
    ("000002 00 01 80000001 6162", .frame("data 1 6162 2 true")),
    ("000000 00 01 00000003", .frame("data 3  0 true")),
    ("000004 00 09 00000001 02 61 0000", .frame("data 1 61 4 true")),
    ("000003 00 08 00000001 02 0000", .frame("data 1  3 false")),
    ("000001 00 f6 00000001 61", .frame("data 1 61 1 false")),
    ("000003 00 08 00000001 03 0000", .ended(.protocolError)),
    ("000001 00 08 00000001 01", .ended(.protocolError)),
    ("000000 00 08 00000001", .ended(.frameSizeError)),
    ("000002 00 00 00000000 6162", .ended(.protocolError)),
    // HEADERS (6.2)
    ("000001 01 05 00000001 82", .frame("headers 1 82 true true false")),
    ("000001 01 00 00000001 82", .frame("headers 1 82 false false false")),
    ("000006 01 24 00000003 80000001 10 82", .frame("headers 3 82 true false false")),
    ("000006 01 24 00000003 80000003 10 82", .frame("headers 3 82 true false true")),
    ("000009 01 2c 00000003 02 00000000 ff 82 0000", .frame("headers 3 82 true false false")),
    ("000003 01 0c 00000001 03 8200", .ended(.protocolError)),
    ("000003 01 0c 00000001 02 8200", .frame("headers 1  true false false")),
    ("000004 01 24 00000003 00000000", .ended(.frameSizeError)),
    ("000007 01 2c 00000003 02 00000000 ff 00", .ended(.protocolError)),
    ("000005 01 2c 00000003 00 00000000", .ended(.frameSizeError)),
    ("000000 01 0c 00000001", .ended(.frameSizeError)),
    ("000001 01 05 00000000 82", .ended(.protocolError)),
    // PRIORITY (6.3)
    ("000005 02 00 00000001 00000000 10", .frame("priority 1")),
    ("000005 02 00 00000001 80000001 10", .refused(.protocolError)),
    ("000004 02 00 00000001 00000000", .refused(.frameSizeError)),
    ("000006 02 00 00000001 00000000 1010", .refused(.frameSizeError)),
    ("000005 02 00 00000000 00000000 10", .ended(.protocolError)),
    // RST_STREAM (6.4)
    ("000004 03 00 00000001 00000008", .frame("reset 1 cancel")),
    ("000004 03 00 00000001 000000ff", .frame("reset 1 internalError")),
    ("000003 03 00 00000001 000008", .ended(.frameSizeError)),
    ("000004 03 00 00000000 00000008", .ended(.protocolError)),
    // SETTINGS (6.5)
    ("000000 04 00 00000000", .frame("settings ")),
    ("000006 04 00 00000000 0001 00000000", .frame("settings 000100000000")),
    ("000000 04 01 00000000", .frame("settings ack")),
    ("000006 04 01 00000000 0001 00000000", .ended(.frameSizeError)),
    ("000005 04 00 00000000 0001 000000", .ended(.frameSizeError)),
    ("000000 04 00 00000001", .ended(.protocolError)),
    // PUSH_PROMISE (6.6)
    ("000005 05 04 00000001 00000002 82", .ended(.protocolError)),
    // PING (6.7)
    ("000008 06 00 00000000 0102030405060708", .frame("ping 0102030405060708 false")),
    ("000008 06 01 00000000 0102030405060708", .frame("ping 0102030405060708 true")),
    ("000007 06 00 00000000 01020304050607", .ended(.frameSizeError)),
    ("000009 06 00 00000000 010203040506070809", .ended(.frameSizeError)),
    ("000008 06 00 00000001 0102030405060708", .ended(.protocolError)),
    // GOAWAY (6.8)
    ("000008 07 00 00000000 80000003 00000000", .frame("goaway 3 noError ")),
    ("00000a 07 00 00000000 00000003 0000000b 6869", .frame("goaway 3 enhanceYourCalm 6869")),
    ("000007 07 00 00000000 00000003 000000", .ended(.frameSizeError)),
    ("000008 07 00 00000001 00000003 00000000", .ended(.protocolError)),
    // WINDOW_UPDATE (6.9)
    ("000004 08 00 00000000 00000001", .frame("window 0 1")),
    ("000004 08 00 00000005 ffffffff", .frame("window 5 2147483647")),
    ("000004 08 00 00000000 00000000", .ended(.protocolError)),
    ("000004 08 00 00000000 80000000", .ended(.protocolError)),
    ("000004 08 00 00000001 00000000", .refused(.protocolError)),
    ("000003 08 00 00000001 000001", .ended(.frameSizeError)),
    // CONTINUATION (6.10)
    ("000001 09 04 00000001 82", .ended(.protocolError)),
    ("000001 09 04 00000000 82", .ended(.protocolError)),
    // Others (4.1, 5.5)
    ("000002 0b ff 00000001 0000", .frame("unknown 11")),
    ("000000 ff 00 00000000", .frame("unknown 255")),
    ("004001 00 00 00000001", .ended(.frameSizeError)),
    ("ffffff 0b 00 00000001", .ended(.frameSizeError)),
]

struct FrameTests {
    @Test("each type of frame has its size, its padding and its stream", arguments: frames)
    func types(wire: String, result: ReadFrame) {
        let input = bytes(wire)
        var reader = FrameReader()
        #expect(reader.result(input) == result)
        var again = FrameReader()
        #expect(again.result(input + [0xff, 0xff]) == result)
    }

    @Test("a frame reads the same wherever its bytes are cut", arguments: frames)
    func cuts(wire: String, result: ReadFrame) {
        let input = bytes(wire)
        for cut in 0..<input.count {
            var reader = FrameReader()
            let first = reader.result(Array(input[..<cut]))
            // What the header alone condemns need not wait.
            if case .ended = first { #expect(first == result) } else { #expect(first == .more) }
            if first == .more { #expect(reader.result(input) == result) }
        }
    }

    @Test(
        "nothing comes within a block of fields but its continuation",
        arguments: [
            ("000001 09 04 00000001 82", .frame("continuation 1 82 true")),
            ("000001 09 00 00000001 82", .frame("continuation 1 82 false")),
            ("000000 09 04 00000001", .frame("continuation 1  true")),
            ("000001 09 04 00000003 82", .ended(.protocolError)),
            ("000001 01 04 00000001 82", .ended(.protocolError)),
            ("000000 00 00 00000001", .ended(.protocolError)),
            ("000004 03 00 00000001 00000008", .ended(.protocolError)),
            ("000008 06 00 00000000 0102030405060708", .ended(.protocolError)),
            ("000000 0b 00 00000000", .ended(.protocolError)),
        ] as [(String, ReadFrame)])
    func blocks(wire: String, result: ReadFrame) {
        var reader = FrameReader()
        #expect(reader.result(bytes("000001 01 01 00000001 82")) == .frame("headers 1 82 false true false"))
        #expect(reader.result(bytes(wire)) == result)
        guard case .frame(let text) = result else { return }
        // Afterwards the block is whole, or it still is not.
        let ping = reader.result(bytes("000008 06 00 00000000 0102030405060708"))
        #expect((ping == .ended(.protocolError)) == text.hasSuffix("false"))
    }

    @Test func `a block of fields in endless frames ends the connection, be they full or empty`() {
        for size in [0, 1, 16_384] {
            var reader = FrameReader()
            _ = reader.result(bytes("000000 01 00 00000001"))
            var buffer = ByteBuffer()
            FrameHeader(.continuation, stream: 1, length: size).write(to: &buffer)
            let frame = buffer.bytes + [UInt8](repeating: 0, count: size)
            var count = 0
            var result = reader.result(frame)
            while case .frame = result, count < 1_000 { (result, count) = (reader.result(frame), count + 1) }
            #expect(result == .ended(.enhanceYourCalm))
            #expect(count == (size == 16_384 ? 4 : FrameReader.maximumContinuations))
        }
    }

    @Test func `a longer frame is read if we allowed it`() {
        var reader = FrameReader(maximumLength: 20_000)
        var buffer = ByteBuffer()
        FrameHeader(.data, stream: 1, length: 20_000).write(to: &buffer)
        #expect(reader.result(buffer.bytes) == .more)
        buffer.append([UInt8](repeating: 0x61, count: 20_000))
        guard case .frame = reader.result(buffer.bytes) else {
            Issue.record("it was not read")
            return
        }
    }

    @Test(
        "settings have the values that they may have, and unknown ones are ignored",
        arguments: [
            ("0001 00000000", nil), ("0001 ffffffff", nil), ("0002 00000000", nil), ("0002 00000002", .protocolError),
            ("0003 ffffffff", nil), ("0004 7fffffff", nil), ("0004 80000000", .flowControlError),
            ("0005 00004000", nil), ("0005 00ffffff", nil), ("0005 00003fff", .protocolError),
            ("0005 01000000", .protocolError), ("0006 00000000", nil), ("0008 00000001", nil),
            ("0008 00000002", .protocolError), ("0008 00000001 0008 00000000", .protocolError),
            ("0000 00000001 0007 00000001 ffff ffffffff", nil), ("0004 80000000 0004 00000001", .flowControlError),
            ("0001 000000", .frameSizeError), ("", nil),
        ] as [(String, HTTP2ErrorCode?)])
    func settings(wire: String, code: HTTP2ErrorCode?) {
        #expect(Self.applied(bytes(wire), isFromServer: false) == code)
        #expect(Self.applied(bytes(wire), isFromServer: true) == code)
    }

    @Test func `a server may not allow push, and a frame has not a thousand values`() {
        #expect(Self.applied(bytes("0002 00000001"), isFromServer: false) == nil)
        #expect(Self.applied(bytes("0002 00000001"), isFromServer: true) == .protocolError)
        let many = Array(repeatElement(bytes("0003 00000001"), count: 1_000).joined())
        #expect(Self.applied(many, isFromServer: false) == .enhanceYourCalm)
        #expect(Self.applied(Array(many[..<(64 * 6)]), isFromServer: false) == nil)
    }

    private static func applied(_ payload: [UInt8], isFromServer: Bool) -> HTTP2ErrorCode? {
        var settings = HTTP2Settings()
        do throws(HTTP2Error) {
            try settings.apply(payload.span, isFromServer: isFromServer)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `the values of settings are applied in their order`() throws {
        var settings = HTTP2Settings()
        let payload = bytes(
            """
            0001 00000064 0002 00000000 0003 0000000a 0004 00000001 0004 00000005 0005 00008000 0006 00000200
            0008 00000001
            """)
        try settings.apply(payload.span, isFromServer: false)
        var expected = HTTP2Settings()
        (expected.headerTableSize, expected.allowsPush, expected.maximumStreams) = (100, false, 10)
        (expected.initialWindow, expected.maximumFrameLength, expected.maximumListSize) = (5, 32_768, 512)
        expected.allowsExtendedConnect = true
        #expect(settings == expected)
    }
}
