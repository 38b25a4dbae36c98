internal import COpenSSL
internal import Reactor

/// Turns what OpenSSL says about a connection that failed into an error for the operator.
enum TLSFailure {
    static func reason(of engine: TLSEngine, inHandshake: Bool, atEnd: Bool) -> ChannelError {
        let error = ERR_peek_error()
        guard error != 0 else {
            // OpenSSL has nothing to complain of: the channel has ended. After the handshake, only a goodbye is an end.
            return inHandshake && atEnd ? .insecure("the peer left in the middle of the TLS handshake") : .closed
        }
        let isServer = if case .server = engine.role { true } else { false }
        switch CInt(copenssl_reason(error)) {
        case SSL_R_HTTP_REQUEST where isServer: return .plainHTTP
        case SSL_R_HTTPS_PROXY_REQUEST where isServer: return .plainHTTP
        case SSL_R_HTTP_REQUEST, SSL_R_WRONG_VERSION_NUMBER, SSL_R_UNEXPECTED_MESSAGE, SSL_R_UNKNOWN_PROTOCOL,
            SSL_R_BAD_PACKET_LENGTH, SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_RECORD_LENGTH_MISMATCH:
            return .insecure(inHandshake ? "what it sends is no TLS" : "what it sends is broken TLS")
        case SSL_R_CERTIFICATE_VERIFY_FAILED: return .insecure(verification(of: engine, isServer: isServer))
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return .insecure("the client shows no certificate, and one is required (--tls_client_ca_file)")
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            return .insecure("the two sides have no version in common: TLS 1.2 and 1.3 are spoken here")
        case SSL_R_NO_SHARED_CIPHER, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
            return .insecure("the two sides have no cipher, group or kind of key in common")
        case SSL_R_NO_APPLICATION_PROTOCOL, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
            return .insecure("the two sides have no protocol in common (ALPN)")
        case SSL_R_CALLBACK_FAILED where isServer:
            return .insecure("there is no certificate for the name that the client asks for")
        case SSL_R_UNEXPECTED_EOF_WHILE_READING: return .closed
        default: return .insecure("TLS failed: \(String(cString: ERR_reason_error_string(error)))")
        }
    }

    /// Which check of the certificate failed, and what to do about it.
    private static func verification(of engine: TLSEngine, isServer: Bool) -> String {
        let code = SSL_get_verify_result(engine.connection)
        let words = String(cString: X509_verify_cert_error_string(code))
        guard case .client(let context, let peer) = engine.role else {
            return "the client's certificate is not accepted: \(words)"
        }
        switch CInt(code) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "its certificate, or that of an authority above it, has expired: have it renewed"
        case X509_V_ERR_CERT_NOT_YET_VALID: return "its certificate is not valid yet: check the clock of this machine"
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return "its certificate is self-signed: name a file that holds it with \(context.authoritiesFlag)"
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return "no authority that is trusted here stands behind its certificate: name the authority's file with"
                + " \(context.authoritiesFlag), or let it send the certificates in between"
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "its certificate is not for \(peer)\(names(of: engine))"
        case X509_V_ERR_INVALID_PURPOSE: return "its certificate is not for servers: \(words)"
        default: return "its certificate is not accepted: \(words)"
        }
    }

    private static func names(of engine: TLSEngine) -> String {
        let names = engine.refusedNames.prefix(5)
        return names.isEmpty ? " and names nobody" : " but for \(names.joined(separator: ", "))"
    }
}
