internal import HTTP
internal import JSON
internal import Transports

/// A request to an ACME server.
package struct ACMERequest: Sendable, Equatable {
    /// The method.
    package enum Kind: Sendable { case get, head, post }

    package let kind: Kind
    package let url: String
    /// Of a POST: a flattened JWS.
    package var body: [UInt8] = []
    /// What may come back; nil for anything.
    package var accept: String?
}

/// What an ACME server has answered.
package struct ACMEReply: Sendable, Equatable {
    package let status: Int
    /// Good for one request of ours.
    package var nonce: String?
    /// The URL of what was made.
    package var location: String?
    /// In seconds.
    package var retryAfter: Int?
    package var body: [UInt8]

    package init(
        status: Int, nonce: String? = nil, location: String? = nil, retryAfter: Int? = nil, body: [UInt8] = []
    ) {
        self.status = status
        self.nonce = nonce
        self.location = location
        self.retryAfter = retryAfter
        self.body = body
    }

    var isSuccess: Bool { (200..<300).contains(status) }

    /// The body as a JSON object.
    func object(_ what: String) throws(ACMEFailure) -> JSONValue {
        guard let value = try? JSONParser.parse(body.span), value.objectValue != nil else {
            throw ACMEFailure(.refused, "the ACME server's \(what) is no JSON object (status \(status))")
        }
        return value
    }
}

/// How a host is proved to be ours.
package enum ChallengeKind: String, Sendable, CaseIterable {
    /// By a certificate in the handshake on port 443 (RFC 8737).
    case tlsALPN = "tls-alpn-01"
    /// By a text on port 80 (RFC 8555, 8.3).
    case http = "http-01"

    /// Where the authority looks.
    var port: Int { self == .tlsALPN ? 443 : 80 }
}

/// What is to be shown to the authority when it looks.
package struct ChallengeAnswer: Sendable, Equatable {
    package let kind: ChallengeKind
    package let host: String
    package let token: String
    /// The token, a dot, and the thumbprint of the account's key (RFC 8555, 8.1).
    package let keyAuthorization: String
}

/// Where an ACME server has what (RFC 8555, 7.1.1).
struct Directory: Sendable, Equatable {
    let newNonce: String
    let newAccount: String
    let newOrder: String
    /// Nil when the server does not say when to renew (RFC 9773).
    let renewalInfo: String?
    let terms: String?
    let needsExternalAccount: Bool

    init(_ reply: ACMEReply) throws(ACMEFailure) {
        let value = try reply.object("directory")
        newNonce = try Self.url("newNonce", in: value)
        newAccount = try Self.url("newAccount", in: value)
        newOrder = try Self.url("newOrder", in: value)
        renewalInfo = value["renewalInfo"]?.stringValue
        terms = value["meta"]?["termsOfService"]?.stringValue.map(OperatorText.line)
        needsExternalAccount = value["meta"]?["externalAccountRequired"]?.boolValue ?? false
    }

    private static func url(_ name: String, in value: JSONValue) throws(ACMEFailure) -> String {
        guard let url = value[name]?.stringValue else {
            throw ACMEFailure(
                .refused, "the ACME server's directory has no \(name): is --acme_directory the URL of a directory")
        }
        return url
    }
}

/// An address of `https`.
struct SecureURL: Sendable, Equatable {
    let host: String
    let port: UInt16
    /// With the query.
    let target: String

    /// Nil when it is none, or has a user in it.
    init?(_ text: String) {
        let scheme = "https://"
        guard text.lowercased().hasPrefix(scheme), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            return nil
        }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let path = rest[authority.endIndex...].prefix { $0 != "#" }
        target = path.hasPrefix("/") ? String(path) : "/\(path)"
        var name = authority
        var port: UInt16 = 443
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            guard let given = UInt16(authority[authority.index(after: colon)...]) else { return nil }
            port = given
            name = authority[..<colon]
        }
        guard !name.isEmpty, !name.contains("@") else { return nil }
        (host, self.port) = (String(name), port)
    }

    /// With the port, if it is not the usual one.
    var authority: String { port == 443 ? host : "\(host):\(port)" }
}

/// Text of others for our log.
enum OperatorText {
    static let maximumLength = 400

    /// On one line, without control characters, and not too long.
    static func line(_ text: String) -> String {
        let clean = text.unicodeScalars.prefix(maximumLength).map { scalar in
            scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar.value == 0x2028
                || scalar.value == 0x2029 ? " " : Character(scalar)
        }
        return String(clean)
    }
}
