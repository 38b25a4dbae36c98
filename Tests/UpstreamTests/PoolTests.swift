import Bytes
import Gateway
import Reactor
import Server
import TestSupport
import Testing
import Upstream

struct PoolTests {
    @Test func `a thousand requests go over one connection, in one job each way`() {
        let rig = ProxyRig()
        rig.roundTrip()
        for _ in 0..<1_000 {
            rig.client.send(ProxyRig.get)
            #expect(rig.loop.drain() == 1)
            rig.node.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            #expect(rig.loop.drain() == 1)
            #expect(rig.client.take().hasSuffix("ok"))
        }
        #expect(rig.peers.count == 1)
        #expect(rig.loop.timers.count < 10)
    }

    /// Three clients at once, so that there are three connections; all of them idle afterwards, in the order 0, 1, 2.
    private func threeIdle(_ limits: PoolConfiguration = PoolConfiguration()) -> ProxyRig {
        let rig = ProxyRig(pool: limits)
        for _ in 0..<3 {
            rig.connect().send(ProxyRig.get)
            rig.loop.drain()
        }
        for peer in rig.peers {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            rig.loop.drain()
            _ = peer.take()
        }
        return rig
    }

    @Test func `the connection that was returned last is used first`() {
        let rig = threeIdle()
        #expect(rig.parts.idleCount == 3)
        rig.ask(ProxyRig.get)
        #expect(rig.peers.map { $0.received.isEmpty } == [true, true, true])
        #expect(rig.parts.idleCount == 2)
        rig.peers[2].send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        rig.loop.drain()
        #expect(rig.client.take().hasSuffix("ok"))
        #expect(rig.peers.count == 3)
    }

    @Test func `more idle connections than allowed are kept for a moment, and the oldest are closed then`() throws {
        var limits = PoolConfiguration()
        limits.maximumIdle = 2
        let rig = threeIdle(limits)
        #expect(rig.parts.idleCount == 3)
        try #require(rig.parts.pool).tidy()
        rig.loop.drain()
        #expect(rig.parts.idleCount == 2)
        #expect(rig.peers.map(\.isClosed) == [true, false, false])
    }

    @Test func `an idle connection that its node closed is not used`() throws {
        let rig = ProxyRig()
        rig.roundTrip()
        rig.node.finish()
        rig.loop.drain()
        #expect(rig.ask("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx").hasPrefix("POST /b "))
        #expect(rig.peers.count == 2)
        #expect(rig.peers[0].isClosed)

        let reset = ProxyRig()
        reset.roundTrip()
        reset.node.reset()
        reset.loop.drain()
        #expect(reset.ask(ProxyRig.get).hasPrefix("GET "))
        #expect(reset.peers.count == 2)
    }

    @Test func `a kept connection that closes just when it is used costs a GET nothing`() throws {
        let rig = ProxyRig()
        rig.roundTrip()
        rig.ask(ProxyRig.get)
        rig.node.finish()
        rig.loop.drain()
        #expect(rig.peers.count == 2)
        #expect(rig.node.take().hasPrefix("GET /a "))
        #expect(rig.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").hasSuffix("ok"))
        #expect(rig.parts.health.isEmpty)
    }

    @Test(
        "a kept connection that closes just when it is used costs an answer if the request may not be repeated",
        arguments: [
            "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
            "PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
        ])
    func stale(request: String) {
        let rig = ProxyRig()
        rig.roundTrip()
        rig.ask(request)
        rig.node.finish()
        rig.loop.drain()
        #expect(rig.peers.count == 1)
        #expect(rig.client.take().hasPrefix("HTTP/1.1 502 "))
    }

    @Test func `an answer that says close is the last on its connection`() {
        let rig = ProxyRig()
        rig.roundTrip(ProxyRig.get, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        #expect(rig.node.isClosed)
        #expect(!rig.client.isClosed)
    }

    @Test func `a client that says close does not close the connection to the node`() {
        let rig = ProxyRig()
        let got = rig.roundTrip("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(got.contains("Connection: close\r\n"))
        #expect(rig.client.isClosed)
        #expect(rig.parts.idleCount == 1)
    }

    @Test func `connections are closed when they were idle for too long, at the latest by tidying`() throws {
        let rig = threeIdle()
        rig.loop.advance(by: .seconds(30))
        rig.ask(ProxyRig.get)
        rig.peers[2].send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        rig.loop.advance(by: .seconds(31))
        try #require(rig.parts.pool).tidy()
        #expect(rig.peers.map(\.isClosed) == [true, true, false])
        #expect(rig.parts.idleCount == 1)

        rig.loop.advance(by: .seconds(61))
        let fresh = rig.connect()
        fresh.send(ProxyRig.get)
        rig.loop.drain()
        #expect(rig.peers.count == 4)
        #expect(rig.peers[2].isClosed)
    }

    @Test func `tidying closes what its node has closed`() throws {
        let rig = threeIdle()
        rig.peers[1].finish()
        try #require(rig.parts.pool).tidy()
        #expect(rig.peers.map(\.isClosed) == [false, true, false])
        #expect(rig.parts.idleCount == 2)
    }
}
