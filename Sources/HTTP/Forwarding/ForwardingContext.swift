import Bytes

/// What a gateway tells its nodes about a client's connection. Made once per connection: the lines that are the same
/// for all its requests are rendered here, so that writing a request makes no text.
package struct ForwardingContext: Sendable {
    package let clientAddress: String
    package let isTrusted: Bool
    package let scheme: String
    package let viaName: String
    /// What to send as `Host` instead of the host that the client asked. Default nil.
    package var host: String?

    /// The pieces around the parts of a request: `192.0.2.1`, `for=192.0.2.1;proto=http` and the rest.
    let address: ByteBuffer
    let forwardedElement: ByteBuffer
    let protoLine: ByteBuffer
    let via: ByteBuffer
    /// `X-Forwarded-For` and `X-Forwarded-Proto`, for a client that is not trusted.
    let untrustedLines: ByteBuffer

    /// - Parameters:
    ///   - clientAddress: The peer's IP address without port; empty for a socket without one, which nodes see as
    ///     `unknown`.
    ///   - isTrusted: Whether the peer is a proxy that may speak for its clients. What it says is kept and added to;
    ///     what any other peer says of itself is dropped.
    ///   - scheme: `http` or `https`, as the client connected to us.
    ///   - viaName: The pseudonym of this gateway in `Via`: a token, the same in all its processes that share a node.
    package init(
        clientAddress: String, isTrusted: Bool, scheme: String, viaName: String, host: String? = nil
    ) {
        self.clientAddress = clientAddress
        self.isTrusted = isTrusted
        self.scheme = scheme
        self.viaName = viaName
        self.host = host
        let peer = clientAddress.isEmpty ? "unknown" : clientAddress
        // A colon is no token byte, so IPv6 is quoted, and RFC 7239, 6 wants brackets.
        let node = peer.utf8.contains(.colon) ? "\"[\(peer)]\"" : peer
        address = ByteBuffer(peer)
        forwardedElement = ByteBuffer("for=\(node);proto=\(scheme)")
        protoLine = ByteBuffer("X-Forwarded-Proto: \(scheme)\r\n")
        via = ByteBuffer("\(viaName)\r\n")
        untrustedLines = ByteBuffer("X-Forwarded-For: \(peer)\r\nX-Forwarded-Proto: \(scheme)\r\n")
    }

    /// Whether the request has been here before: its `Via` names this gateway (RFC 9110, 7.6.3).
    package func isLoop(_ head: borrowing RequestHead) -> Bool {
        guard head.fields.contains(.via) else { return false }
        let fields = head.fields
        let bytes = fields.lines.span
        for entry in fields.entries where entry.name == .via {
            var items = ListItems(entry.valueRange)
            while let item = items.next(in: bytes) {
                // `1.1 name (comment)`: the name is the second word.
                guard let blank = bytes.extracting(item).first(.space) else { continue }
                let rest = bytes.trimmingBlanks((item.lowerBound + blank)..<item.upperBound)
                let name = bytes.extracting(rest)
                let end = name.first(.space) ?? name.count
                if name.extracting(0..<end).equalsIgnoringCase(viaName.utf8.span) { return true }
            }
        }
        return false
    }
}
