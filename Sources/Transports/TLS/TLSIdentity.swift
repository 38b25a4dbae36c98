internal import Bytes
internal import COpenSSL
internal import Glibc

/// A certificate chain with the key of its first certificate: what a server shows to prove who it is. It never changes,
/// and all loops share it.
package final class TLSIdentity: Sendable {
    /// The names that the certificate is for, in lower case; `*.example.com` stands for one label. IP addresses are
    /// among them.
    package let names: [String]
    /// The first and the last second in which the certificate is valid, since 1970.
    package let validity: ClosedRange<Int>
    /// `ECDSA`, `RSA` or `Ed25519`: a server may have one of each kind for one name.
    package let kind: String
    /// Where it was read from, for messages.
    package let origin: String

    /// The certificate itself, and after it those that lead to the authority.
    let chain: [LibraryObject]
    let key: LibraryObject
    /// What the authority says about revocation. Nil when nothing was given, or nothing that may be shown.
    let staple: OCSPStaple?
    /// Why the OCSP response that was given is not shown.
    package let stapleProblem: String?

    /// - Parameters:
    ///   - chain: The content of a PEM file with the certificate first.
    ///   - key: The content of a PEM file with its key.
    ///   - staple: An OCSP response in DER form.
    ///   - origin: The name of the certificate's file.
    ///   - keyOrigin: The name of the key's file.
    ///   - now: Seconds since 1970.
    /// - Throws: When one of them cannot be read, they do not belong together, or the certificate is not valid now.
    package init(
        chain: [UInt8], key: [UInt8], staple: [UInt8]? = nil, origin: String, keyOrigin: String, now: Int
    ) throws(TLSProblem) {
        self.chain = PEM.certificates(in: chain)
        guard let leaf = self.chain.first else {
            throw TLSProblem("\(origin) holds no certificate in PEM form")
        }
        do throws(TLSProblem) {
            self.key = try PEM.key(in: key)
        } catch {
            throw TLSProblem("\(keyOrigin): \(error.sentence)")
        }
        guard X509_check_private_key(leaf.pointer, self.key.pointer) == 1 else {
            ERR_clear_error()
            throw TLSProblem("the key in \(keyOrigin) does not belong to the first certificate in \(origin)")
        }
        self.origin = origin
        names = CertificateFacts.names(of: leaf.pointer)
        validity = CertificateFacts.validity(of: leaf)
        kind = CertificateFacts.kind(of: self.key)
        guard now >= validity.lowerBound else {
            throw TLSProblem(
                "the certificate in \(origin) is not valid before \(Moment(seconds: validity.lowerBound).day):"
                    + " check the clock of this machine, or wait")
        }
        guard now <= validity.upperBound else {
            throw TLSProblem(
                "the certificate in \(origin) has expired on \(Moment(seconds: validity.upperBound).day): renew it")
        }
        (self.staple, stapleProblem) = Self.staple(staple, for: self.chain, now: now)
    }

    /// A server goes on without its staple: clients then ask the authority themselves.
    private static func staple(
        _ der: [UInt8]?, for chain: [LibraryObject], now: Int
    ) -> (OCSPStaple?, problem: String?) {
        guard let der else { return (nil, nil) }
        do throws(TLSProblem) {
            return (try OCSPStaple(der: der, for: chain, now: now), nil)
        } catch {
            return (nil, error.sentence)
        }
    }

    /// The day on which it ends, such as `2027-01-31`.
    package var lastDay: String { Moment(seconds: validity.upperBound).day }
}

/// What certificates say of themselves.
enum CertificateFacts {
    /// The alternative names, or the common name of a certificate without any; in lower case.
    static func names(of certificate: OpaquePointer) -> [String] {
        guard let names = copenssl_alternative_names(certificate) else {
            return commonName(of: certificate).map { [$0] } ?? []
        }
        defer { copenssl_free_names(names) }
        return (0..<copenssl_name_count(names)).compactMap { index in
            var (kind, length): (CInt, CInt) = (0, 0)
            guard let bytes = copenssl_name(names, index, &kind, &length) else { return nil }
            let buffer = UnsafeBufferPointer(start: bytes, count: Int(length))
            return kind == GEN_IPADD ? address(buffer) : String(decoding: buffer, as: UTF8.self).lowercased()
        }
    }

    private static func commonName(of certificate: OpaquePointer) -> String? {
        var text = [CChar](repeating: 0, count: 256)
        let name = X509_get_subject_name(certificate)
        let length = X509_NAME_get_text_by_NID(name, NID_commonName, &text, 256)
        guard length > 0 else { return nil }
        return String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
    }

    private static func address(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard let base = bytes.baseAddress, bytes.count == 4 || bytes.count == 16 else { return nil }
        var text = [CChar](repeating: 0, count: 64)
        guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, base, &text, 64) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Seconds since 1970. An end before the beginning, which no certificate should have, becomes the beginning.
    static func validity(of certificate: LibraryObject) -> ClosedRange<Int> {
        let first = seconds(X509_get0_notBefore(certificate.pointer)) ?? 0
        let last = seconds(X509_get0_notAfter(certificate.pointer)) ?? 0
        return first...max(first, last)
    }

    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int? {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return timegm(&parts)
    }

    static func kind(of key: LibraryObject) -> String {
        switch EVP_PKEY_get_base_id(key.pointer) {
        case EVP_PKEY_EC: "ECDSA"
        case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS: "RSA"
        case EVP_PKEY_ED25519: "Ed25519"
        default: "other"
        }
    }

    /// The subject as RFC 4514 writes it, such as `CN=client,O=Example`; only printable ASCII.
    static func subject(of certificate: OpaquePointer) -> String {
        guard let bio = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(bio) }
        copenssl_print_subject(bio, certificate)
        var text = [UInt8](repeating: 0, count: 2_048)
        let length = BIO_read(bio, &text, 2_048)
        return String(decoding: text.prefix(max(0, Int(length))).filter { (0x20...0x7e).contains($0) }, as: UTF8.self)
    }

    /// SHA-256 of the whole certificate, in lower-case hexadecimal.
    static func fingerprint(of certificate: OpaquePointer) -> String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: CUnsignedInt = 0
        guard X509_digest(certificate, EVP_sha256(), &digest, &length) == 1 else { return "" }
        return digest.prefix(Int(length)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
