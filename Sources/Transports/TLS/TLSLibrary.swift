internal import COpenSSL

/// The TLS library that the program is linked with.
package enum TLSLibrary {
    /// Such as `OpenSSL 3.0.19 27 Jan 2026`, as the library itself says it at run time.
    package static var version: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }

    /// To be touched before anything of the library is used: it must not clean up when the process ends, because loops
    /// are still running then.
    package static let isReady: Bool = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1

    /// What the library says about the call that has just failed, in its own words, and forgets it.
    package static func takeReason() -> String {
        let error = ERR_peek_error()
        defer { ERR_clear_error() }
        guard error != 0 else { return "OpenSSL gives no reason" }
        if let text = ERR_reason_error_string(error) { return String(cString: text) }
        return "OpenSSL error \(String(error, radix: 16))"
    }
}

/// Something that is wrong with certificates, keys or the settings of TLS.
package struct TLSProblem: Error, Equatable {
    /// What and where, for the operator; a sentence without a period.
    package let sentence: String

    package init(_ sentence: String) { self.sentence = sentence }
}
