import Bytes
import HTTP
import JSON
import TestSupport
import Testing

/// What came of reading a gRPC body: `message`, `compressed` or `trailers` with the content, and how it ended.
private struct ReadGRPC: Equatable {
    var events: [String] = []
    var problem: GRPCMessageProblem?
    var count = 0
}

/// Reads a body whose bytes arrive in the pieces that end at these places.
private func read(_ input: [UInt8], _ options: GRPCMessageReader.Options, upTo ends: [Int]) -> ReadGRPC {
    var reader = GRPCMessageReader(messageLimit: 1_000, trailerLimit: 100, options: options)
    var result = ReadGRPC()
    var (buffer, message, fed) = (ByteBuffer(), ByteBuffer(), 0)
    do throws(GRPCMessageProblem) {
        for end in ends {
            buffer.append(input.span.extracting(fed..<end))
            fed = end
            while true {
                let step = try reader.next(buffer.span)
                if step.isIdle { break }
                buffer.consume(step.skip)
                message.append(step.take, consuming: &buffer)
                guard step.isEnd else { continue }
                let kind = step.isTrailers ? "trailers" : step.isCompressed ? "compressed" : "message"
                result.events.append("\(kind) \(message.text)")
                if message.count != step.length { result.events.append("but \(step.length) bytes were announced") }
                message.removeAll()
            }
        }
        try reader.endOfInput(unread: buffer.count)
    } catch {
        result.problem = error
    }
    result.count = reader.messageCount
    return result
}

/// K13 of the hardening cases, and the recorded messages.
struct GRPCMessageTests {
    @Test(
        "recorded messages are read, and written again",
        arguments: [
            "grpc-frame-proto", "grpc-frame-proto-response", "grpc-frame-json", "grpc-frame-json-response",
            "grpc-frame-empty",
        ])
    func recorded(id: String) {
        let input = GRPCGolden.message(id)
        let content = Array(input.dropFirst(5))
        let expected = ReadGRPC(events: ["message \(String(content.span))"], count: 1)
        for cut in 0...input.count {
            #expect(read(input, [], upTo: [cut, input.count]) == expected, "cut at \(cut)")
        }
        #expect(read(input, [], upTo: Array(0...input.count)) == expected)
        var buffer = ByteBuffer()
        GRPCMessageWriter.write(content.span, to: &buffer)
        #expect(buffer.bytes == input)
    }

    static let bodies: [(hex: String, options: GRPCMessageReader.Options, expected: [String])] = [
        ("", [], []),
        ("00 00000001 61 00 00000000 00 00000002 6263", [], ["message a", "message ", "message bc"]),
        ("01 00000001 61", .compression, ["compressed a"]),
        ("01 00000000 00 00000001 62", .compression, ["compressed ", "message b"]),
        ("00 00000001 61 80 00000004 613a620a", .webTrailers, ["message a", "trailers a:b\n"]),
        ("80 00000000", .webTrailers, ["trailers "]),
    ]

    @Test("bodies are read, however they are cut", arguments: bodies.indices)
    func reads(place: Int) {
        let (hex, options, events) = Self.bodies[place]
        let input = bytes(hex: hex)
        let count = events.count { !$0.hasPrefix("trailers") }
        for cut in 0...input.count {
            let result = read(input, options, upTo: [cut, input.count])
            #expect(result == ReadGRPC(events: events, count: count), "cut at \(cut)")
        }
    }

    static let bad: [(hex: String, options: GRPCMessageReader.Options, problem: GRPCMessageProblem)] = [
        ("01 00000001 61", [], .compressed), ("01", .webTrailers, .compressed),
        ("02", .compression, .unknownFlag), ("ff 00000000", .compression, .unknownFlag),
        ("80 00000000", [], .unknownFlag),
        ("81 00000000", [.webTrailers, .compression], .unknownFlag),
        ("00 000003e9", [], .messageTooBig), ("00 ffffffff", [], .messageTooBig), ("00 80000000", [], .messageTooBig),
        ("80 00000065", .webTrailers, .messageTooBig),
        ("00", [], .truncated), ("00 000000", [], .truncated), ("00 00000001", [], .truncated),
        ("00 00000003 6162", [], .truncated), ("00 00000001 61 00", [], .truncated),
        ("80 00000000 00", .webTrailers, .afterTrailers),
    ]

    @Test("a body that breaks a rule is refused, however it is cut", arguments: bad.indices)
    func refuses(place: Int) {
        let (hex, options, problem) = Self.bad[place]
        let input = bytes(hex: hex)
        for cut in 0...input.count {
            #expect(read(input, options, upTo: [cut, input.count]).problem == problem, "cut at \(cut)")
        }
        #expect(problem.status == (problem == .messageTooBig ? .resourceExhausted : .internal))
    }

