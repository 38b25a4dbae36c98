internal import COpenSSL
internal import Glibc

/// Certificates and keys out of PEM files (RFC 7468). They are given as bytes, so nothing here reads files.
///
/// OpenSSL is always given a function that knows no passphrase, because without one it would ask at the terminal.
enum PEM {
    /// The largest file accepted, in bytes.
    static let maximumSize = 1 << 20

    /// Every certificate, in order. Empty when there is none.
    static func certificates(in bytes: [UInt8]) -> [LibraryObject] {
        read(bytes) { bio in
            var certificates: [LibraryObject] = []
            while let certificate = PEM_read_bio_X509(bio, nil, { _, _, _, _ in -1 }, nil) {
                certificates.append(.certificate(certificate))
            }
            ERR_clear_error()  // The end of the file is an error to OpenSSL.
            return certificates
        } ?? []
    }

    /// The private key.
    ///
    /// - Throws: Without one, with one that needs a passphrase, and with one that OpenSSL cannot read.
    static func key(in bytes: [UInt8]) throws(TLSProblem) -> LibraryObject {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("PRIVATE KEY-----") else { throw TLSProblem("it holds no private key in PEM form") }
        guard !text.contains("BEGIN ENCRYPTED PRIVATE KEY"), !text.contains("Proc-Type: 4,ENCRYPTED") else {
            throw TLSProblem(
                "its key is protected by a passphrase, which nobody is there to type; store it without one"
                    + " (openssl pkey -in KEY -out NEWKEY)")
        }
        guard let key = read(bytes, { PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil) }) ?? nil else {
            throw TLSProblem("its private key cannot be read: \(TLSLibrary.takeReason())")
        }
        return .key(key)
    }

    /// Lends every list of revoked certificates, in order.
    static func forEachRevocationList(in bytes: [UInt8], _ body: (OpaquePointer) -> Void) {
        _ = read(bytes) { bio in
            while let list = PEM_read_bio_X509_CRL(bio, nil, { _, _, _, _ in -1 }, nil) {
                body(list)
                X509_CRL_free(list)
            }
            ERR_clear_error()
        }
    }

    private static func read<Result>(_ bytes: [UInt8], _ body: (OpaquePointer) -> Result) -> Result? {
        _ = TLSLibrary.isReady
        return bytes.withUnsafeBytes { bytes -> Result? in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, CInt(clamping: bytes.count)) else { return nil }
            defer { BIO_free(bio) }
            return body(bio)
        }
    }
}
