internal import COpenSSL
internal import Glibc

/// What OpenSSL asks a server in the course of a handshake.
enum TLSServerCallbacks {
    static func install(in context: OpaquePointer) {
        SSL_CTX_set_client_hello_cb(
            context, { connection, alert, _ in TLSServerCallbacks.greet(connection, alert) }, nil)
        SSL_CTX_set_alpn_select_cb(
            context,
            { connection, choice, length, offers, count, _ in
                TLSServerCallbacks.choose(
                    connection, choice, length, UnsafeBufferPointer(start: offers, count: Int(count)))
            }, nil)
        copenssl_set_status_callback(context) { connection, _ in TLSServerCallbacks.staple(connection) }
        SSL_CTX_set_tlsext_ticket_key_evp_cb(context) { connection, name, vector, encryption, mac, seals in
            guard let context = TLSServerCallbacks.context(of: connection), let name, let vector, let encryption,
                let mac
            else { return TicketKeys.Verdict.failed }
            guard seals != 1 else { return context.tickets.seal(name, vector, encryption, mac) }
            let verdict = context.tickets.open(name, vector, encryption, mac)
            // Clients use a ticket of TLS 1.3 once (RFC 8446, C.4), so each needs a new one to come back again.
            return verdict == TicketKeys.Verdict.good && SSL_version(connection) == TLS1_3_VERSION
                ? TicketKeys.Verdict.old : verdict
        }
    }

    private static func context(of connection: OpaquePointer?) -> TLSServerContext? {
        guard let engine = TLSEngine.of(connection), case .server(let context) = engine.role else { return nil }
        return context
    }

    // MARK: The client's first message

    /// Chooses the certificate by the name that the client wants. This comes before anything else is decided, so that a
    /// certificate authority's probe is told from a client by both of its marks.
    private static func greet(_ connection: OpaquePointer?, _ alert: UnsafeMutablePointer<CInt>?) -> CInt {
        guard let connection, let engine = TLSEngine.of(connection), case .server(let context) = engine.role else {
            return SSL_CLIENT_HELLO_ERROR
        }
        let name = serverName(of: connection)
        if offersOnlyChallenge(connection) {
            guard let answer = context.challenge(for: name) else {
                alert?.pointee = SSL_AD_UNRECOGNIZED_NAME
                return SSL_CLIENT_HELLO_ERROR
            }
            engine.isChallenge = true
            SSL_set_SSL_CTX(connection, answer.pointer)
            return SSL_CLIENT_HELLO_SUCCESS
        }
        guard let wanted = context.context(for: name) else {
            alert?.pointee = SSL_AD_UNRECOGNIZED_NAME
            return SSL_CLIENT_HELLO_ERROR
        }
        if SSL_get_SSL_CTX(connection) != wanted.pointer { SSL_set_SSL_CTX(connection, wanted.pointer) }
        return SSL_CLIENT_HELLO_SUCCESS
    }

    /// The host name in the extension `server_name` (RFC 6066, 3). Nil when there is none, or none that can be read;
    /// OpenSSL then refuses the message by itself.
    private static func serverName(of connection: OpaquePointer) -> String? {
        guard let bytes = ext(CUnsignedInt(TLSEXT_TYPE_server_name), of: connection), bytes.count > 5,
            bytes[2] == TLSEXT_NAMETYPE_host_name
        else { return nil }
        let length = Int(bytes[3]) << 8 | Int(bytes[4])
        guard length > 0, length <= 255, length <= bytes.count - 5 else { return nil }
        return String(decoding: bytes[5..<(5 + length)], as: UTF8.self)
    }

    /// A probe offers the protocol of the challenge and no other (RFC 8737, 3).
    private static func offersOnlyChallenge(_ connection: OpaquePointer) -> Bool {
        let name = TLSServerContext.challengeProtocol.utf8
        guard
            let bytes = ext(
                CUnsignedInt(TLSEXT_TYPE_application_layer_protocol_negotiation), of: connection),
            bytes.count == name.count + 3
        else { return false }
        return Int(bytes[2]) == name.count && bytes[3...].elementsEqual(name)
    }

    private static func ext(_ kind: CUnsignedInt, of connection: OpaquePointer) -> UnsafeBufferPointer<UInt8>? {
        var start: UnsafePointer<UInt8>?
        var count = 0
        guard SSL_client_hello_get0_ext(connection, kind, &start, &count) == 1 else { return nil }
        return UnsafeBufferPointer(start: start, count: count)
    }

    // MARK: Later

    /// Chooses the protocol that we prefer among those that the client offers.
    private static func choose(
        _ connection: OpaquePointer?, _ choice: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
        _ length: UnsafeMutablePointer<UInt8>?, _ offers: UnsafeBufferPointer<UInt8>
    ) -> CInt {
        guard let engine = TLSEngine.of(connection), case .server(let context) = engine.role else {
            return SSL_TLSEXT_ERR_ALERT_FATAL
        }
        let wanted = engine.isChallenge ? [TLSServerContext.challengeProtocol] : context.policy.protocols
        for name in wanted {
            var index = 0
            while index < offers.count {
                let end = index + 1 + Int(offers[index])
                guard end <= offers.count else { break }
                if offers[(index + 1)..<end].elementsEqual(name.utf8) {
                    choice?.pointee = offers.baseAddress?.advanced(by: index + 1)
                    length?.pointee = offers[index]
                    return SSL_TLSEXT_ERR_OK
                }
                index = end
            }
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }

    /// Adds what the authority says about the revocation of the certificate that is being shown.
    private static func staple(_ connection: OpaquePointer?) -> CInt {
        guard let connection, let context = context(of: connection), let shown = SSL_get_certificate(connection),
            let staple = context.staple(for: shown, now: time(nil)),
            copenssl_staple(connection, staple.response, staple.response.count) == 1
        else { return SSL_TLSEXT_ERR_NOACK }
        return SSL_TLSEXT_ERR_OK
    }
}
