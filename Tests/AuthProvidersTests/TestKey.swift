import Bytes
import COpenSSL
import JSON

/// An RSA key that signs tokens, made anew for each run.
final class TestKey: Sendable {
    static let shared = TestKey(bits: 2_048)
    static let other = TestKey(bits: 2_048)

    private nonisolated(unsafe) let key: OpaquePointer

    init(bits: CInt) {
        let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        precondition(EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1)
        precondition(EVP_PKEY_generate(context, &key) == 1)
        guard let key else { preconditionFailure("OpenSSL makes no key") }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    /// The public half as PEM.
    var pem: [UInt8] { written { PEM_write_bio_PUBKEY($0, key) } }

    /// A certificate of it, signed by itself.
    var certificate: [UInt8] {
        guard let certificate = X509_new() else { preconditionFailure("OpenSSL makes no certificate") }
        defer { X509_free(certificate) }
        X509_gmtime_adj(X509_getm_notBefore(certificate), 0)
        X509_gmtime_adj(X509_getm_notAfter(certificate), 3_600)
        X509_set_pubkey(certificate, key)
        precondition(X509_sign(certificate, key, EVP_sha256()) > 0)
        return written { PEM_write_bio_X509($0, certificate) }
    }

    private func written(_ write: (OpaquePointer) -> CInt) -> [UInt8] {
        guard let bio = BIO_new(BIO_s_mem()) else { preconditionFailure("OpenSSL has no memory") }
        defer { BIO_free(bio) }
        precondition(write(bio) == 1)
        var text = [UInt8](repeating: 0, count: 16_384)
        let length = BIO_read(bio, &text, CInt(text.count))
        return Array(text.prefix(Int(length)))
    }

    func sign(_ text: String, digest: OpaquePointer = EVP_sha256()) -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        let bytes = Array(text.utf8)
        var signature = [UInt8](repeating: 0, count: 1_024)
        var length = signature.count
        precondition(EVP_DigestSignInit(context, nil, digest, nil, key) == 1)
        precondition(EVP_DigestSign(context, &signature, &length, bytes, bytes.count) == 1)
        return Array(signature.prefix(length))
    }

    /// A signed token with these parts.
    func token(_ claims: String, head: String = #"{"alg":"RS256","typ":"JWT"}"#) -> String {
        let signed = "\(Self.encode(Array(head.utf8))).\(Self.encode(Array(claims.utf8)))"
        return "\(signed).\(Self.encode(sign(signed)))"
    }

    static func encode(_ bytes: [UInt8]) -> String { Base64.encode(bytes.span, as: .url) }
}
