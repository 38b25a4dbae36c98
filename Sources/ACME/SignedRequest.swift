internal import Bytes
internal import JSON

/// Requests to an ACME server, signed by the key of an account (RFC 8555, 6.2; RFC 7515).
enum SignedRequest {
    /// Who signs.
    enum Signer {
        /// The account that the server knows by this URL.
        case account(url: String)
        /// A key that the server does not know yet.
        case key
    }

    /// The body of a POST.
    ///
    /// - Parameters:
    ///   - payload: Nil for a POST that only asks (RFC 8555, 6.3).
    ///   - url: Exactly that of the request.
    static func body(
        _ payload: JSONValue?, to url: String, nonce: String, key: SigningKey, as signer: Signer
    ) throws(ACMEFailure) -> [UInt8] {
        var header: JSONObject = ["alg": "ES256", "nonce": .string(nonce), "url": .string(url)]
        switch signer {
        case .account(let account): header["kid"] = .string(account)
        case .key: header["jwk"] = .object(key.jwk)
        }
        let protected = encode(.object(header))
        let content = payload.map(encode) ?? ""
        let signature = try key.sign("\(protected).\(content)")
        return flattened(protected, content, signature)
    }

    /// The proof that an account elsewhere vouches for a new one (RFC 8555, 7.3.4).
    static func binding(_ external: ExternalAccount, of key: SigningKey, to url: String) -> JSONValue {
        let protected = encode(.object(["alg": "HS256", "kid": .string(external.identifier), "url": .string(url)]))
        let content = encode(.object(key.jwk))
        let code = Digest.authenticate("\(protected).\(content)", with: external.key)
        return .object(members(protected, content, code))
    }

    private static func encode(_ value: JSONValue) -> String {
        Base64.encode(value.text(JSONStyle(escapesHTML: false)).utf8.span, as: .url)
    }

    private static func members(_ protected: String, _ content: String, _ signature: [UInt8]) -> JSONObject {
        [
            "protected": .string(protected), "payload": .string(content),
            "signature": .string(Base64.encode(signature.span, as: .url)),
        ]
    }

    private static func flattened(_ protected: String, _ content: String, _ signature: [UInt8]) -> [UInt8] {
        Array(JSONValue.object(members(protected, content, signature)).text().utf8)
    }
}

/// An account that the authority has given out elsewhere, and that vouches for ours (RFC 8555, 7.3.4).
package struct ExternalAccount: Sendable, Equatable {
    package let identifier: String
    let key: [UInt8]

    /// - Parameter encodedKey: In Base64 for URLs, as authorities give it out. Nil when it is no such text.
    package init?(identifier: String, encodedKey: String) {
        guard let key = Base64.decode(lenient: encodedKey.utf8.span, in: .url), !key.isEmpty else { return nil }
        self.identifier = identifier
        self.key = key
    }
}
