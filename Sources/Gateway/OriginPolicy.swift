package import HTTP

/// Whose pages may read answers and open WebSockets here. A browser lets any page open one to any host and sends its cookies
/// along, so whoever ends a WebSocket has to look at `Origin` itself (RFC 6455, 10.2).
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

    /// What a browser is told about an answer that a page of another site asked for (Fetch Standard, 3.3).
    package struct CrossOriginAnswer {
        /// Whether the page may read it.
        package let isAllowed: Bool
        /// For the answer, unless it says such things itself. Nil when there is nothing to say.
        package let fields: HeaderFields?
    }

    /// Pages that are named may read answers to requests with cookies too; when that is everyone, then only such as
    /// everyone gets.
    package func crossOriginAnswer(to request: borrowing RequestHead) -> CrossOriginAnswer {
        guard !allowed.isEmpty else { return CrossOriginAnswer(isAllowed: false, fields: nil) }
        var fields = HeaderFields()
        let count = request.fields.count(of: .origin)
        if allowed.contains("*") {
            guard count > 0 else { return CrossOriginAnswer(isAllowed: false, fields: nil) }
            fields.append(name: "Access-Control-Allow-Origin", value: "*")
            return CrossOriginAnswer(isAllowed: true, fields: fields)
        }
        let origin = count == 1 ? request.fields[.origin] : nil
        let isAllowed = origin.map { allowed.contains($0.lowercased()) } ?? false
        if isAllowed, let origin {
            fields.append(name: "Access-Control-Allow-Origin", value: origin)
            fields.append(name: "Access-Control-Allow-Credentials", value: "true")
        }
        // So that no cache gives one site's answer to another.
        fields.append(.vary, "Origin")
        return CrossOriginAnswer(isAllowed: isAllowed, fields: fields)
    }
}
