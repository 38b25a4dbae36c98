internal import COpenSSL

/// The TLS library that the program is linked with.
package enum TLSLibrary {
    /// Such as `OpenSSL 3.0.19 27 Jan 2026`, as the library itself says it at run time.
    package static var version: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }
}
