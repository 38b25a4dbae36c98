import Gateway
import HTTP
import Handlers
import TestSupport
import Testing
import Upstream

struct HTTP2ConnectionTests {
    /// Of such sizes that the bytes of its length are text.
    private static func object(of size: Int) -> String { "{\"x\":\"\(String(repeating: "x", count: size))\"}" }

    @Test func `calls of many clients share one connection`() {
        let rig = GRPCRig()
        let clients = (0..<5).map { _ in rig.connect() }
        for client in clients { rig.call(from: client) }
        rig.node.settings()
        for (index, client) in clients.enumerated().reversed() {
            rig.node.answer(UInt32(2 * index + 1), "{\"n\":\(index)}")
            #expect(rig.reply(to: client)?.body == "{\"n\":\(index)}")
        }
        #expect(rig.connections.count == 1)
        #expect(rig.parts.pool?.connectionCount == 1)
    }

    @Test func `a full connection is joined by another, and when all are full a call waits for room`() {
        var limits = HTTP2Limits()
        limits.connections = 2
        let rig = GRPCRig(limits: limits)
        let clients = (0..<3).map { _ in rig.connect() }
        rig.call(from: clients[0])
        rig.connections[0].settings([(.maximumStreams, 1)])
        rig.loop.drain()
        rig.call(from: clients[1])
        #expect(rig.connections.count == 2)
        rig.connections[1].settings([(.maximumStreams, 1)])
        rig.loop.drain()
        rig.call(from: clients[2])
        #expect(rig.connections.count == 2)
        rig.connections[0].answer(1, "{}")
        #expect(rig.reply(to: clients[0])?.status == "200")
        rig.connections[0].answer(3, "{\"n\":2}")
        #expect(rig.reply(to: clients[2])?.body == "{\"n\":2}")
    }

    @Test func `a call waits for room no longer than its client`() {
        var limits = HTTP2Limits()
        (limits.connections, limits.streams) = (1, 1)
        let rig = GRPCRig(limits: limits)
        rig.call(fields: "Timeout: 9\r\n")
        rig.node.settings()
        let other = rig.connect()
        rig.call(fields: "Timeout: 1\r\n", from: other)
        rig.loop.advance(by: .seconds(1))
        #expect(rig.reply(to: other)?.status == "504")
        rig.node.answer(1, "{}")
        #expect(rig.reply()?.status == "200")
    }

    @Test func `GOAWAY loses no call: what the node has not begun goes over a new connection`() {
        let rig = GRPCRig()
        let clients = [rig.client, rig.connect(), rig.connect()]
        for client in clients { rig.call(from: client) }
        let old = rig.node
        old.settings()
        old.goAway(last: 1)
        rig.loop.drain()
        #expect(rig.connections.count == 2)
        old.answer(1, "{\"old\":1}")
        #expect(rig.reply(to: clients[0])?.body == "{\"old\":1}")
        #expect(old.take().last == .goAway(.noError))
        #expect(old.peer.isClosed)
        rig.node.settings()
        rig.node.answer(1, "{\"new\":1}")
        rig.node.answer(3, "{\"new\":3}")
        rig.loop.drain()
        #expect(clients[1...].map { rig.reply(to: $0)?.status } == ["200", "200"])
        rig.call()
        #expect(rig.connections.count == 2)
    }

    @Test func `a refused stream is tried again, but not for ever`() {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        for stream in [1, 3, 5] as [UInt32] {
            rig.node.reset(stream, .refusedStream)
            rig.loop.drain()
            #expect(rig.reply() == nil)
        }
        rig.node.reset(7, .refusedStream)
        #expect(rig.reply()?.status == "502")
    }

    @Test func `a call that the node may have begun is not sent twice`() {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.loop.drain()
        rig.node.peer.reset()
        #expect(rig.reply()?.status == "502")
        #expect(rig.connections.count == 1)
        rig.call()
        #expect(rig.connections.count == 2)
    }

    @Test func `a node that refuses is passed over`() {
        let rig = GRPCRig(nodes: ["10.0.0.5:1", "10.0.0.6:1"])
        rig.parts.transport.refused = ["10.0.0.5:1"]
        rig.call()
        rig.node.settings()
        rig.node.answer(1, "{}")
        #expect(rig.reply()?.status == "200")
        #expect(rig.parts.transport.asked == ["10.0.0.5:1", "10.0.0.6:1"])
    }

