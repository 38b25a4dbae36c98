import Bytes
import CMallocCount
import HTTP
import TestSupport
import Testing

/// What one more request costs in memory, client, proxy and node in one process.
///
/// The number may fall, and whoever makes it rise should know why.
struct AllocationTests {
    /// In a debug build: 12 for iterators over fields, which an optimised build keeps on the stack, and 4 for the
    /// hand-turned loop itself. Nothing else asks for memory.
    private static let known = 16.0

    private static let request = Array(
        "GET /a/b/c?d=e HTTP/1.1\r\nHost: a.example\r\nUser-Agent: test/1.0\r\nAccept: */*\r\n\r\n".utf8)
    private static let response = Array(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n\r\nok"
            .utf8)

    private func run(_ rig: ProxyRig, _ count: Int) {
        for _ in 0..<count {
            rig.client.send(Self.request)
            rig.loop.drain()
            rig.node.send(Self.response)
            rig.loop.drain()
            rig.client.received.removeAll()
            rig.node.received.removeAll()
        }
    }

    @Test func `ten thousand requests on one connection leave no memory behind`() {
        let rig = ProxyRig()
        run(rig, 1_000)
        let before = malloc_in_use()
        run(rig, 10_000)
        let growth = malloc_in_use() - before
        #expect(abs(growth) < 10_000, "\(growth) bytes")
        #expect(rig.peers.count == 1)
    }

    /// Over HTTP/2, in a debug build: 9 for iterators, and 6 for the hand-turned loop, which runs more jobs. Nothing else
    /// asks for memory, but for a buffer that grows now and then: streams, tasks and exchanges are used again.
    private static let knownOfStreams = 15.1

    /// A request of a stream, and a count of streams for the next.
    private func runStreams(_ rig: ProxyRig, _ count: Int, from first: UInt32) -> UInt32 {
        var block = ByteBuffer()
        var encoder = HPACKEncoder(tableSizeLimit: 0)
        encoder.beginBlock(to: &block)
        let fields = [
            (":method", "GET"), (":scheme", "http"), (":path", "/a/b/c?d=e"), (":authority", "a.example"),
            ("user-agent", "test/1.0"), ("accept", "*/*"),
        ]
        for (name, value) in fields { encoder.encode(name.utf8.span, value.utf8.span, to: &block) }
        var frame = ByteBuffer()
        var stream = first
        for _ in 0..<count {
            frame.removeAll()
            FrameWriter.writeHeaders(block.span, stream: stream, endsStream: true, to: &frame)
            rig.client.send(frame)
            rig.loop.drain()
            rig.node.send(Self.response)
            rig.loop.drain()
            rig.client.received.removeAll()
            rig.node.received.removeAll()
            stream += 2
        }
        return stream
    }

    private func streamingRig() -> ProxyRig {
        let rig = ProxyRig()
        var greeting = ByteBuffer()
        HTTP2Preface.write(to: &greeting)
        FrameWriter.writeSettings([], to: &greeting)
        FrameWriter.writeSettingsAcknowledgement(to: &greeting)
        rig.client.send(greeting)
        rig.loop.drain()
        return rig
    }

    @Test func `ten thousand requests on streams leave no memory behind`() {
        let rig = streamingRig()
        let next = runStreams(rig, 1_000, from: 1)
        let before = malloc_in_use()
        _ = runStreams(rig, 10_000, from: next)
        let growth = malloc_in_use() - before
        #expect(abs(growth) < 10_000, "\(growth) bytes")
        #expect(rig.peers.count == 1)
    }

    @Test func `a connection of streams on which nothing moves for a second gives its memory back`() {
        let rig = streamingRig()
        let next = runStreams(rig, 100, from: 1)
        let used = malloc_in_use()
        rig.loop.advance(by: .milliseconds(900))
        #expect(used - malloc_in_use() < 1_000, "not yet")
        rig.loop.advance(by: .milliseconds(100))
        #expect(used - malloc_in_use() > 4_000, "\(used - malloc_in_use()) bytes")
        _ = runStreams(rig, 1, from: next)
        #expect(rig.peers.count == 1)
    }

    @Test func `a request on a stream asks for memory no more often than it is known to`() {
        let rig = streamingRig()
        let next = runStreams(rig, 200, from: 1)
        let before = malloc_count()
        _ = runStreams(rig, 1_000, from: next)
        #expect(Double(malloc_count() - before) / 1_000 <= Self.knownOfStreams)
    }

    @Test func `a request asks for memory no more often than it is known to`() {
        let rig = ProxyRig()
        run(rig, 100)
        let before = malloc_count()
        run(rig, 1_000)
        #expect(Double(malloc_count() - before) / 1_000 <= Self.known)
    }

    /// A call, in a debug build, as it was counted; from what they come was not looked into. Of the optimised program
    /// callgrind counted twenty in two thousand calls, so none for each.
    private static let knownOfCalls = 87.1

    private func runCalls(_ rig: CallRig, _ count: Int) {
        let request = Array(CallRig.post(#"{"name":"John"}"#, path: "/go.greeter/Say.Hello").utf8)
        let answer = Array(CallRig.reply(#"{"msg":"Hello John"}"#).utf8)
        for _ in 0..<count {
            rig.client.send(request)
            rig.loop.drain()
            rig.node.send(answer)
            rig.loop.drain()
            rig.client.received.removeAll()
            rig.node.received.removeAll()
        }
    }

    @Test func `a call asks for memory no more often than it is known to, and leaves none behind`() {
        let rig = CallRig()
        runCalls(rig, 1_000)
        let (before, used) = (malloc_count(), malloc_in_use())
        runCalls(rig, 5_000)
        let count = Double(malloc_count() - before) / 5_000
        #expect(count <= Self.knownOfCalls, "\(count)")
        #expect(abs(malloc_in_use() - used) < 10_000, "\(malloc_in_use() - used) bytes")
    }
}
