package import HTTP

/// Which pages of other origins may use what is here: read answers (CORS), and open WebSockets. A browser lets any page open
/// one to any host and sends its cookies along, so whoever ends a WebSocket has to look at `Origin` itself (RFC 6455, 10.2).
package struct OriginPolicy: Sendable, Equatable {
    /// Origins whose pages may, such as `https://app.example`. In lower case. Default none.
    private let allowed: [String]
    /// Whether pages of every origin may, without cookies.
    private let allowsAll: Bool

    /// - Parameter allowed: Exact origins; `*` is everyone.
    package init(allowed: [String] = []) {
        self.allowed = allowed.map { $0.lowercased() }.filter { $0 != "*" }
        allowsAll = allowed.contains("*")
    }

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
        if origins.isEmpty || allowsAll { return true }
        let authority = request.authority
        return origins.allSatisfy { origin in
            allowed.contains(origin.lowercased()) || AccessPolicy.isSameOrigin(origin, authority)
        }
    }

    /// What a page of another origin may read of the answer to its request.
    ///
    /// A page of an origin that is listed may read everything, also with cookies. With `*` every page may, without them.
    /// With no list, pages of this machine may, without them: they are the ones that people develop.
    ///
    /// - Returns: Nil when nothing need be said.
    package func grant(for request: borrowing RequestHead) -> CrossOriginGrant? {
        let everyone = CrossOriginGrant(origin: allowsAll ? "*" : nil, varies: !allowsAll || !allowed.isEmpty)
        guard request.fields.contains(.origin) else {
            // A cache must not keep for all origins what was answered to nobody in particular.
            return allowed.isEmpty && !allowsAll ? nil : everyone
        }
        let origins = request.fields.values(.origin)
        if origins.count == 1 {
            if allowed.contains(origins[0].lowercased()) {
                return CrossOriginGrant(origin: origins[0], allowsCredentials: true)
            }
            if allowed.isEmpty, !allowsAll, Self.isOfThisMachine(origins[0]) {
                return CrossOriginGrant(origin: origins[0])
            }
        }
        return everyone
    }

    /// Whether a page comes from the machine that its browser runs on.
    private static func isOfThisMachine(_ origin: String) -> Bool {
        guard isOrigin(origin), let start = origin.firstRange(of: "://")?.upperBound else { return false }
        return AccessPolicy().isThisMachine(String(origin[start...]))
    }
}
