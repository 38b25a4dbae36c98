import Bytes
import HTTP
import Testing

/// What an endpoint must do with each kind of frame, in the families and with the numbers of the Autobahn test suite.
struct WebSocketConnectionTests {
    typealias Case = (name: String, input: [UInt8], events: [String])

    private static let hello = clientFrame(0x81, "Hello")
    private static func wrong(_ reason: String) -> String { "close 1002 \(reason)" }

    static let pings: [Case] = [
        ("2.1 an empty ping", clientFrame(0x89), ["pong "]),
        ("2.2 a ping with text", clientFrame(0x89, "Hi"), ["pong Hi"]),
        ("2.3 a ping with bytes", clientFrame(0x89, [0, 0xff, 0xfe]), ["pong \0\u{fffd}\u{fffd}"]),
        ("2.4 the longest ping", clientFrame(0x89, .init(repeating: 0x61, count: 125)), ["pong " + "a".times(125)]),
        (
            "2.5 a longer ping", clientFrame(0x89, .init(repeating: 0, count: 126)),
            [wrong("a control frame is longer than 125 bytes")]
        ),
        ("2.7 a pong nobody asked for", clientFrame(0x8a) + clientFrame(0x8a, "x") + hello, ["text Hello"]),
        ("2.10 ten pings", (0..<10).flatMap { clientFrame(0x89, "\($0)") }, (0..<10).map { "pong \($0)" }),
    ]

    static let reserved: [Case] = (1...7).map { bits in
        (
            "3.\(bits) reserved bits", hello + clientFrame(0x81 | UInt8(bits << 4), "x") + hello,
            ["text Hello", wrong("a reserved bit of a frame is set")]
        )
    }

    static let opcodes: [Case] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map { opcode in
        (
            "4 opcode \(opcode)", hello + clientFrame(0x80 | opcode),
            ["text Hello", wrong("a frame has an unknown opcode")]
        )
    }

    static let fragments: [Case] = [
        (
            "5.1 a ping in fragments", clientFrame(0x09, "a") + clientFrame(0x80, "b"),
            [wrong("a control frame is fragmented")]
        ),
        ("5.2 a pong in fragments", clientFrame(0x0a, "a"), [wrong("a control frame is fragmented")]),
        ("5.3 a text in two", clientFrame(0x01, "a") + clientFrame(0x80, "b"), ["text ab"]),
        (
            "5.6 a ping between", clientFrame(0x01, "a") + clientFrame(0x89, "p") + clientFrame(0x80, "b"),
            ["pong p", "text ab"]
        ),
        ("5.9 nothing to continue", clientFrame(0x80, "x"), [wrong("a continuation continues nothing")]),
        ("5.11 the same, not final", clientFrame(0x00, "x") + hello, [wrong("a continuation continues nothing")]),
        (
            "5.15 a continuation too many",
            clientFrame(0x01, "a") + clientFrame(0x80, "b") + clientFrame(0x00, "c"),
            ["text ab", wrong("a continuation continues nothing")]
        ),
        (
            "5.18 a text inside another", clientFrame(0x01, "a") + clientFrame(0x81, "b"),
            [wrong("a message begins inside another")]
        ),
        (
            "5.19 many fragments and pings",
            clientFrame(0x01, "1") + clientFrame(0x00, "2") + clientFrame(0x89, "x") + clientFrame(0x00, "3")
                + clientFrame(0x00, "4") + clientFrame(0x89, "y") + clientFrame(0x80, "5"),
            ["pong x", "pong y", "text 12345"]
        ),
        ("6.1.3 empty fragments", clientFrame(0x01) + clientFrame(0x00, "m") + clientFrame(0x80), ["text m"]),
    ]

    static let closes: [Case] = [
        ("7.1.1 a close", hello + clientFrame(0x88, [3, 232]), ["text Hello", "close 1000 "]),
        ("7.1.2 two closes", clientFrame(0x88, [3, 232]) + clientFrame(0x88, [3, 232]), ["close 1000 "]),
        ("7.1.3 a ping after the close", clientFrame(0x88, [3, 232]) + clientFrame(0x89), ["close 1000 "]),
        ("7.1.4 a text after the close", clientFrame(0x88) + hello, ["close none "]),
        ("7.1.5 a close inside a message", clientFrame(0x01, "a") + clientFrame(0x88, [3, 232]), ["close 1000 "]),
        ("7.3.2 a close of one byte", clientFrame(0x88, [3]), [wrong("the close frame has no valid code")]),
        ("7.3.4 a reason", clientFrame(0x88, [3, 232] + Array("bye".utf8)), ["close 1000 "]),
        (
            "7.3.6 too long a reason", clientFrame(0x88, .init(repeating: 3, count: 126)),
            [wrong("a control frame is longer than 125 bytes")]
        ),
        (
            "7.5.1 a reason that is no text", clientFrame(0x88, [3, 232, 0xce, 0xba, 0xe1, 0xbd]),
            ["close 1007 the text is not UTF-8"]
        ),
    ]

