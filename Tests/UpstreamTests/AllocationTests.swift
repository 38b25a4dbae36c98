import Bytes
import CMallocCount
import TestSupport
import Testing

/// What one more request costs in memory, client, proxy and node in one process.
///
/// The numbers are those of this build; an optimised one needs fewer. They may fall, and whoever makes one rise should
/// know why.
struct AllocationTests {
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

    @Test func `a request asks for memory no more often than it is known to`() {
        let rig = ProxyRig()
        run(rig, 100)
        let before = malloc_count()
        run(rig, 1_000)
        #expect(Double(malloc_count() - before) / 1_000 <= Self.known)
    }
}
