internal import Bytes

/// The client's side of the handshake (RFC 6455, 4.1): asks for a WebSocket, and checks the answer.
package struct WebSocketClientHandshake: Sendable {
    /// The base64 of 16 bytes.
    package let key: String
    /// What is offered, the favourite first.
    package let subprotocols: [String]

    /// Makes a new key; a handshake is for one connection.
    package init(subprotocols: [String] = [], using generator: inout some RandomNumberGenerator) {
        let bytes: [UInt8] = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        key = Base64.encode(bytes.span)
        self.subprotocols = subprotocols
    }

    /// Makes a new key from the system's random numbers.
    package init(subprotocols: [String] = []) {
        var generator = SystemRandomNumberGenerator()
        self.init(subprotocols: subprotocols, using: &generator)
    }

    /// Adds the fields that ask for the WebSocket to a GET request of HTTP/1.1, instead of those it had.
    package func ask(in head: inout RequestHead) {
        head.fields.set(.upgrade, "websocket")
        head.fields.set(.connection, "Upgrade")
        head.fields.set(.secWebSocketVersion, "13")
        head.fields.set(.secWebSocketKey, key)
        head.fields.removeAll(.secWebSocketExtensions)
        head.fields.removeAll(.secWebSocketProtocol)
        if !subprotocols.isEmpty {
            head.fields.append(.secWebSocketProtocol, subprotocols.joined(separator: ", "))
        }
    }

    /// Checks the answer.
    ///
    /// - Returns: The subprotocol that the server chose; nil for none.
    /// - Throws: What is wrong. The connection is no WebSocket then, and cannot be used for anything else either.
    package func check(_ head: borrowing ResponseHead) throws(ResponseProblem) -> String? {
        try WebSocketHandshake.checkAnswer(head, to: key)
        guard !head.fields.contains(.secWebSocketExtensions) else {
            throw ResponseProblem("The node chose a WebSocket extension that was not offered.")
        }
        let chosen = head.fields.values(.secWebSocketProtocol)
        guard chosen.count <= 1, chosen.allSatisfy({ subprotocols.contains($0) }) else {
            throw ResponseProblem("The node chose a WebSocket subprotocol that was not offered.")
        }
        return chosen.first
    }
}