    @Test func `bodies with random faults are read alike, whole and in pieces`() {
        var random = SeededNumbers(seed: 13)
        for round in 0..<3_000 {
            let (hex, options, _) = Self.bodies[1 + round % (Self.bodies.count - 1)]
            var input = bytes(hex: hex) + bytes(hex: hex)
            input[Int.random(in: 0..<input.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            input[Int.random(in: 0..<input.count, using: &random)] = UInt8.random(in: 0...3, using: &random)
            let whole = read(input, options, upTo: [input.count])
            let cut = Int.random(in: 0...input.count, using: &random)
            #expect(read(input, options, upTo: [cut, input.count]) == whole, "\(input) cut at \(cut)")
            #expect(read(input, options, upTo: Array(0...input.count)) == whole, "\(input)")
        }
    }
}

/// The frame of trailers, and the text form of a body.
struct GRPCWebTests {
    @Test func `trailers are written in lower case, and read again`() throws {
        var fields = HeaderFields()
        fields.append(name: "Grpc-Status", value: "5")
        fields.append(name: "grpc-message", value: "no such name: John")
        var buffer = ByteBuffer()
        GRPCWebTrailers.write(fields, to: &buffer)
        let text = "grpc-status:5\r\ngrpc-message:no such name: John\r\n"
        #expect(buffer.bytes == [0x80, 0, 0, 0, UInt8(text.utf8.count)] + Array(text.utf8))
        #expect(try GRPCWebTrailers.read(text.utf8.span) == fields)
        #expect(read(buffer.bytes, .webTrailers, upTo: [buffer.count]).events == ["trailers \(text)"])
    }

    @Test(
        "trailers are read as field lines",
        arguments: [
            ("", ""), ("a: b", "a: b"), ("a:b\r\n", "a: b"), ("a: b \r\nc:\r\n", "a: b\nc: "),
            ("grpc-message:a%0Ab:c\r\n", "grpc-message: a%0Ab:c"),
            (":b\r\n", nil), ("a\r\n", nil), ("a b:c\r\n", nil), ("a:b\n", nil), ("a:b\r", nil), ("a:b\rc:d\r\n", nil),
            ("a:b\r\n\r\n", nil), ("a:\u{0}\r\n", nil), ("a :b\r\n", nil), (" a:b\r\n", nil),
        ] as [(String, String?)])
    func trailers(text: String, fields: String?) {
        var result: String?
        do throws(GRPCMessageProblem) {
            result = try GRPCWebTrailers.read(text.utf8.span).description
        } catch {
            #expect(error == .malformedTrailers)
        }
        #expect(result == fields)
    }

    /// The bytes that a text stands for, and nil when it is refused.
    private func decode(_ text: [UInt8], upTo ends: [Int]) -> [UInt8]? {
        var reader = GRPCWebTextReader()
        var buffer = ByteBuffer()
        var start = 0
        do throws(GRPCMessageProblem) {
            for end in ends {
                try reader.read(text.span.extracting(start..<end), to: &buffer)
                start = end
            }
            try reader.endOfInput()
        } catch {
            return nil
        }
        return buffer.bytes
    }

    @Test(
        "the text form is read however it is cut, and may be padded in the middle",
        arguments: [
            ("", ""), ("AAAAAAFh", "000000000161"), ("AAAAAAA=gAAAAAA=", "00000000008000000000"),
            ("YQ==YmM=ZGVm", "616263646566"),
            ("YQ", nil), ("YQ=", nil), ("YQ=a", nil), ("=", nil), ("Y===", nil), ("YQ==\n", nil), ("YWI-", nil),
            ("YWJj====", nil),
        ] as [(String, String?)])
    func text(text: String, hex: String?) {
        let input = Array(text.utf8)
        let expected = hex.map { bytes(hex: $0) }
        for cut in 0...input.count { #expect(decode(input, upTo: [cut, input.count]) == expected, "cut at \(cut)") }
        #expect(decode(input, upTo: Array(0...input.count)) == expected)
    }

    @Test func `what is written as text is read again, message by message`() {
        var (binary, text) = (ByteBuffer(), ByteBuffer())
        for length in 0..<20 {
            let message = [UInt8](repeating: UInt8(length), count: length)
            var frame = ByteBuffer()
            GRPCMessageWriter.write(message.span, to: &frame)
            binary.append(frame)
            GRPCWebTextWriter.write(frame.span, to: &text)
        }
        #expect(decode(text.bytes, upTo: [text.count]) == binary.bytes)
    }
}
