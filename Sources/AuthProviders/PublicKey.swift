internal import Bytes
internal import COpenSSL
internal import Transports

/// An RSA key that checks signatures, as text: a plain value, which is checked when it is made.
package struct PublicKey: Sendable, Equatable {
    /// What RFC 7518, 3.3, asks for, in bits.
    package static let minimumLength = 2_048

    let pem: [UInt8]

    /// - Parameter pem: A public key (`BEGIN PUBLIC KEY`), or a certificate that has it.
    /// - Throws: With the reason, as the end of a sentence whose subject is the key.
    package init(pem: [UInt8]) throws(BadKey) {
        self.pem = pem
        guard let key = OpenSSLKey(pem) else {
            throw BadKey(reason: "is no public key in PEM (BEGIN PUBLIC KEY), and no certificate")
        }
        guard key.isRSA else { throw BadKey(reason: "is no RSA key, which RS256 needs") }
        guard key.length >= Self.minimumLength else {
            throw BadKey(reason: "has \(key.length) bits, and needs \(Self.minimumLength)")
        }
    }

    /// - Parameter text: As operators give it: PEM, or Base64 of that, as Micro v2 wants it.
    /// - Throws: As for PEM.
    package init(text: String) throws(BadKey) {
        var pem: [UInt8]? = Array(text.utf8)
        if !text.contains("-----BEGIN ") {
            let digits = text.utf8.filter { !($0 == 0x20 || $0 == 0x0a || $0 == 0x0d) }
            pem = Base64.decode(lenient: digits.span, in: .either)
        }
        guard let pem else { throw BadKey(reason: "is neither PEM nor Base64 of that") }
        try self.init(pem: pem)
    }
}

/// A public key as OpenSSL has it. One for each loop.
final class OpenSSLKey {
    private let key: OpaquePointer

    /// - Parameter pem: A public key, or a certificate that has it. Nil when it is neither.
    init?(_ pem: [UInt8]) {
        _ = TLSLibrary.isReady
        guard let key = Self.read(pem) ?? Self.readCertificate(pem) else {
            _ = TLSLibrary.takeReason()
            return nil
        }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    var isRSA: Bool { EVP_PKEY_is_a(key, "RSA") == 1 }

    /// In bits.
    var length: Int { Int(EVP_PKEY_get_bits(key)) }

    /// Whether the text was signed with RS256 by the other half of this key (RFC 7518, 3.3).
    func verifies(_ signature: [UInt8], of text: Span<UInt8>) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return false }
        let isGood = text.withUnsafeBufferPointer { text in
            EVP_DigestVerify(context, signature, signature.count, text.baseAddress, text.count) == 1
        }
        // A signature that is none leaves its reason behind, which would be taken for another's.
        if !isGood { ERR_clear_error() }
        return isGood
    }

    private static func read(_ pem: [UInt8]) -> OpaquePointer? {
        // Without a function that knows no passphrase, OpenSSL would ask at the terminal.
        withBIO(pem) { PEM_read_bio_PUBKEY($0, nil, { _, _, _, _ in -1 }, nil) }
    }

    private static func readCertificate(_ pem: [UInt8]) -> OpaquePointer? {
        withBIO(pem) { bio in
            guard let certificate = PEM_read_bio_X509(bio, nil, { _, _, _, _ in -1 }, nil) else { return nil }
            defer { X509_free(certificate) }
            return X509_get_pubkey(certificate)
        }
    }

    private static func withBIO(_ pem: [UInt8], _ body: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
        pem.withUnsafeBufferPointer { bytes in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, CInt(clamping: bytes.count)) else { return nil }
            defer { BIO_free(bio) }
            return body(bio)
        }
    }
}

/// Why a text is no key.
package struct BadKey: Error, Equatable {
    /// The end of a sentence whose subject is the key.
    package let reason: String
}