    @Test func `a node that cannot be reached in time is passed over`() {
        let rig = GRPCRig(nodes: ["10.0.0.5:1", "10.0.0.6:1"])
        rig.parts.transport.silent = ["10.0.0.5:1"]
        rig.call()
        rig.loop.advance(by: .seconds(1))
        rig.node.settings()
        rig.node.answer(1, "{}")
        #expect(rig.reply()?.status == "200")
    }

    @Test func `a large message waits for the windows, and another call passes it`() throws {
        let rig = GRPCRig()
        let text = Self.object(of: 94_312)
        rig.call(text)
        rig.node.settings()
        let sent = rig.received().compactMap { if case .data(1, let text, _) = $0 { text.utf8.count } else { nil } }
        #expect(sent.reduce(0, +) == 65_535)
        #expect(sent.allSatisfy { $0 <= 16_384 })
        rig.node.windowUpdate(0, 100)
        #expect(rig.received() == [])
        let other = rig.connect()
        rig.call("{\"n\":1}", from: other)
        #expect(rig.received().last == .data(3, HTTP2Peer.framed("{\"n\":1}"), ends: true))
        rig.node.windowUpdate(1, 200_000)
        #expect(rig.received().count == 1)
        rig.node.windowUpdate(0, 200_000)
        let rest = rig.received()
        guard case .data(1, _, ends: true) = rest.last else {
            Issue.record("\(rest)")
            return
        }
    }

    @Test func `streams with much to send take turns`() {
        let rig = GRPCRig()
        rig.call("{}")
        rig.node.settings([(.initialWindow, 1_000_000)])
        rig.node.windowUpdate(0, 1)
        _ = rig.received()
        let clients = [rig.connect(), rig.connect()]
        let text = Self.object(of: 131_578)
        for client in clients { rig.call(text, from: client) }
        rig.node.windowUpdate(0, 1_000_000)
        let order: [UInt32] = rig.received().compactMap { if case .data(let id, _, _) = $0 { id } else { nil } }
        let tail = order.drop { $0 == 3 }.prefix(6)
        #expect(tail.contains(3) && tail.contains(5), "\(order)")
    }

    @Test func `the node may send again as soon as somebody has read`() {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.node.begin(1)
        let part = String(repeating: "x", count: 16_384)
        rig.node.data(1, "\u{0}\u{0}\u{4}\u{0}\u{2}\"" + String(part.dropLast(6)))
        for _ in 0..<5 { rig.node.data(1, part) }
        #expect(rig.received().contains { if case .windowUpdate(1, _) = $0 { true } else { false } })
    }

    /// Something that a node must not do.
    enum Fault: CaseIterable {
        case dataThatNobodyAskedFor, streamOfItsOwn, moreThanTheWindow, windowWithoutLimit

        func commit(by peer: HTTP2Peer) {
            switch self {
            case .dataThatNobodyAskedFor: peer.data(9, "x")
            case .streamOfItsOwn: peer.headers(2, [(":status", "200")])
            case .windowWithoutLimit: peer.windowUpdate(0, 0x7fff_ffff)
            case .moreThanTheWindow:
                peer.begin(1)
                for _ in 0..<70 { peer.data(1, String(repeating: "x", count: 16_384)) }
            }
        }

        var code: HTTP2ErrorCode {
            switch self {
            case .dataThatNobodyAskedFor, .streamOfItsOwn: .protocolError
            case .moreThanTheWindow, .windowWithoutLimit: .flowControlError
            }
        }
    }

    @Test("frames against the rules end the connection", arguments: Fault.allCases)
    func faults(fault: Fault) {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.loop.drain()
        fault.commit(by: rig.node)
        #expect(rig.reply()?.status == "502")
        let frames = rig.received()
        #expect(frames.last == .goAway(fault.code) || frames.contains(.reset(1, fault.code)), "\(frames)")
    }

