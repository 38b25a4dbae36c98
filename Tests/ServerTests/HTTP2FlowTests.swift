import Bytes
import Gateway
import HTTP
import Reactor
import Server
import TestSupport
import Testing

/// Reads the body only as far as the test lets it.
private final class ThrottledHandler: Handler {
    let allowed: Counter
    let wakeups: Wakeups

    init(_ allowed: Counter, _ wakeups: Wakeups) { (self.allowed, self.wakeups) = (allowed, wakeups) }

    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        wakeups.list.append(exchange.wakeup)
        var body = ByteBuffer()
        var count = 0
        while true {
            while count >= allowed.value { await exchange.wakeup.wait() }
            let more = try await exchange.readBody(into: &body, atMost: allowed.value - count)
            if more == 0 { break }
            count += more
            body.removeAll()
        }
        try await exchange.respond(.ok, contentType: "text/plain", text: "\(count)")
    }
}

/// Unchecked because a test and its hand-turned loop share one thread.
private final class Wakeups: @unchecked Sendable {
    var list: [Wakeup] = []
}

/// Answers `/large` with a great deal and everything else with a word.
private final class MixedHandler: Handler {
    let flood: FloodHandler
    init(counting produced: Counter) { flood = FloodHandler(counting: produced) }

    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        if exchange.request.path == "/large" { return try await flood.handle(exchange) }
        try await exchange.respond(.ok, contentType: "text/plain", text: String(repeating: "s", count: 2_000))
    }
}

struct HTTP2FlowTests {
    @Test func `a client with a small window makes the source wait, not the memory grow`() {
        let produced = Counter()
        let client = HTTP2Client(Rig(makeHandler: { _ in FloodHandler(counting: produced) }))
        client.send(Wire.headers(1))
        #expect(client.content(of: 1).utf8.count == 65_535)
        #expect(produced.value < 80_000)
        client.send(Wire.windowUpdate(1, 1_000_000))
        #expect(client.content(of: 1).utf8.count == 65_535)
        client.send(Wire.windowUpdate(0, 50_000))
        #expect(client.content(of: 1).utf8.count == 115_535)
    }

    @Test func `a client that does not read makes the source wait, and nothing more is read from it`() {
        let produced = Counter()
        let client = HTTP2Client(Rig(makeHandler: { _ in FloodHandler(counting: produced) }))
        client.send(Wire.windowUpdate(0, 1 << 30) + Wire.settings((4, 1 << 30)))
        client.rig.peer.room = 1_000
        client.send(Wire.headers(1))
        #expect(produced.value < 200_000)
        // What it asks for meanwhile would only make more to send.
        for _ in 0..<1_500 { client.rig.peer.send(Wire.ping) }
        for round in 0..<80 {
            let numbers = (round * 50)..<(round * 50 + 50)
            client.rig.peer.send(numbers.flatMap { Wire.headers(UInt32($0 * 2 + 3), Wire.fields("HEAD")) })
            client.rig.loop.drain()
        }
        #expect(client.rig.peer.unread > 30_000)
        client.rig.loop.advance(by: .seconds(31))
        #expect(client.rig.peer.isClosed)
        #expect(client.rig.loop.timers.count < 5)
    }

    // I06.
    @Test func `a stream whose window stays closed is given up, and the others go on`() {
        let produced = Counter()
        let client = HTTP2Client(Rig(makeHandler: { _ in MixedHandler(counting: produced) }))
        client.send(Wire.settings((4, 10)) + Wire.headers(1, Wire.fields("GET", "/large")))
        for second in 0..<31 {
            client.rig.loop.advance(by: .seconds(1))
            client.send(second % 10 == 0 ? Wire.ping : [])
        }
        #expect(client.resetCode(of: 1) == .cancel)
        client.send(Wire.settings((4, 65_535)) + Wire.headers(3))
        #expect(client.hasEnded(3))
    }

    @Test func `windows open only as the handler reads`() {
        let (allowed, wakeups) = (Counter(), Wakeups())
        let client = HTTP2Client(Rig(makeHandler: { _ in ThrottledHandler(allowed, wakeups) }))
        client.send(Wire.headers(1, Wire.post, ends: false))
        for _ in 0..<4 { client.send(Wire.data(1, String(repeating: "x", count: 16_000), ends: false)) }
        #expect(!client.answers(on: 1).contains { $0.type == .windowUpdate })
        allowed.add(40_000)
        for wakeup in wakeups.list { wakeup.fire() }
        client.rig.loop.drain()
        client.read()
        let increments = client.answers(on: 1).filter { $0.type == .windowUpdate }.map(\.increment)
        #expect(increments.reduce(0, +) > 30_000 && increments.reduce(0, +) <= 40_000)
        // 1,535 + what was opened: more than that is an error of the stream.
        for _ in 0..<3 { client.send(Wire.data(1, String(repeating: "x", count: 16_000), ends: false)) }
        #expect(client.resetCode(of: 1) == .flowControlError)
        #expect(client.goAway == nil)
    }

