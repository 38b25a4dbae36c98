internal import Bytes
internal import COpenSSL
internal import Transports

/// Asks an authority for a certificate (RFC 2986).
enum CertificateRequest {
    /// In DER form: for one host, with the public half of the key, and nothing else that an authority would have to check.
    static func der(for host: String, key: SigningKey) throws(ACMEFailure) -> [UInt8] {
        try key.withKey { key throws(ACMEFailure) in
            guard let request = X509_REQ_new() else { throw SigningKey.refusal("make a request") }
            defer { X509_REQ_free(request) }
            guard X509_REQ_set_version(request, 0) == 1, X509_REQ_set_pubkey(request, key) == 1,
                copenssl_request_names(request, "DNS:\(host)") == 1, X509_REQ_sign(request, key, EVP_sha256()) > 0
            else { throw SigningKey.refusal("make a request for \(host)") }
            var bytes: UnsafeMutablePointer<UInt8>?
            let length = i2d_X509_REQ(request, &bytes)
            defer { CRYPTO_free(bytes, nil, 0) }
            guard length > 0 else { throw SigningKey.refusal("make a request for \(host)") }
            return Array(UnsafeBufferPointer(start: bytes, count: Int(length)))
        }
    }
}

/// The certificate that a server shows to an authority's probe (RFC 8737, 3). It is signed by itself, and good for nothing
/// else.
enum ChallengeCertificate {
    /// How long it is valid around now, in seconds: clocks differ.
    private static let validity = 86_400
    /// What holds the digest; OpenSSL has no name for it.
    private static let acmeIdentifier = "1.3.6.1.5.5.7.1.31"

    static func identity(
        for host: String, keyAuthorization: String, now: Int
    ) throws(ACMEFailure) -> TLSIdentity {
        let key = try SigningKey.generate()
        let chain = try key.withKey { key throws(ACMEFailure) in
            try make(host, Digest.sha256(keyAuthorization), key)
        }
        do throws(TLSProblem) {
            return try TLSIdentity(
                chain: chain, key: key.pem, origin: "the answer to a challenge",
                keyOrigin: "the answer to a challenge", now: now)
        } catch {
            throw ACMEFailure(.local, error.sentence)
        }
    }

    private static func make(_ host: String, _ digest: [UInt8], _ key: OpaquePointer) throws(ACMEFailure) -> [UInt8] {
        guard let made = X509_new() else { throw SigningKey.refusal("make a certificate") }
        defer { X509_free(made) }
        X509_set_version(made, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(made), 1)
        X509_gmtime_adj(X509_getm_notBefore(made), -validity)
        X509_gmtime_adj(X509_getm_notAfter(made), validity)
        X509_set_pubkey(made, key)
        // An octet string of 32 bytes.
        let octets = ([0x04, 0x20] + digest).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let extensions = [
            ("subjectAltName", "DNS:\(host)"), (acmeIdentifier, "critical,DER:\(octets)"),
        ]
        for (kind, value) in extensions {
            guard let part = X509V3_EXT_nconf(nil, nil, kind, value) else {
                throw SigningKey.refusal("make a certificate for \(host)")
            }
            X509_add_ext(made, part, -1)
            X509_EXTENSION_free(part)
        }
        guard X509_sign(made, key, EVP_sha256()) > 0 else { throw SigningKey.refusal("sign a certificate") }
        return try OpenSSLText.pem(ofCertificate: made)
    }
}

/// The name of a certificate in questions about its renewal (RFC 9773, 4.1).
package enum CertificateID {
    /// - Parameter chain: The content of a PEM file with the certificate first.
    /// - Returns: Nil when the certificate does not name its authority's key.
    package static func text(ofFirstIn chain: [UInt8]) -> String? {
        guard let bio = BIO_new_mem_buf(chain, CInt(clamping: chain.count)) else { return nil }
        defer { BIO_free(bio) }
        guard let certificate = PEM_read_bio_X509(bio, nil, { _, _, _, _ in -1 }, nil) else {
            ERR_clear_error()
            return nil
        }
        defer { X509_free(certificate) }
        guard let identifier = X509_get0_authority_key_id(certificate) else { return nil }
        let bytes = UnsafeBufferPointer(
            start: ASN1_STRING_get0_data(identifier), count: Int(ASN1_STRING_length(identifier)))
        var der: UnsafeMutablePointer<UInt8>?
        let length = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &der)
        defer { CRYPTO_free(der, nil, 0) }
        guard length > 2 else { return nil }
        // In front of the number are its kind and its length, a byte each, since serial numbers are short.
        let serial = UnsafeBufferPointer(start: der, count: Int(length)).dropFirst(2)
        return text(keyIdentifier: Array(bytes), serial: Array(serial))
    }

    static func text(keyIdentifier: [UInt8], serial: [UInt8]) -> String {
        "\(Base64.encode(keyIdentifier.span, as: .url)).\(Base64.encode(serial.span, as: .url))"
    }
}
