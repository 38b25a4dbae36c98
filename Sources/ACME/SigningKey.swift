internal import Bytes
internal import COpenSSL
internal import JSON
internal import Transports

/// An ECDSA key on the curve P-256: that of an account, or of a certificate. Kept as text and read anew for each use,
/// which is seldom, so that it is a plain value.
package struct SigningKey: Sendable, Equatable {
    /// The private key as the content of a PEM file. Nobody logs it.
    package let pem: [UInt8]
    /// The coordinates of the public key, 32 bytes each.
    let (x, y): ([UInt8], [UInt8])

    /// A new key.
    package static func generate() throws(ACMEFailure) -> SigningKey {
        _ = TLSLibrary.isReady
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { throw refusal("make a key") }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            EVP_PKEY_generate(context, &key) == 1, let key
        else { throw refusal("make a key") }
        defer { EVP_PKEY_free(key) }
        return try SigningKey(pem: OpenSSLText.pem(ofKey: key))
    }

    /// - Throws: When it is no key on this curve.
    package init(pem: [UInt8]) throws(ACMEFailure) {
        self.pem = pem
        let point = try Self.read(pem) { key throws(ACMEFailure) in
            var bytes: UnsafeMutablePointer<UInt8>?
            let length = EVP_PKEY_get1_encoded_public_key(key, &bytes)
            defer { CRYPTO_free(bytes, nil, 0) }
            return Array(UnsafeBufferPointer(start: bytes, count: length))
        }
        // The uncompressed form: a four, and both coordinates.
        guard point.count == 65, point[0] == 4 else { throw ACMEFailure(.local, "it is no key on the curve P-256") }
        (x, y) = (Array(point[1..<33]), Array(point[33...]))
    }

    /// The public key as JSON (RFC 7517), the members in the order in which its thumbprint needs them.
    var jwk: JSONObject {
        [
            "crv": "P-256", "kty": "EC", "x": .string(Base64.encode(x.span, as: .url)),
            "y": .string(Base64.encode(y.span, as: .url)),
        ]
    }

    /// What identifies the public key (RFC 7638).
    package var thumbprint: String {
        Base64.encode(Digest.sha256(JSONValue.object(jwk).text()).span, as: .url)
    }

    /// A signature with SHA-256 as JWS has it (RFC 7518, 3.4): two numbers of 32 bytes.
    func sign(_ message: String) throws(ACMEFailure) -> [UInt8] {
        let der = try withKey { key throws(ACMEFailure) in
            guard let context = EVP_MD_CTX_new() else { throw Self.refusal("sign") }
            defer { EVP_MD_CTX_free(context) }
            let bytes = Array(message.utf8)
            var signature = [UInt8](repeating: 0, count: 128)
            var length = signature.count
            guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
                EVP_DigestSign(context, &signature, &length, bytes, bytes.count) == 1
            else { throw Self.refusal("sign") }
            return Array(signature.prefix(length))
        }
        return try Self.numbers(of: der)
    }

    /// OpenSSL writes the two numbers as ASN.1.
    private static func numbers(of der: [UInt8]) throws(ACMEFailure) -> [UInt8] {
        let parsed = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_ECDSA_SIG(nil, &start, bytes.count)
        }
        guard let parsed else { throw refusal("sign") }
        defer { ECDSA_SIG_free(parsed) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let isWritten = bytes.withUnsafeMutableBufferPointer { room in
            BN_bn2binpad(ECDSA_SIG_get0_r(parsed), room.baseAddress, 32) == 32
                && BN_bn2binpad(ECDSA_SIG_get0_s(parsed), room.baseAddress?.advanced(by: 32), 32) == 32
        }
        guard isWritten else { throw refusal("sign") }
        return bytes
    }

    /// Lends the key as OpenSSL has it.
    func withKey<Result>(_ body: (OpaquePointer) throws(ACMEFailure) -> Result) throws(ACMEFailure) -> Result {
        try Self.read(pem, body)
    }

    private static func read<Result>(
        _ pem: [UInt8], _ body: (OpaquePointer) throws(ACMEFailure) -> Result
    ) throws(ACMEFailure) -> Result {
        _ = TLSLibrary.isReady
        guard let bio = BIO_new_mem_buf(pem, CInt(clamping: pem.count)) else { throw refusal("read a key") }
        defer { BIO_free(bio) }
        // Without a function that knows no passphrase, OpenSSL would ask at the terminal.
        guard let key = PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil) else {
            throw refusal("read a private key")
        }
        defer { EVP_PKEY_free(key) }
        return try body(key)
    }

    static func refusal(_ what: String) -> ACMEFailure {
        ACMEFailure(.local, "OpenSSL cannot \(what): \(TLSLibrary.takeReason())")
    }
}

/// Digests and codes of OpenSSL.
enum Digest {
    static func sha256(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        SHA256(bytes, bytes.count, &digest)
        return digest
    }

    /// HMAC with SHA-256 (RFC 2104).
    static func authenticate(_ text: String, with key: [UInt8]) -> [UInt8] {
        let bytes = Array(text.utf8)
        var code = [UInt8](repeating: 0, count: 32)
        var length: CUnsignedInt = 32
        HMAC(EVP_sha256(), key, CInt(clamping: key.count), bytes, bytes.count, &code, &length)
        return code
    }
}

/// What OpenSSL writes as text.
enum OpenSSLText {
    static func pem(ofKey key: OpaquePointer) throws(ACMEFailure) -> [UInt8] {
        try collect { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
    }

    static func pem(ofCertificate certificate: OpaquePointer) throws(ACMEFailure) -> [UInt8] {
        try collect { PEM_write_bio_X509($0, certificate) }
    }

    private static func collect(_ write: (OpaquePointer) -> CInt) throws(ACMEFailure) -> [UInt8] {
        guard let bio = BIO_new(BIO_s_mem()) else { throw SigningKey.refusal("write PEM") }
        defer { BIO_free(bio) }
        guard write(bio) == 1 else { throw SigningKey.refusal("write PEM") }
        var text = [UInt8](repeating: 0, count: 16_384)
        let length = BIO_read(bio, &text, CInt(text.count))
        return Array(text.prefix(Int(max(0, length))))
    }
}
