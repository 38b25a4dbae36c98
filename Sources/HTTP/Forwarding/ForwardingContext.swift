import Bytes

/// What a gateway tells its nodes about a client's connection. Made once per connection: the lines that are the same
/// for all its requests are rendered here, so that writing a request makes no text. A class, because it is handed on by
/// every request and never changes.
package final class ForwardingContext: Sendable {
    /// The peer's IP address without port; empty for a socket without one.
    package let clientAddress: String
    /// Whether the peer is a proxy that may speak for its clients.
    package let isTrusted: Bool
    /// `http` or `https`, as the client connected to us.
    package let scheme: String

    /// `http` or `https`, as the client connected to the first proxy that is trusted, or to us.
    package func scheme(of head: borrowing RequestHead) -> String {
        guard isTrusted, let told = head.fields[.xForwardedProto]?.lowercased(), told == "http" || told == "https"
        else {
            return scheme
        }
        return told
    }

    /// The pseudonym of this gateway in `Via`.
    package let viaName: String
    /// What to send as `Host` instead of the host that the client asked. Default nil.
    package let host: String?
    /// Who the client is by its certificate, as nodes are told in `X-Forwarded-Client-Cert`. Nil when it has shown none;
    /// what a client itself sends under that name is never passed on.
    package let clientCertificate: String?
    /// The namespace of a request, which nodes are told in `Micro-Namespace`; empty for none. Nil, the default, tells none of
    /// any request. What a client sends under that name is never passed on.
    let namespace: (@Sendable (borrowing RequestHead) -> String)?

    /// `192.0.2.1`.
    let address: ByteBuffer
    /// `for=192.0.2.1;proto=http`.
    let forwardedElement: ByteBuffer
    /// `X-Forwarded-Proto`.
    let protoLine: ByteBuffer
    /// For a peer that is not trusted, what comes before its authority is written for the first time, and the second.
    let originBeforeHost: ByteBuffer
    let originBetweenHosts: ByteBuffer
    let originWithoutHost: ByteBuffer
    /// The client's certificate, `Via` and the empty line, by version.
    let via20: ByteBuffer
    let via11: ByteBuffer
    let via10: ByteBuffer

    /// - Parameters:
    ///   - clientAddress: The peer's IP address without port; empty for a socket without one, which nodes see as
    ///     `unknown`.
    ///   - isTrusted: Whether the peer is a proxy that may speak for its clients. What it says is kept and added to;
    ///     what any other peer says of itself is dropped.
    ///   - scheme: `http` or `https`, as the client connected to us.
    ///   - viaName: The pseudonym of this gateway in `Via`: a token, the same in all its processes that share a node.
    ///   - clientCertificate: Printable ASCII.
    ///   - namespace: Of a request.
    package init(
        clientAddress: String, isTrusted: Bool, scheme: String, viaName: String, host: String? = nil,
        clientCertificate: String? = nil, namespace: (@Sendable (borrowing RequestHead) -> String)? = nil
    ) {
        self.namespace = namespace
        self.clientAddress = clientAddress
        self.isTrusted = isTrusted
        self.scheme = scheme
        self.viaName = viaName
        self.host = host
        self.clientCertificate = clientCertificate
        let peer = clientAddress.isEmpty ? "unknown" : clientAddress
        // A colon is no token byte, so IPv6 is quoted, and RFC 7239, 6 wants brackets.
        let node = peer.utf8.contains(.colon) ? "\"[\(peer)]\"" : peer
        let element = "for=\(node);proto=\(scheme)"
        let lines = "X-Forwarded-For: \(peer)\r\nX-Forwarded-Proto: \(scheme)\r\n"
        address = Self.exact(peer)
        forwardedElement = Self.exact(element)
        protoLine = Self.exact("X-Forwarded-Proto: \(scheme)\r\n")
        originBeforeHost = Self.exact("\(lines)X-Forwarded-Host: ")
        originBetweenHosts = Self.exact("\r\nForwarded: \(element);host=\"")
        originWithoutHost = Self.exact("\(lines)Forwarded: \(element)\r\n")
        let identity = clientCertificate.map { "\(Self.certificateField): \($0)\r\n" } ?? ""
        via20 = Self.exact("\(identity)Via: 2.0 \(viaName)\r\n\r\n")
        via11 = Self.exact("\(identity)Via: 1.1 \(viaName)\r\n\r\n")
        via10 = Self.exact("\(identity)Via: 1.0 \(viaName)\r\n\r\n")
    }

    /// No longer than the text, since there are as many of these as there are connections.
    private static func exact(_ text: String) -> ByteBuffer { ByteBuffer(Array(text.utf8)) }

    /// The name under which nodes are told who the client is by its certificate.
    package static let certificateField = "X-Forwarded-Client-Cert"

    /// The value of that field, in the form that Envoy gave it: the certificate's SHA-256, and its subject in quotes.
    ///
    /// - Parameter subject: Printable ASCII.
    package static func certificateValue(fingerprint: String, subject: String) -> String {
        var quoted = ""
        for character in subject {
            if character == "\"" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return "Hash=\(fingerprint);Subject=\"\(quoted)\""
    }

    /// The same for a client whose certificate has become known.
    package func with(clientCertificate: String) -> ForwardingContext {
        ForwardingContext(
            clientAddress: clientAddress, isTrusted: isTrusted, scheme: scheme, viaName: viaName, host: host,
            clientCertificate: clientCertificate, namespace: namespace)
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
