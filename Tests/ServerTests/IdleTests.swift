import Bytes
import CMallocCount
import Gateway
import HTTP
import Logging
import Reactor
import Server
import TestSupport
import Testing

/// Many clients of one listener, on a loop that is turned by hand.
private struct CrowdRig {
    let loop = ManualEventLoop()
    let peers: [Peer]
    let worker: Worker

    init(_ count: Int, sending text: String = "") {
        worker = Worker(loop: loop) { loop in
            WorkerContext(
                loop: loop, configuration: SessionConfiguration(),
                logger: .silent)
        }
        peers = (0..<count).map { _ in Peer() }
        for peer in peers {
            peer.received.reserve(4_096)
            peer.send(text)
        }
        let worker = worker
        Task(executorPreference: loop) { await worker.keepHouse() }
        loop.drain()
    }

    /// Unchecked because the hand-turned loop and the test share one thread.
    private final class Queue: @unchecked Sendable {
        var peers: [Peer]
        init(_ peers: [Peer]) { self.peers = peers }
    }

    func connect() {
        let (worker, queue, count) = (worker, Queue(peers.reversed()), peers.count)
        Task(executorPreference: loop) {
            await worker.adopt(
                count, from: .v4(192, 0, 2, 7, port: 40_000), makeChannel: { MemoryChannel(queue.peers.removeLast()) },
                makeHandler: { _ in PathHandler() })
        }
        loop.drain()
    }

    /// Lets time pass in steps, so that what is done once a second is done.
    func wait(seconds: Int) {
        for _ in 0..<seconds { loop.advance(by: .seconds(1)) }
    }
}

struct IdleTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

    /// Of the gateway alone: the object of the connection, its wake-up, its deadline, its peer's address and its places in
    /// tables. With a task, a session or a buffer it would be thousands.
    private static let knownBytes = 600

    @Test func `an idle connection keeps only a few objects`() {
        let count = 1_000
        let few = CrowdRig(1, sending: Self.get)
        few.connect()  // What is made once for the whole program is made now.
        let rig = CrowdRig(count, sending: Self.get)
        let before = malloc_in_use()
        rig.connect()
        #expect(rig.peers.allSatisfy { $0.received.text.hasPrefix("HTTP/1.1 200 OK\r\n") })
        rig.wait(seconds: 12)
        let bytes = (malloc_in_use() - before) / count
        #expect(bytes <= Self.knownBytes, "\(bytes) bytes")
        #expect(rig.peers.allSatisfy { !$0.isClosed })
    }

    @Test func `connections that were idle for long are served again, and end in time`() {
        let rig = CrowdRig(20, sending: Self.get)
        rig.connect()
        for _ in 0..<3 {
            rig.wait(seconds: 30)
            for (number, peer) in rig.peers.enumerated() {
                _ = peer.take()
                peer.send("POST /\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n")
                rig.loop.drain()
                peer.send("ab")
            }
            rig.loop.drain()
            for (number, peer) in rig.peers.enumerated() { #expect(bodies(peer.take()) == ["POST /\(number) ab"]) }
        }
        rig.wait(seconds: 74)
        #expect(rig.peers.allSatisfy { !$0.isClosed })
        rig.wait(seconds: 2)
        #expect(rig.peers.allSatisfy { $0.isClosed })
    }

    @Test func `a wake-up without need does not prolong the life of an idle connection`() {
        let rig = CrowdRig(1, sending: Self.get)
        rig.connect()
        for _ in 0..<74 {
            rig.wait(seconds: 1)
            rig.peers[0].send("")
            rig.loop.drain()
        }
        #expect(!rig.peers[0].isClosed)
        rig.wait(seconds: 1)
        #expect(rig.peers[0].isClosed)
    }

    /// What serves one client's connection serves another's later.
    @Test func `nothing of one client's request is left for the next client`() {
        let rig = CrowdRig(2)
        rig.connect()
        rig.peers[0].send(
            "GET /a HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\n\r\n")
        rig.loop.drain()
        #expect(rig.peers[0].take().hasPrefix("HTTP/1.1 200 OK\r\n"))
        rig.peers[1].send("GET /b c HTTP/1.1\r\n\r\n")
        rig.loop.drain()
        let answer = rig.peers[1].take()
        #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(answer.contains("Content-Type: application/json\r\n"))
        rig.peers[0].send(Self.get)
        rig.loop.drain()
        #expect(bodies(rig.peers[0].take()) == ["GET /a "])
    }

    @Test func `idle connections end when the server stops, and those at rest too`() {
        for seconds in [0, 10] {
            let rig = CrowdRig(20, sending: Self.get)
            rig.connect()
            rig.wait(seconds: seconds)
            let worker = rig.worker
            Task(executorPreference: rig.loop) { _ = await worker.drain(within: .seconds(10)) }
            rig.loop.drain()
            #expect(rig.peers.allSatisfy { $0.isClosed })
        }
    }
}
