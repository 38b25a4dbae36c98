internal import Bytes
package import HTTP

extension Exchange {
    /// Looks at what a request for a WebSocket offers, and keeps it in `handshake`.
    ///
    /// - Returns: False when the request is not as it must be (RFC 6455, 4.2.1). It has been answered then, with 400 or
    ///   426 and the version that would do.
    nonisolated(nonsending) package func takeWebSocketOffer() async throws(GatewayError) -> Bool {
        do throws(WebSocketRefusal) {
            switch webSocketOffer {
            case .none: handshake = nil
            case .upgrade: handshake = try WebSocketHandshake(request)
            case .extendedConnect: handshake = try WebSocketHandshake(extendedConnect: request)
            }
            return true
        } catch {
            try await refuse(error)
            return false
        }
    }

    /// Answers a request that should have been one for a WebSocket, or should have been another one.
    nonisolated(nonsending) package func refuse(_ refusal: WebSocketRefusal) async throws(GatewayError) {
        var fields = refusal.response.fields
        fields.removeAll(.contentLength)
        fields.append(.contentType, "application/json")
        var body = ByteBuffer()
        MicroError(id: "go.micro.api", code: refusal.status.code, detail: refusal.reason).write(to: &body)
        try await respond(refusal.status, fields, body: &body)
    }
}
