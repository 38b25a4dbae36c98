internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON

/// A token that says who its owner is, signed with RS256 (RFC 7519), with the claims of Go Micro: `sub` is the account, `iss`
/// its namespace, `scopes` a list.
struct JSONWebToken: Sendable, Equatable {
    let account: Account
    /// The second of 1970 from which on it is not good any more. Nil for one that lasts.
    let end: Int?
    /// The one before which it is not good yet.
    private let start: Int?

    /// How far clocks may be apart when a token is quite new, in seconds.
    private static let leeway = 30

    /// Reads a token, and checks its signature.
    ///
    /// The algorithm is that of the key, whatever the token names: one that chooses its own would choose a weak one.
    ///
    /// - Throws: What is wrong with it, for the client.
    init(_ text: String, signedBy key: OpenSSLKey) throws(BadToken) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Self.object(parts[0]), let signature = Self.decoded(parts[2]) else {
            throw BadToken("is no JWT")
        }
        guard head["alg"]?.stringValue == "RS256" else { throw BadToken("is not signed with RS256") }
        // Extensions that must be understood (RFC 7515, 4.1.11). We have none.
        guard head["crit"] == nil else { throw BadToken("needs extensions that nobody here knows") }
        let signed = Array(text.utf8.prefix(parts[0].count + 1 + parts[1].count))
        guard key.verifies(signature, of: signed.span) else { throw BadToken("has a signature of somebody else") }
        guard let claims = Self.object(parts[1]) else { throw BadToken("is no JWT") }
        try self.init(claims)
    }

    private init(_ claims: JSONObject) throws(BadToken) {
        guard let id = claims["sub"]?.stringValue, !id.isEmpty, id.isVisible else {
            throw BadToken("names no account (sub)")
        }
        let scopes =
            claims["scopes"]?.arrayValue?.compactMap(\.stringValue)
            ?? claims["scope"]?.stringValue?.split(separator: " ").map(String.init) ?? []
        account = Account(id: id, issuer: claims["iss"]?.stringValue ?? "", scopes: scopes)
        (start, end) = (try Self.moment("nbf", in: claims), try Self.moment("exp", in: claims))
    }

    /// Why it is not good at this second of 1970; nil when it is.
    func problem(at now: Int) -> BadToken? {
        if let end, now >= end { return BadToken("has expired") }
        if let start, now + Self.leeway < start { return BadToken("is not good yet") }
        return nil
    }

    /// - Throws: For a moment that is no number: a token that was meant to end must not last for ever.
    private static func moment(_ name: String, in claims: JSONObject) throws(BadToken) -> Int? {
        switch claims[name] {
        case nil, .null?: return nil
        case .number(let digits)?:
            if let seconds = Int(digits) { return seconds }
            guard let seconds = Double(digits), seconds.magnitude < 1e15 else {
                throw BadToken("has a moment that is none (\(name))")
            }
            return Int(seconds)
        default: throw BadToken("has a moment that is none (\(name))")
        }
    }

    private static func object(_ part: Substring.UTF8View) -> JSONObject? {
        guard let bytes = decoded(part), case .object(let object)? = try? JSONParser.parse(bytes.span) else {
            return nil
        }
        return object
    }

    private static func decoded(_ part: Substring.UTF8View) -> [UInt8]? { Base64.decode(Array(part).span, as: .url) }
}

/// Why a token is not good.
struct BadToken: Error, Equatable {
    /// Ends a sentence that begins with "the token". For the client.
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

extension String {
    /// Whether it can stand in a line of a log, and not too much of it.
    var isVisible: Bool {
        utf8.count <= 256 && unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) }
    }
}
