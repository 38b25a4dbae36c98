internal import COpenSSL

/// A certificate authority of the test's own, made anew each time, so that nothing in the tree expires.
package final class TestAuthority {
    /// The kind of key that a certificate has.
    package enum Kind { case ecdsa, rsa }

    /// A certificate with its key, both as the content of PEM files.
    package struct Certificate: Sendable {
        package let chain: [UInt8]
        package let key: [UInt8]
    }

    private let certificate: OpaquePointer
    private let key: OpaquePointer
    private var serial = 1

    package init(_ name: String = "Test authority") {
        key = Self.makeKey(.ecdsa)
        certificate = Self.make(
            subject: name, of: key, issuer: nil, signedBy: key, serial: 1, from: -86_400, to: 864_000,
            extensions: [(NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "keyCertSign,cRLSign")])
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    /// The authority's own certificate, as the content of a PEM file.
    package var pem: [UInt8] { Self.text { PEM_write_bio_X509($0, certificate) } }

    /// A certificate for these names, with that of the authority behind it.
    ///
    /// - Parameters:
    ///   - names: `DNS:a.example` or `IP:127.0.0.1`; may be empty.
    ///   - from: Seconds from now to the first second of its validity.
    ///   - to: Seconds from now to the last one.
    ///   - usage: `serverAuth` or `clientAuth`.
    package func issue(
        _ names: [String], subject: String = "test", kind: Kind = .ecdsa, from: Int = -3_600, to: Int = 86_400,
        usage: String = "serverAuth"
    ) -> Certificate {
        serial += 1
        let key = Self.makeKey(kind)
        var extensions = [(NID_ext_key_usage, usage)]
        if !names.isEmpty { extensions.append((NID_subject_alt_name, names.joined(separator: ","))) }
        let made = Self.make(
            subject: subject, of: key, issuer: certificate, signedBy: self.key, serial: serial, from: from, to: to,
            extensions: extensions)
        defer {
            X509_free(made)
            EVP_PKEY_free(key)
        }
        return Certificate(
            chain: Self.text { PEM_write_bio_X509($0, made) } + pem,
            key: Self.text { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) })
    }

    private static func makeKey(_ kind: Kind) -> OpaquePointer {
        let context = EVP_PKEY_CTX_new_from_name(nil, kind == .ecdsa ? "EC" : "RSA", nil)
        defer { EVP_PKEY_CTX_free(context) }
        EVP_PKEY_keygen_init(context)
        switch kind {
        case .ecdsa: EVP_PKEY_CTX_set_group_name(context, "P-256")
        case .rsa: EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2_048)
        }
        var key: OpaquePointer?
        EVP_PKEY_generate(context, &key)
        guard let key else { preconditionFailure("OpenSSL makes no key") }
        return key
    }

    private static func make(
        subject: String, of key: OpaquePointer, issuer: OpaquePointer?, signedBy signer: OpaquePointer, serial: Int,
        from: Int, to: Int, extensions: [(CInt, String)]
    ) -> OpaquePointer {
        guard let made = X509_new() else { preconditionFailure("OpenSSL makes no certificate") }
        X509_set_version(made, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(made), serial)
        X509_gmtime_adj(X509_getm_notBefore(made), from)
        X509_gmtime_adj(X509_getm_notAfter(made), to)
        X509_set_pubkey(made, key)
        let name = X509_get_subject_name(made)
        X509_NAME_add_entry_by_txt(name, "CN", asciiText, subject, -1, -1, 0)
        X509_set_issuer_name(made, issuer.map { X509_get_subject_name($0) } ?? name)
        for (kind, value) in extensions {
            let extension_ = X509V3_EXT_nconf_nid(nil, nil, kind, value)
            X509_add_ext(made, extension_, -1)
            X509_EXTENSION_free(extension_)
        }
        X509_sign(made, signer, EVP_sha256())
        return made
    }

    /// OpenSSL's `MBSTRING_ASC`, which is a macro.
    private static let asciiText: CInt = 0x1001

    private static func text(_ write: (OpaquePointer?) -> CInt) -> [UInt8] {
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        _ = write(bio)
        var text = [UInt8](repeating: 0, count: 16_384)
        let length = BIO_read(bio, &text, 16_384)
        return Array(text.prefix(Int(max(0, length))))
    }
}
