import Bytes
import Gateway
import HTTP
import Reactor
import Server
import Synchronization
import TestSupport
import Testing

/// How streams and connections end, and what is kept or given back while nothing happens.
struct HTTP2EndTests {
    @Test func `a client that resets a stream or vanishes is gone for the handlers`() {
        let left = Counter()
        let client = client { _ in WaitingHandler(counting: left) }
        client.send(Wire.headers(1) + Wire.headers(3) + Wire.headers(5))
        client.send(Wire.reset(3))
        #expect(left.value == 1)
        client.rig.peer.reset()
        client.rig.loop.drain()
        #expect(left.value == 3)
        #expect(client.rig.peer.isClosed)
        client.rig.loop.advance(by: .seconds(100))
        #expect(client.rig.loop.timers.count == 0)
    }

    @Test func `a drained connection says so twice, answers what was under way, and ends`() {
        let client = client()
        client.send(Wire.headers(1, Wire.post, ends: false))
        let worker = client.rig.worker
        let cutOff = Counter()
        Task(executorPreference: client.rig.loop) { cutOff.add(1 + (await worker.drain(within: .seconds(10)))) }
        client.rig.loop.drain()
        client.read()
        #expect(client.goAway == .noError)
        #expect(client.answers.contains { $0.type == .ping })
        // The client did not know yet.
        client.send(Wire.headers(3))
        #expect(client.status(of: 3) == "200")
        client.send(Wire.frame(6, flags: 1, stream: 0, [UInt8](repeating: 0, count: 8)))
        let farewells = client.answers.filter { $0.type == .goAway }.map {
            $0.payload.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        }
        #expect(farewells == [0x7fff_ffff, 3])
        client.send(Wire.headers(5))
        #expect(client.resetCode(of: 5) == .refusedStream)
        #expect(!client.rig.peer.sawFinish)
        client.send(Wire.data(1, "abc"))
        #expect(client.content(of: 1) == "POST / abc")
        #expect(client.rig.peer.sawFinish)
        client.rig.peer.finish()
        client.rig.loop.drain()
        #expect(client.rig.peer.isClosed)
        #expect(cutOff.value == 1)
    }

    @Test func `endless answers end when the worker drains, though the client does not answer PING`() {
        let left = Counter()
        let client = client { _ in WaitingHandler(counting: left) }
        client.send(Wire.headers(1))
        let worker = client.rig.worker
        Task(executorPreference: client.rig.loop) { _ = await worker.drain(within: .seconds(10)) }
        client.rig.loop.drain()
        client.read()
        #expect(client.content(of: 1) == "ended")
        client.rig.loop.advance(by: .seconds(2))
        client.read()
        #expect(client.rig.peer.sawFinish)
    }

    @Test(
        "who lets time pass is told to go, or closed",
        arguments: [
            // The preface, or its acknowledgement, is missing.
            (Array(Wire.preface.prefix(10)), 11, nil, false), (Wire.preface, 11, .settingsTimeout, false),
            (Wire.preface + Wire.settings(), 11, .settingsTimeout, false),
            // Nothing is asked.
            ([], 74, nil, true), ([], 76, .noError, true),
            // A frame, and a block of fields, that do not become whole.
            ([0], 11, .enhanceYourCalm, true), (Wire.headers(1, whole: false), 11, .enhanceYourCalm, true),
        ] as [([UInt8], Int, HTTP2ErrorCode?, Bool)])
    func slow(bytes: [UInt8], seconds: Int, code: HTTP2ErrorCode?, greets: Bool) {
        let client = HTTP2Client(Rig(), greets: greets)
        client.send(bytes)
        for _ in 0..<seconds { client.rig.loop.advance(by: .seconds(1)) }
        client.read()
        #expect(client.goAway == code)
        #expect(client.rig.peer.sawFinish == (code != nil || !greets))
    }

    @Test func `bytes that dribble in do not win time for a block of fields`() {
        let client = client()
        client.send(Wire.headers(1, whole: false))
        for _ in 0..<11 {
            client.rig.loop.advance(by: .seconds(1))
            client.send(Wire.continuation(1, whole: false))
        }
        #expect(client.goAway == .enhanceYourCalm)
    }

    @Test func `a body that stops coming is answered 408`() {
        let client = client()
        client.send(Wire.headers(1, Wire.post, ends: false) + Wire.data(1, "abc", ends: false))
        client.rig.loop.advance(by: .seconds(31))
        client.read()
        #expect(client.status(of: 1) == "408")
        #expect(client.goAway == nil)
    }

    @Test func `an idle connection keeps its time after memory was given back`() {
        let client = client()
        client.send(Wire.headers(1))
        for _ in 0..<10 { client.rig.loop.advance(by: .seconds(6)) }
        client.send(Wire.headers(3))
        #expect(client.status(of: 3) == "200")
        for _ in 0..<12 { client.rig.loop.advance(by: .seconds(6)) }
        #expect(!client.rig.peer.sawFinish)
        client.rig.loop.advance(by: .seconds(6))
        #expect(client.rig.peer.sawFinish)
    }

    @Test func `the tables stay when memory is given back, and so does what is known of closed streams`() {
        let client = client()
        let entry: [UInt8] = [0x40, 1, 0x61, 1, 0x62]
        client.send(Wire.headers(1, after: entry))
        client.rig.loop.advance(by: .seconds(2))
        client.send(Wire.headers(3, after: [0xbe]))
        #expect(client.status(of: 3) == "200")
        client.rig.loop.advance(by: .seconds(2))
        client.send(Wire.data(1))
        #expect(client.goAway == .streamClosed)
    }

    @Test func `a time for idle connections that is shorter than any other is kept`() {
        var configuration = SessionConfiguration()
        configuration.idleTimeout = .milliseconds(500)
        let client = HTTP2Client(Rig(configuration: configuration, makeHandler: { _ in PathHandler() }))
        client.send(Wire.headers(1))
        client.rig.loop.advance(by: .milliseconds(500))
        #expect(client.rig.peer.sawFinish)
    }

    @Test func `two sizes of the table in one frame of settings are both acknowledged in the next block`() {
        let client = client()
        client.send(Wire.settings((1, 0), (1, 4_096)) + Wire.headers(1))
        // RFC 7541, 4.2: 0, which empties the table, and then 4,096.
        let head = client.answers(on: 1).first { $0.type == .headers }
        #expect(head.map { Array($0.payload.prefix(4)) } == [0x20, 0x3f, 0xe1, 0x1f])
        client.send(Wire.headers(3))
        #expect(client.status(of: 3) == "200")
    }
}