    static let closeCodes: [Case] =
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map { code in
            ("7.7 code \(code)", clientFrame(0x88, [UInt8(code >> 8), UInt8(code & 0xff)]), ["close \(code) "])
        }
        + [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map { code in
            (
                "7.9 code \(code)", clientFrame(0x88, [UInt8(code >> 8), UInt8(code & 0xff)]),
                [wrong("the close frame has no valid code")]
            )
        }

    static let masks: [Case] = [
        (
            "J05 no mask", hello + [0x81, 0x01, 0x61] + hello,
            ["text Hello", wrong("a frame is masked that must not be, or not masked")]
        )
    ]

    static let all = pings + reserved + opcodes + fragments + closes + closeCodes + masks

    @Test("an endpoint does with each frame as the standard says, however the bytes are cut", arguments: all.indices)
    func answers(place: Int) {
        let (name, input, events) = Self.all[place]
        for cut in 0...input.count {
            var server = EchoServer()
            server.receive(input[..<cut])
            server.receive(input[cut...])
            #expect(server.takeEvents() == events, "\(name), cut at \(cut)")
            #expect(server.socket.isOver == (events.last?.hasPrefix("close") ?? false), "\(name)")
        }
    }

    @Test("messages of all lengths come back", arguments: [0, 1, 125, 126, 127, 128, 65_535, 65_536, 65_537])
    func sizes(size: Int) {
        let payload = (0..<size).map { UInt8(0x20 + $0 % 64) }
        var server = EchoServer()
        server.receive(clientFrame(0x81, payload))
        server.receive(clientFrame(0x82, payload))
        let text = String(decoding: payload, as: UTF8.self)
        #expect(server.takeEvents() == ["text \(text)", "binary \(text)"])
    }

    // MARK: Text

    static let texts: [(bytes: [UInt8], isText: Bool)] = [
        ([0xce, 0xba, 0xe1, 0xbd, 0xb9, 0xcf, 0x83], true), ([0xf4, 0x8f, 0xbf, 0xbf], true),
        ([0xef, 0xbf, 0xbf], true), ([0], true), ([0xf0, 0x90, 0x80, 0x80], true), ([0xed, 0x9f, 0xbf], true),
        ([0xee, 0x80, 0x80], true), ([0xf4, 0x90, 0x80, 0x80], false), ([0xf8, 0x88, 0x80, 0x80, 0x80], false),
        ([0x80], false), ([0xc3, 0x28], false), ([0xc0, 0xaf], false), ([0xe0, 0x80, 0xaf], false),
        ([0xed, 0xa0, 0x80], false), ([0xfe], false), ([0xff], false), ([0xce, 0xba, 0xe1, 0xbd], false),
        ([0xe1], false),
    ]

    @Test("text that is not UTF-8 closes with 1007, also split across fragments (6, J07)", arguments: texts.indices)
    func text(place: Int) {
        let (bytes, isText) = Self.texts[place]
        for cut in 0...bytes.count {
            var server = EchoServer()
            server.receive(clientFrame(0x01, Array(bytes[..<cut])) + clientFrame(0x80, Array(bytes[cut...])))
            let echo = "text " + String(decoding: bytes, as: UTF8.self)
            #expect(server.takeEvents() == [isText ? echo : "close 1007 the text is not UTF-8"])
        }
    }

    @Test func `text that cannot become right any more is refused before its end`() {
        var server = EchoServer()
        server.receive(clientFrame(0x01, [0xce, 0xba, 0xf4, 0x90]))
        #expect(server.takeEvents() == ["close 1007 the text is not UTF-8"])
    }

    // MARK: Limits

    @Test func `a message above the limit is refused by its header alone, or by the fragment that is too many (J08)`() {
        var one = EchoServer()
        one.receive([0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4])
        #expect(one.takeEvents() == ["close 1009 the message is too big"])

        var limits = WebSocketLimits()
        limits.message = 1_000
        var many = EchoServer(limits: limits)
        many.receive(clientFrame(0x01, "a"))
        for _ in 0..<999 { many.receive(clientFrame(0x00, "a")) }
        #expect(many.takeEvents() == [])
        #expect(many.socket.message.count == 1_000)
        many.receive(clientFrame(0x00, "a"))
        #expect(many.takeEvents() == ["close 1009 the message is too big"])
    }

    @Test func `who sends nothing but pings is closed with 1008, unless there is time between them (J10)`() {
        var flood = EchoServer()
        for _ in 0..<1_000 { flood.receive(clientFrame(0x89)) }
        #expect(flood.takeEvents().count == 1_000)
        flood.receive(clientFrame(0x89))
        #expect(flood.takeEvents() == ["close 1008 too many control frames"])

        var patient = EchoServer()
        for _ in 0..<10_000 {
            patient.receive(clientFrame(0x89))
            patient.wait(.milliseconds(11))
        }
        #expect(patient.socket.isOpen)
    }

    @Test func `the memory of a long message is given back when it was taken`() {
        var server = EchoServer()
        server.receive(clientFrame(0x82, .init(repeating: 1, count: 100_000)))
        server.socket.message.removeAll()
        server.receive([])
        #expect(server.socket.message.capacity == 0)
    }

    // MARK: Time

    @Test func `a silent peer is pinged after 30 s, and given up after 30 more (J12)`() {
        var server = EchoServer()
        server.wait(.seconds(29))
        #expect(server.takeEvents() == [])
        server.wait(.seconds(1))
        #expect(server.takeEvents() == ["ping "])
        server.wait(.seconds(29))
        #expect(server.socket.isOpen)
        server.wait(.seconds(1))
        #expect(server.takeEvents() == ["close 1001 a ping was not answered"])
        #expect(server.socket.isOver)
    }

    @Test func `whatever comes from the peer counts as an answer to a ping`() {
        for sign in [clientFrame(0x8a), clientFrame(0x81, "x"), [0x81]] {
            var server = EchoServer()
            server.wait(.seconds(30))
            server.wait(.seconds(20))
            server.receive(sign)
            server.wait(.seconds(29))
            #expect(server.socket.isOpen)
            _ = server.takeEvents()
            server.wait(.seconds(1))
            #expect(server.takeEvents() == ["ping "])
        }
    }

    @Test func `our close waits for the peer's, and reads over what comes before it`() {
        var server = EchoServer()
        server.socket.close(WebSocketClose(.normal, reason: "done"), now: server.now)
        server.receive(clientFrame(0x81, "late") + clientFrame(0x89))
        #expect(server.takeEvents() == ["close 1000 done"])
        #expect(!server.socket.isOver)
        server.receive(clientFrame(0x88, [3, 232]))
        #expect(server.socket.isOver)
        #expect(server.takeEvents() == [])
    }

    @Test func `a close that is not answered within 5 s is the end all the same`() {
        var server = EchoServer()
        server.socket.close(WebSocketClose(.normal), now: server.now)
        server.socket.send(ByteBuffer("too late"))
        server.wait(.milliseconds(4_999))
        #expect(!server.socket.isOver)
        server.wait(.milliseconds(1))
        #expect(server.socket.isOver)
        #expect(server.takeEvents() == ["close 1000 "])
    }

    @Test func `as a client it masks, and each frame with another key`() {
        var client = WebSocketConnection(.client, now: .now)
        for _ in 0..<3 { client.send(ByteBuffer("Hello, server")) }
        let sent = client.output.bytes
        let read = readWebSocket(sent, as: .server, upTo: [sent.count])
        #expect(read.events == ["text Hello, server", "text Hello, server", "text Hello, server"])
        let keys = [2, 21, 40].map { (place: Int) -> [UInt8] in Array(sent[place..<(place + 4)]) }
        #expect(keys[0] != keys[1] || keys[1] != keys[2])
    }
}

extension String {
    fileprivate func times(_ count: Int) -> String { String(repeating: self, count: count) }
}

/// Frames that others speak.
struct WebSocketFrameTrackerTests {
    /// Frames of all forms, and where each ends.
    private static var stream: (bytes: [UInt8], ends: [Int]) {
        let frames: [[UInt8]] = [
            clientFrame(0x81, "a"), clientFrame(0x02), [0x80, 0], clientFrame(0xc1, "deflated"), [0x89, 2, 1, 2],
            clientFrame(0x82, .init(repeating: 8, count: 126)),
            [0x82, 126, 0, 130] + .init(repeating: 0x88, count: 130),
            clientFrame(0x82, .init(repeating: 0x88, count: 66_000)), clientFrame(0x88, [3, 232]),
        ]
        var (bytes, ends): ([UInt8], [Int]) = ([], [])
        for frame in frames {
            bytes += frame
            ends.append(bytes.count)
        }
        return (bytes, ends)
    }

