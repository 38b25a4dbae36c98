import Bytes
import Gateway
import HTTP
import Reactor
import Server
import TestSupport
import Testing
import Upstream

/// Opens a stream, sends each line of the request as a message, and answers with each message as a line.
private final class LinesHandler: Handler {
    private let caller: GRPCCaller
    private let loop: any EventLoop

    init(_ caller: GRPCCaller, _ context: WorkerContext) {
        self.caller = caller
        loop = context.loop
    }

    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        let call = RPCCall(
            destination: Destination(service: "go.greeter", endpoint: "Say.Chat"), body: ByteBuffer(),
            metadata: HeaderFields(), deadline: loop.now + .seconds(3_600), exchange: exchange)
        let node = Node(id: "n", address: GRPCRig.address)
        let stream = try await caller.open(call, on: node, wakeup: exchange.wakeup)
        var body = ByteBuffer()
        try await exchange.collectBody(into: &body, limit: 1 << 20)
        try exchange.begin(ResponseHead(.ok), body: .chunked)
        for line in body.text.split(separator: "\n") {
            var message = ByteBuffer(String(line))
            while try !stream.trySend(&message) { await exchange.wakeup.wait() }
        }
        if !body.text.hasSuffix("...") { try stream.finishSending() }
        while true {
            var message = ByteBuffer()
            switch try stream.tryReceive(into: &message) {
            case .message:
                message.append("\n")
                try await exchange.write(&message)
                try exchange.flush()
            case .end: return try exchange.end()
            case .nothing:
                if exchange.isClientGone { return stream.cancel() }
                await exchange.wakeup.wait()
            }
        }
    }
}

struct GRPCStreamTests {
    private func rig(_ lines: String) -> GRPCRig {
        let rig = GRPCRig(next: { caller, context in LinesHandler(caller, context) })
        rig.client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(lines.utf8.count)\r\n\r\n\(lines)")
        rig.loop.drain()
        rig.node.settings()
        return rig
    }

    @Test func `messages pass in order, both ways`() throws {
        let rig = rig("one\ntwo")
        let frames = rig.received()
        guard case .headers(1, let fields, ends: false) = try #require(frames.first) else { return }
        #expect(fields[":path"] == "/go.greeter.Say/Chat")
        #expect(fields["grpc-timeout"] == "3600000m")
        let content = frames.compactMap { if case .data(1, let text, _) = $0 { text } else { nil } }.joined()
        #expect(content == HTTP2Peer.framed("one") + HTTP2Peer.framed("two"))
        #expect(frames.last == .data(1, "", ends: true))
        rig.node.begin(1)
        rig.node.message(1, "ONE")
        let head = try #require(rig.reply())
        rig.node.message(1, "TWO")
        rig.node.end(1)
        rig.loop.drain()
        #expect(unchunked(head.body + rig.client.take())?.content == "ONE\nTWO\n")
    }

    @Test func `a stream may be silent for long, and ends at its limit`() {
        let rig = rig("one...")
        rig.node.begin(1)
        _ = rig.received()
        rig.loop.advance(by: .seconds(3_599))
        rig.node.ping(isAnswer: true)
        #expect(rig.received() == [.ping(isAnswer: false)])
        rig.loop.advance(by: .seconds(1))
        #expect(rig.received().last == .reset(1, .cancel))
        #expect(rig.client.isClosed)
    }

    @Test func `a client that leaves cancels its stream`() {
        let rig = rig("one...")
        rig.node.begin(1)
        _ = rig.received()
        rig.loop.advance(by: .seconds(600))
        rig.node.ping(isAnswer: true)
        rig.loop.drain()
        rig.client.reset()
        #expect(rig.received().last == .reset(1, .cancel))
    }

    @Test func `an error ends the answer before its end`() {
        let rig = rig("one")
        rig.node.begin(1)
        rig.node.message(1, "ONE")
        rig.node.end(1, status: 5)
        rig.loop.drain()
        #expect(rig.client.take().contains("ONE"))
        #expect(rig.client.isClosed)
    }

    @Test func `a node that cannot be reached is known before anything is sent`() throws {
        let rig = GRPCRig(next: { caller, context in LinesHandler(caller, context) })
        rig.parts.transport.refused = [GRPCRig.address]
        rig.client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try #require(rig.reply()).status == "502")
    }
}
