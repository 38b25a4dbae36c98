internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// Where a connection stands that has become a tunnel.
struct TunnelState {
    /// True from the answer that switched protocols until the handler has returned.
    fileprivate(set) var isOpen = false
    fileprivate var hasClientFinished = false
    /// True once the handler has written its last byte, and once the client was told.
    fileprivate var hasEnded = false
    fileprivate var hasToldClient = false
}

/// After the switch of protocols (RFC 9110, 7.8) there are no requests any more, only bytes, both ways.
extension HTTP1Session {
    var webSocketOffer: WebSocketOffer {
        exchange.withRequest { $0.wantsWebSocket } ? .upgrade : .none
    }

    var isStopping: Bool { isDraining }

    func switchProtocols(_ head: ResponseHead) throws(GatewayError) {
        keepsAlive = false
        deadline.clear()
        tunnel.isOpen = true
        ForwardedResponse.write(
            head, framing: .none, keepAlive: true, version: .http11, upgrades: true,
            date: context.date.line(at: loop.now), to: &output)
        _ = try flushSome()
        input.releaseMemory(above: 0)
    }

    /// The handler is done with the tunnel. What it has written is sent under the limits of every answer.
    func leaveTunnel() {
        guard tunnel.isOpen else { return }
        tunnel.isOpen = false
        // Closing while the client sends would destroy what is on its way to it, such as our close frame.
        mustLinger = !tunnel.hasClientFinished
    }

    func readTunnel(into buffer: inout ByteBuffer, atMost limit: Int) throws(GatewayError) -> Int? {
        if !input.isEmpty {  // What the client sent together with its request.
            let count = min(limit, input.count)
            buffer.append(count, consuming: &input)
            input.releaseMemory(above: 0)  // It is needed no more.
            return count
        }
        if tunnel.hasClientFinished { return 0 }
        do throws(ChannelError) {
            let count = try channel.tryRead(into: &buffer, atMost: limit)
            if count == 0 { tunnel.hasClientFinished = true }
            return count
        } catch {
            throw GatewayError(.clientGone, "the client broke the tunnel off")
        }
    }

    func writeTunnel(_ buffer: inout ByteBuffer, atMost count: Int) -> Int {
        output.append(count, consuming: &buffer)
        response.countTunnelled(count)
        return count
    }

    func endTunnel() throws(GatewayError) {
        tunnel.hasEnded = true
        try flush()
    }

    /// A tunnel that is silent for long keeps no more memory than this for what is on its way to the client, in bytes.
    private static let idleMemory = 4_096

    /// Tells the client that nothing more comes, when everything before has gone.
    func finishTunnelIfSent() {
        if tunnel.isOpen { output.releaseMemory(above: Self.idleMemory) }
        guard tunnel.hasEnded, !tunnel.hasToldClient, output.isEmpty else { return }
        tunnel.hasToldClient = true
        channel.finish()
    }
}