    // I26.
    @Test func `streams that nobody reads do not stop the others`() {
        let (allowed, wakeups) = (Counter(), Wakeups())
        let client = HTTP2Client(Rig(makeHandler: { _ in ThrottledHandler(allowed, wakeups) }))
        for number in 0..<10 {
            let stream = UInt32(number * 2 + 1)
            client.send(Wire.headers(stream, Wire.post, ends: false))
            for _ in 0..<4 { client.send(Wire.data(stream, String(repeating: "x", count: 16_000), ends: false)) }
        }
        client.send(Wire.headers(101))
        allowed.add(1)
        for wakeup in wakeups.list { wakeup.fire() }
        client.rig.loop.drain()
        client.read()
        #expect(client.status(of: 101) == "200")
    }

    @Test func `content on streams that are reset opens the connection's window again`() {
        let client = HTTP2Client(Rig(makeHandler: { _ in ThrottledHandler(Counter(), Wakeups()) }))
        // More than the connection's window in all: unread, read late, and padding.
        for number in 0..<40 {
            let stream = UInt32(number * 2 + 1)
            client.send(Wire.headers(stream, Wire.post, ends: false))
            for _ in 0..<2 { client.send(Wire.data(stream, String(repeating: "x", count: 16_000), ends: false)) }
            client.send(Wire.reset(stream))
        }
        #expect(client.goAway == nil)
        #expect(client.answers(on: 0).filter { $0.type == .windowUpdate }.count > 1)
    }

    @Test func `content that no handler reads opens the connection's window again`() {
        let client = HTTP2Client(Rig(makeHandler: { _ in PathHandler() }))
        // More than the connection's window in all; half of it is whole before its answer, half is not.
        let piece = String(repeating: "x", count: 16_000)
        for number in 0..<200 {
            let stream = UInt32(number * 2 + 1)
            let ends = number % 2 == 0
            client.send(
                Wire.headers(stream, Wire.fields("POST", "/ignores"), ends: false)
                    + Wire.data(stream, piece, ends: ends))
            #expect(client.status(of: stream) == "200")
            if !ends { client.send(Wire.data(stream, "")) }
        }
        #expect(client.goAway == nil)
        #expect(client.answers(on: 0).filter { $0.type == .windowUpdate }.reduce(0) { $0 + $1.increment } > 3_000_000)
    }

    @Test func `who opens its window by the byte is told to be calm, and who needs little is not`() {
        let client = HTTP2Client(Rig(makeHandler: { _ in FloodHandler(counting: Counter()) }))
        client.send(Wire.settings((4, 1)) + Wire.headers(1))
        for _ in 0..<300 where client.goAway == nil {
            for _ in 0..<10 { client.send(Wire.windowUpdate(1, 1)) }
        }
        #expect(client.goAway == .enhanceYourCalm)
        #expect(client.content(of: 1).count > 1_000)
        let other = HTTP2Client(Rig(makeHandler: { _ in PathHandler() }))
        for number in 0..<3_000 {
            let stream = UInt32(number * 2 + 1)
            other.send(Wire.headers(stream) + Wire.windowUpdate(0, 7) + Wire.ping)
            #expect(other.content(of: stream) == "GET / ")
        }
        #expect(other.goAway == nil)
    }

    // I27.
    @Test func `many small answers are not kept waiting by a large one`() {
        let produced = Counter()
        let client = HTTP2Client(Rig(makeHandler: { _ in MixedHandler(counting: produced) }))
        client.send(Wire.windowUpdate(0, 1 << 30) + Wire.settings((4, 1 << 30)))
        client.rig.peer.room = 0
        client.send(Wire.headers(1, Wire.fields("GET", "/large")))
        client.send((1..<50).flatMap { Wire.headers(UInt32($0 * 2 + 1)) })
        // The client takes as much as is buffered now, and a few times what the small ones need.
        for _ in 0..<20 {
            client.rig.peer.room += 32_768
            client.rig.loop.drain()
        }
        client.read()
        let ended = (1..<50).filter { client.hasEnded(UInt32($0 * 2 + 1)) }
        #expect(ended.count == 49)
        #expect(!client.hasEnded(1))
    }

    @Test func `two large answers advance alike`() {
        let produced = Counter()
        let client = HTTP2Client(Rig(makeHandler: { _ in MixedHandler(counting: produced) }))
        client.send(Wire.windowUpdate(0, 1 << 30) + Wire.settings((4, 1 << 30)))
        client.rig.peer.room = 0
        for stream: UInt32 in [1, 3, 5] { client.send(Wire.headers(stream, Wire.fields("GET", "/large"))) }
        for _ in 0..<60 {
            client.rig.peer.room += 32_768
            client.rig.loop.drain()
        }
        client.read()
        let counts = [1, 3, 5].map { client.content(of: $0).utf8.count }
        #expect((counts.min() ?? 0) * 2 > (counts.max() ?? 0), "\(counts)")
    }

    @Test func `frames are as large as the client allows`() {
        let client = HTTP2Client(Rig(makeHandler: { _ in FloodHandler(counting: Counter()) }))
        client.send(Wire.settings((5, 40_000)) + Wire.headers(1))
        #expect(client.answers(on: 1).map(\.payload.count).max() ?? 0 <= 40_000)
        let plain = HTTP2Client(Rig(makeHandler: { _ in FloodHandler(counting: Counter()) }))
        plain.send(Wire.headers(1))
        #expect(plain.answers(on: 1).map(\.payload.count).max() == 10_000)
    }
}
