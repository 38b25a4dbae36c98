package import HTTP

/// What a request brings along to say who sent it (RFC 6750, 2).
package enum Credential: Equatable {
    case none
    /// A token in `Authorization`.
    case bearer(String)
    /// A token in the cookie `micro-token`, which is looked at where there is no `Authorization`.
    case cookie(String)
    /// `Authorization` in another scheme, which nobody here understands.
    case foreign

    /// The cookie that login pages of Micro v2 set.
    package static let cookieName = "micro-token"
    /// The longest token that is looked at, in bytes.
    private static let maximumLength = 16_384

    /// - Parameter trustsCookie: Whether the request was made by a page that may act for whoever uses the browser.
    package init(of request: borrowing RequestHead, trustsCookie: Bool) {
        if let text = request.fields[.authorization] {
            self = request.fields.count(of: .authorization) == 1 ? Self.reading(text) : .foreign
        } else if trustsCookie, var token = Cookies.value(of: Self.cookieName, in: request.fields) {
            // Some login pages of the time put the name in front a second time.
            if token.hasPrefix("\(Self.cookieName)=") { token.removeFirst(Self.cookieName.count + 1) }
            self = Self.isToken(token) ? .cookie(token) : .none
        } else {
            self = .none
        }
    }

    package var token: String? {
        switch self {
        case .bearer(let token), .cookie(let token): token
        case .none, .foreign: nil
        }
    }

    private static func reading(_ text: String) -> Credential {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return .foreign }
        let token = String(parts[1].drop { $0 == " " })
        return isToken(token) ? .bearer(token) : .foreign
    }

    /// Whether it can stand in a header field as it is: visible ASCII, and not too much of it.
    private static func isToken(_ text: String) -> Bool {
        (1...maximumLength).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }
}