    @Test func `it knows where frames end, byte for byte`() {
        let (bytes, ends) = Self.stream
        var tracker = WebSocketFrameTracker()
        for (index, byte) in bytes.enumerated() {
            tracker.follow(ByteBuffer([byte]))
            #expect(tracker.isBetweenFrames == ends.contains(index + 1))
            #expect(tracker.hasClosed == (index + 1 == bytes.count))
        }
    }

    @Test func `reading as much as it says ends at the end of the frame, and never beyond`() {
        let (bytes, ends) = Self.stream
        for start in stride(from: 1, to: bytes.count, by: 97) {
            var tracker = WebSocketFrameTracker()
            tracker.follow(ByteBuffer(Array(bytes[..<start])))
            var place = start
            while tracker.bytesToBoundary > 0 {
                let next = min(place + tracker.bytesToBoundary, bytes.count)
                tracker.follow(ByteBuffer(Array(bytes[place..<next])))
                place = next
            }
            #expect(place == ends.first { $0 >= start })
        }
    }

    @Test func `bytes that were looked at before are passed over`() {
        var buffer = ByteBuffer([0x81, 3, 1])
        var tracker = WebSocketFrameTracker()
        tracker.follow(buffer)
        #expect(tracker.bytesToBoundary == 2)
        buffer.append([2, 3])
        tracker.follow(buffer, from: 3)
        #expect(tracker.isBetweenFrames)
    }
}