    @Test func `a head against the rules ends its stream only`() {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.node.headers(1, [(":status", "2x0")])
        #expect(rig.reply()?.status == "502")
        #expect(rig.received().last == .reset(1, .protocolError))
        rig.call()
        rig.node.answer(3, "{}")
        #expect(rig.reply()?.status == "200")
        #expect(rig.connections.count == 1)
    }

    @Test func `a head that is too long ends its stream only`() {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        let filler = (0..<70).map { ("x-\($0)", String(repeating: "x", count: 200)) }
        rig.node.headers(1, [(":status", "200")] + filler + filler + filler + filler)
        #expect(rig.reply()?.status == "502")
        rig.call()
        rig.node.answer(3, "{}")
        #expect(rig.reply()?.status == "200")
    }

    @Test func `interim responses are skipped, but not without end`() {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.node.headers(1, [(":status", "103"), ("link", "x")])
        rig.node.answer(1, "{}")
        #expect(rig.reply()?.status == "200")
        rig.call()
        for _ in 0..<33 { rig.node.headers(3, [(":status", "103")]) }
        #expect(rig.reply()?.status == "502")
    }

    @Test func `a node that falls silent is asked, and given up when it does not answer`() {
        var rpc = RPCConfiguration()
        rpc.timeout = .seconds(600)
        let rig = GRPCRig(rpc: rpc)
        rig.call()
        rig.node.settings()
        _ = rig.received()
        rig.loop.advance(by: .seconds(20))
        #expect(rig.received() == [.ping(isAnswer: false)])
        rig.node.ping(isAnswer: true)
        rig.loop.drain()
        rig.loop.advance(by: .seconds(60))
        #expect(rig.received() == [])
        rig.loop.advance(by: .seconds(250))
        #expect(rig.received() == [.ping(isAnswer: false)])
        rig.loop.advance(by: .seconds(10))
        #expect(rig.reply()?.status == "502")
        #expect(rig.node.peer.isClosed)
    }

    @Test func `a call that times out in silence has the node asked at once`() {
        let rig = GRPCRig()
        rig.call(fields: "Timeout: 2\r\n")
        rig.node.settings()
        _ = rig.received()
        rig.loop.advance(by: .seconds(2))
        #expect(rig.received() == [.ping(isAnswer: false), .reset(1, .cancel)])
        rig.loop.advance(by: .seconds(10))
        #expect(rig.node.peer.isClosed)
        rig.call()
        #expect(rig.connections.count == 2)
    }

    @Test func `a node that says nothing is given up, and one that speaks HTTP 1 too`() {
        let rig = GRPCRig()
        rig.call()
        rig.loop.advance(by: .seconds(5))
        #expect(["502", "504"].contains(rig.reply()?.status))
        #expect(rig.node.peer.isClosed)
        rig.call()
        rig.node.peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")
        #expect(rig.reply()?.status == "502")
    }

    @Test func `a connection that is idle for too long is closed politely`() {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.node.answer(1, "{}")
        _ = rig.reply()
        _ = rig.received()
        rig.loop.advance(by: .seconds(59))
        rig.parts.pool?.tidy()
        #expect(rig.received() == [])
        rig.loop.advance(by: .seconds(2))
        rig.parts.pool?.tidy()
        #expect(rig.received() == [.goAway(.noError)])
        #expect(rig.node.peer.isClosed)
        #expect(rig.parts.pool?.connectionCount == 0)
    }

    @Test func `pings are answered, and useless frames without end are not put up with`() {
        let rig = GRPCRig()
        rig.call()
        rig.node.settings()
        rig.node.ping(isAnswer: false)
        #expect(rig.received().last == .ping(isAnswer: true))
        for _ in 0..<10_100 { rig.node.settings() }
        rig.loop.drain()
        #expect(rig.node.peer.isClosed)
    }

    @Test func `a socket that takes little is filled up later`() {
        let rig = GRPCRig()
        rig.call("{\"first\":1}")
        rig.node.settings()
        rig.node.answer(1, "{}")
        _ = rig.reply()
        _ = rig.received()
        rig.node.peer.room = 10
        rig.call("{\"second\":2}")
        #expect(rig.received() == [])
        rig.node.peer.room = .max
        #expect(rig.received().last == .data(3, HTTP2Peer.framed("{\"second\":2}"), ends: true))
    }
}
