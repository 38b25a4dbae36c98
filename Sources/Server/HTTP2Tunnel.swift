internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

// A stream that an extended CONNECT has made a tunnel (RFC 8441): what DATA frames carry are the bytes of a WebSocket.
// Their end in one direction is END_STREAM, and a tunnel that is given up ends with RST_STREAM and CANCEL.
extension HTTP2Stream {
    var webSocketOffer: WebSocketOffer { connect == .webSocket ? .extendedConnect : .none }

    var isStopping: Bool { session.isDraining }

    func switchProtocols(_ head: ResponseHead) throws(GatewayError) {
        guard connect == .webSocket else {
            throw GatewayError(.notImplemented, "this request cannot become a tunnel")
        }
        guard !isCut else { throw Self.gone }
        var answer = head
        answer.status = .ok
        // Nothing has to be proved here, and how long it will be nobody knows (RFC 8441, 5).
        answer.fields.removeAll(.secWebSocketAccept)
        answer.fields.removeAll(.contentLength)
        session.write(answer, framing: .none, of: record.number, endsStream: false)
        isTunnel = true
        deadline.clear()
        session.flushSoon()
    }

    /// What has come through the tunnel; nothing ends a silence but whoever holds the tunnel.
    func readTunnel() throws(GatewayError) -> Int? {
        guard !isCut else { throw GatewayError(.clientGone, "the client broke the tunnel off") }
        if record.hasReceivedEnd { return 0 }
        // A tunnel that is silent for long keeps no more memory than this, in bytes.
        body.releaseMemory(above: 4_096)
        return nil
    }

    /// The handler is done with the tunnel. One that was not ended properly is broken off.
    func leaveTunnel() {
        guard isTunnel else { return }
        isTunnel = false
        if !record.hasSentEnd { reset(.cancel) }
    }
}
