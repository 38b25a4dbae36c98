import Bytes
import Gateway
import HTTP
import Reactor
import Server
import TestSupport
import Testing

/// Clients that make us work for nothing. The names of the rows are those of the attacks.
struct HTTP2FloodTests {
    /// One more of something; the number counts from 0.
    struct Flood: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let count: Int
        let frames: @Sendable (Int) -> [UInt8]
        var code = HTTP2ErrorCode.enhanceYourCalm

        init(
            _ name: String, _ count: Int, code: HTTP2ErrorCode = .enhanceYourCalm,
            _ frames: @escaping @Sendable (Int) -> [UInt8]
        ) {
            (testDescription, self.count, self.frames, self.code) = (name, count, frames, code)
        }
    }

    private static func stream(_ number: Int) -> UInt32 { UInt32(number * 2 + 1) }

    static let floods: [Flood] = [
        Flood("rapid reset (CVE-2023-44487)", 2_000) { Wire.headers(stream($0)) + Wire.reset(stream($0)) },
        Flood("I02: made you reset by WINDOW_UPDATE 0 (CVE-2025-8671)", 2_000) {
            Wire.headers(stream($0), Wire.post, ends: false) + Wire.windowUpdate(stream($0), 0)
        },
        Flood("I02: made you reset by a window too large", 2_000) {
            Wire.headers(stream($0), Wire.post, ends: false) + Wire.windowUpdate(stream($0), 0x7fff_ffff)
                + Wire.windowUpdate(stream($0), 0x7fff_ffff)
        },
        Flood("I02: made you reset by PRIORITY of a bad length", 2_000) {
            Wire.headers(stream($0), Wire.post, ends: false) + Wire.frame(2, stream: stream($0), [0])
        },
        Flood("I02: made you reset by DATA after the end", 2_000) {
            Wire.headers(stream($0)) + Wire.data(stream($0))
        },
        Flood("made you reset by malformed requests", 2_000) { Wire.headers(stream($0), [("x", "y")]) },
        Flood("requests over the limit", 2_000) { Wire.headers(stream($0), Wire.post, ends: false) },
        Flood("I03: CONTINUATION without end (CVE-2024-27316)", 10_000) {
            $0 == 0 ? Wire.headers(1, whole: false) : Wire.continuation(1, [("x", "y")], whole: false)
        },
        Flood("I04: empty CONTINUATION", 10_000) {
            $0 == 0 ? Wire.headers(1, whole: false) : Wire.frame(9, stream: 1)
        },
        Flood("I03: large CONTINUATION", 20) { number in
            let fields = [("x", String(repeating: "v", count: 16_000))]
            return number == 0 ? Wire.headers(1, whole: false) : Wire.continuation(1, fields, whole: false)
        },
        Flood("I04: empty DATA (CVE-2019-9518)", 10_000) {
            $0 == 0 ? Wire.headers(1, Wire.post, ends: false) : Wire.data(1, "", ends: false)
        },
        Flood("nothing but padding", 10_000) {
            $0 == 0 ? Wire.headers(1, Wire.post, ends: false) : Wire.frame(0, flags: 8, stream: 1, [0])
        },
        Flood("I05: PING (CVE-2019-9512)", 10_000) { _ in Wire.ping },
        Flood("answers to PING", 10_000) { _ in Wire.frame(6, flags: 1, stream: 0, Array("pingpong".utf8)) },
        Flood("I05: SETTINGS (CVE-2019-9515)", 10_000) { _ in Wire.settings((4, 65_535)) },
        Flood("empty SETTINGS", 10_000) { _ in Wire.settings() },
        Flood("acknowledgements", 10_000) { _ in Wire.settingsAck },
        Flood("I05: SETTINGS with a thousand values", 1) { _ in
            Wire.frame(4, stream: 0, (0..<1_000).flatMap { _ in [0, 3, 0, 0, 0, 100] as [UInt8] })
        },
        Flood("WINDOW_UPDATE of the connection", 10_000) { _ in Wire.windowUpdate(0, 1) },
        Flood("WINDOW_UPDATE of a stream", 10_000) {
            $0 == 0 ? Wire.headers(1, Wire.post, ends: false) : Wire.windowUpdate(1, 1)
        },
        Flood("frames of unknown types", 10_000) { _ in Wire.frame(0x77, stream: 0, [1, 2, 3]) },
        Flood("RST_STREAM on a closed stream", 10_000) { $0 == 0 ? Wire.headers(1) : Wire.reset(1) },
        Flood("I09: fields far over the limit", 1) { _ in
            // A field of 4,000 bytes enters the table, and is named 5,000 times.
            var block = Wire.block(Wire.get) + [0x40]
            for text in ["x", String(repeating: "v", count: 4_000)] {
                var buffer = ByteBuffer()
                HPACKInteger.encode(text.utf8.count, prefix: 7, pattern: 0, to: &buffer)
                block += buffer.bytes + Array(text.utf8)
            }
            return Wire.frame(1, flags: 5, stream: 1, block + [UInt8](repeating: 0xbe, count: 5_000))
        },
    ]

    @Test("who makes us work for nothing is told to be calm", arguments: floods)
    func calm(flood: Flood) {
        // The time stands still, so nothing is forgiven.
        let client = HTTP2Client(Rig(makeHandler: { _ in EchoHandler() }))
        var largest = 0
        for start in stride(from: 0, to: flood.count, by: 50) {
            client.send((start..<min(start + 50, flood.count)).flatMap(flood.frames))
            largest = max(largest, client.answers.count)
            if client.goAway != nil { break }
        }
        #expect(client.goAway == flood.code)
        #expect(client.rig.peer.sawFinish)
        client.rig.peer.finish()
        client.rig.loop.drain()
        #expect(client.rig.peer.isClosed)
        #expect(client.rig.loop.timers.count <= 40)
    }

    @Test(
        "an error that is answered does not pay for the request that made it",
        arguments: [
            [(":method", "CONNECT"), (":authority", "a:1")],
            Wire.fields("CONNECT", "/", (":protocol", "connect-udp")), Wire.fields("POST", "/", ("expect", "all")),
        ])
    func unpaid(fields: Wire.Fields) {
        let client = HTTP2Client(Rig(makeHandler: { _ in EchoHandler() }))
        client.send(Wire.windowUpdate(0, 1 << 24))
        // One after the other, so that each is answered before the next is counted.
        for number in 0..<1_000 where client.goAway == nil { client.send(Wire.headers(Self.stream(number), fields)) }
        #expect(client.goAway == .enhanceYourCalm)
    }

    // I07.
    @Test func `priorities are ignored, however many`() {
        let client = HTTP2Client(Rig(makeHandler: { _ in EchoHandler() }))
        for stream: UInt32 in 1...10_000 { client.rig.peer.send(Wire.priority(stream, on: stream + 1)) }
        client.rig.loop.drain()
        client.send(Wire.headers(30_001))
        #expect(client.status(of: 30_001) == "200")
    }

    @Test func `who is answered may change its mind as often as it likes`() {
        let client = HTTP2Client(Rig(makeHandler: { _ in EchoHandler() }))
        for number in 0..<3_000 {
            let stream = UInt32(number * 4 + 1)
            client.send(Wire.headers(stream) + Wire.headers(stream + 2, Wire.post, ends: false))
            client.send(Wire.reset(stream + 2))
        }
        #expect(client.goAway == nil)
    }

    @Test func `a few resets a second are nothing`() {
        let client = HTTP2Client(Rig(makeHandler: { _ in EchoHandler() }))
        for number in 0..<2_000 {
            client.send(Wire.headers(Self.stream(number), Wire.post, ends: false) + Wire.reset(Self.stream(number)))
            if number % 20 == 0 { client.rig.loop.advance(by: .seconds(1)) }
        }
        #expect(client.goAway == nil)
    }
}
