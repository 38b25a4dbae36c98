import Bytes
import HTTP
import TestSupport
import Testing

/// RFC 6455, 5 and 7, with the examples of 5.7; section J of the hardening cases.
struct WebSocketFrameTests {
    static let good: [(hex: String, role: WebSocketRole, events: [String])] = [
        ("81 05 48656c6c6f", .client, ["text Hello"]),
        ("81 85 37fa213d 7f9f4d5158", .server, ["text Hello"]),
        ("01 03 48656c 80 02 6c6f", .client, ["text Hello"]),
        ("89 05 48656c6c6f", .client, ["ping Hello"]),
        ("8a 85 37fa213d 7f9f4d5158", .server, ["pong Hello"]),
        // Control frames come between fragments, and fragments may be empty.
        ("01 03 48656c 89 01 70 00 00 8a 00 80 02 6c6f", .client, ["ping p", "pong ", "text Hello"]),
        ("01 00 80 00 82 00", .client, ["text ", "binary "]),
        ("82 80 00000000 81 80 ffffffff", .server, ["binary ", "text "]),
        // What follows a close frame means nothing.
        ("88 00 81 05 48", .client, ["close none "]),
        ("88 05 03e8 627965 ff", .client, ["close 1000 bye"]),
        ("88 82 37fa213d 3412", .server, ["close 1000 "]),
        ("88 02 0bb8", .client, ["close 3000 "]),
        ("81 02 c3a4 01 01 c3 80 01 a4", .client, ["text ä", "text ä"]),
        ("01 02 f09f 89 00 00 01 98 80 01 80", .client, ["ping ", "text 😀"]),
    ]

    @Test("frames are read, however they are cut", arguments: good.indices)
    func reads(place: Int) {
        let (hex, role, events) = Self.good[place]
        let input = bytes(hex: hex)
        let result = readWebSocket(input, as: role, upTo: [input.count])
        #expect(result.events == events)
        #expect(result.problem == nil)
        #expect(result.isClosed || result.rest == 0)
        for cut in 0...input.count {
            #expect(readWebSocket(input, as: role, upTo: [cut, input.count]) == result, "cut at \(cut)")
        }
        #expect(readWebSocket(input, as: role, upTo: Array(0...input.count)) == result)
    }

    static let bad: [(hex: String, role: WebSocketRole, problem: WebSocketProblem)] = [
        ("81 05 48656c6c6f", .server, .wrongMasking), ("89 00", .server, .wrongMasking),
        ("81 85 37fa213d 7f9f4d5158", .client, .wrongMasking),
        ("c1 00", .client, .reservedBits), ("a1 00", .client, .reservedBits), ("91 00", .client, .reservedBits),
        ("d9 00", .client, .reservedBits),
        ("83 00", .client, .unknownOpcode), ("87 00", .client, .unknownOpcode), ("8b 00", .client, .unknownOpcode),
        ("8f 00", .client, .unknownOpcode),
        ("09 00", .client, .fragmentedControl), ("08 00", .client, .fragmentedControl),
        ("89 7e 007e", .client, .longControl), ("88 ff", .server, .longControl),
        ("82 7e 007d", .client, .malformedLength), ("82 7e 0000", .client, .malformedLength),
        ("82 7f 000000000000ffff", .client, .malformedLength), ("82 7f 8000000000000000", .client, .malformedLength),
        ("82 7f ffffffffffffffff", .client, .malformedLength),
        ("80 00", .client, .strayContinuation), ("00 00", .client, .strayContinuation),
        ("81 00 80 00", .client, .strayContinuation),
        ("01 00 81 00", .client, .interruptedMessage), ("02 01 00 01 00", .client, .interruptedMessage),
        ("82 7f 7fffffffffffffff", .client, .messageTooBig), ("82 7f 0000000040000000", .client, .messageTooBig),
        ("81 01 ff", .client, .invalidText), ("81 01 c3", .client, .invalidText),
        ("01 01 c3 80 01 28", .client, .invalidText), ("01 01 c3 80 00", .client, .invalidText),
        ("81 03 eda080", .client, .invalidText), ("81 04 f4908080", .client, .invalidText),
        ("88 01 03", .client, .malformedClose), ("88 02 03ec", .client, .malformedClose),
        ("88 02 03ed", .client, .malformedClose), ("88 02 0000", .client, .malformedClose),
        ("88 03 03e8 ff", .client, .invalidText), ("88 04 03ec c328", .client, .malformedClose),
    ]

    @Test("a frame that breaks a rule is refused, however it is cut", arguments: bad.indices)
    func refuses(place: Int) {
        let (hex, role, problem) = Self.bad[place]
        let input = bytes(hex: hex)
        for cut in 0...input.count {
            let result = readWebSocket(input, as: role, upTo: [cut, input.count])
            #expect(result.problem == problem, "cut at \(cut)")
        }
        #expect(readWebSocket(input, as: role, upTo: Array(0...input.count)).problem == problem)
    }

