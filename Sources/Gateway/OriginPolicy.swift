package import HTTP

/// Whose pages may open a WebSocket here. A browser lets any page open one to any host and sends its cookies along, so
/// whoever ends a WebSocket has to look at `Origin` itself (RFC 6455, 10.2).
package struct OriginPolicy: Sendable, Equatable {
    /// Pages of other hosts that may, such as `https://app.example`; `*` is everyone. In lower case. Default none.
    private let allowed: [String]

    package init(allowed: [String] = []) { self.allowed = allowed.map { $0.lowercased() } }

    /// Whether what an operator wrote is `*`, or a scheme, a host and perhaps a port.
    package static func isOrigin(_ text: String) -> Bool {
        if text == "*" { return true }
        guard let end = text.firstRange(of: "://")?.upperBound, end < text.endIndex else { return false }
        let scheme = text[..<end].lowercased()
        return (scheme == "http://" || scheme == "https://")
            && text[end...].utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"/?#@,".utf8.contains($0) }
    }

    /// Whether the request may become a WebSocket. A client that is no browser sends no `Origin`, and may.
    package func allows(_ request: borrowing RequestHead) -> Bool {
        let origins = request.fields.values(.origin)
        if origins.isEmpty || allowed.contains("*") { return true }
        let authority = request.authority
        return origins.allSatisfy { origin in
            allowed.contains(origin.lowercased()) || AccessPolicy.isSameOrigin(origin, authority)
        }
    }
}