    @Test(
        "each problem has the close code that the standard gives it",
        arguments: [
            (WebSocketProblem.messageTooBig, 1009), (.invalidText, 1007), (.wrongMasking, 1002),
            (.malformedClose, 1002),
        ] as [(WebSocketProblem, UInt16)])
    func closeCodes(problem: WebSocketProblem, code: UInt16) {
        #expect(problem.closeCode.number == code)
        #expect(problem.reason.utf8.count <= WebSocketClose.maximumReason)
    }

    @Test func `a frame is refused by its first byte, before its length has come`() {
        #expect(readWebSocket([0x83], as: .server, upTo: [1]).problem == .unknownOpcode)
        #expect(readWebSocket([0x80], as: .server, upTo: [1]).problem == .strayContinuation)
    }

    @Test func `a message above the limit is refused as one frame and as fragments of a byte`() {
        let atLimit = bytes(hex: "82 04 31323334 02 02 3132 80 02 3334")
        let events = ["binary 1234", "binary 1234"]
        #expect(readWebSocket(atLimit, as: .client, upTo: [atLimit.count], messageLimit: 4).events == events)
        let frame = bytes(hex: "82 05")
        #expect(readWebSocket(frame, as: .client, upTo: [2], messageLimit: 4).problem == .messageTooBig)
        let fragments = bytes(hex: "02 01 00") + (0..<3).flatMap { _ in bytes(hex: "00 01 00") }
        #expect(readWebSocket(fragments, as: .client, upTo: [12], messageLimit: 4).problem == nil)
        // Of the fifth fragment only the header has come.
        let fifth = fragments + bytes(hex: "00 01")
        #expect(readWebSocket(fifth, as: .client, upTo: [14], messageLimit: 4).problem == .messageTooBig)
    }

    @Test(
        "a length is written in the fewest bytes, and read again",
        arguments: [
            (0, "82 00"), (125, "82 7d"), (126, "82 7e 007e"), (256, "82 7e 0100"), (0xffff, "82 7e ffff"),
            (0x10000, "82 7f 0000000000010000"),
        ])
    func lengths(length: Int, header: String) {
        let payload = [UInt8](repeating: 0x78, count: length)
        var buffer = ByteBuffer()
        WebSocketFrameWriter.write(.binary, payload.span, to: &buffer)
        #expect(Array(buffer.bytes.prefix(buffer.count - length)) == bytes(hex: header))
        var masked = ByteBuffer()
        WebSocketFrameWriter.write(.binary, payload.span, maskingKey: 0x0102_0304, to: &masked)
        let event = "binary \(String(repeating: "x", count: length))"
        for cut in [0, 1, 2, 3, 5, 9, 11, 13, 14, 15, length].filter({ $0 <= buffer.count }) {
            #expect(readWebSocket(buffer.bytes, as: .client, upTo: [cut, buffer.count]).events == [event])
            #expect(readWebSocket(masked.bytes, as: .server, upTo: [cut, masked.count]).events == [event])
        }
    }

    @Test func `what the standard shows is what is written`() {
        var buffer = ByteBuffer()
        WebSocketFrameWriter.write(.text, "Hello".utf8.span, maskingKey: 0x37fa_213d, to: &buffer)
        #expect(buffer.bytes == bytes(hex: "81 85 37fa213d 7f9f4d5158"))
        buffer.removeAll()
        WebSocketFrameWriter.write(.text, "Hel".utf8.span, isFinal: false, to: &buffer)
        WebSocketFrameWriter.write(.continuation, "lo".utf8.span, to: &buffer)
        WebSocketFrameWriter.write(WebSocketClose(.goingAway, reason: "bye"), to: &buffer)
        WebSocketFrameWriter.write(WebSocketClose(nil, reason: "dropped"), to: &buffer)
        #expect(buffer.bytes == bytes(hex: "01 03 48656c 80 02 6c6f 88 05 03e9 627965 88 00"))
    }

    @Test func `frames with random faults are read alike, whole and in pieces`() {
        var random = SeededNumbers(seed: 6_455)
        for round in 0..<3_000 {
            let (hex, role, _) = Self.good[round % Self.good.count]
            var input = bytes(hex: hex) + bytes(hex: hex)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                input[Int.random(in: 0..<input.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let whole = readWebSocket(input, as: role, upTo: [input.count])
            let cut = Int.random(in: 0...input.count, using: &random)
            #expect(readWebSocket(input, as: role, upTo: [cut, input.count]) == whole, "\(input) cut at \(cut)")
            #expect(readWebSocket(input, as: role, upTo: Array(0...input.count)) == whole, "\(input)")
        }
    }
}
