internal import COpenSSL
internal import Glibc
package import Reactor
internal import Synchronization

/// What a client needs to speak TLS: whom to believe, and which protocols to offer. One for all loops, as for servers; it
/// remembers the sessions of the servers that it has met, so that coming back costs no signature.
package final class TLSClientContext: Sendable {
    /// Servers whose sessions are remembered; the rest make full handshakes.
    private static let maximumSessions = 1_024

    /// By ALPN, the one that is preferred first; empty offers nothing.
    package let protocols: [String]
    /// False when every server is believed, whoever it is.
    package let verifies: Bool
    /// What an operator can name authorities with, for messages.
    let authoritiesFlag: String
    private let context: LibraryObject
    private let sessions = Mutex<[String: LibraryObject]>([:])

    /// - Parameters:
    ///   - authorities: The content of a PEM file with certificates that are believed beside those of the system.
    ///   - verifies: False believes every server.
    ///   - authoritiesFlag: What an operator can name authorities with, for messages.
    /// - Throws: When the authorities cannot be read.
    package init(
        protocols: [String] = ["http/1.1"], authorities: [UInt8]? = nil, verifies: Bool = true,
        authoritiesFlag: String = "--tls_ca_file"
    ) throws(TLSProblem) {
        self.authoritiesFlag = authoritiesFlag
        self.protocols = protocols
        self.verifies = verifies
        context = try TLSContextFactory.client(authorities: authorities, verifies: verifies)
        // Tickets come after the handshake, and again whenever the server likes.
        SSL_CTX_sess_set_new_cb(context.pointer) { connection, session in
            guard let session, let engine = TLSEngine.of(connection), case .client(let context, let peer) = engine.role
            else { return 0 }
            context.remember(.session(session), of: peer)
            return 1
        }
    }

    /// A connection to a server, over a channel that has carried nothing yet.
    ///
    /// - Parameter server: The host name or IP address that its certificate must be for.
    package func makeChannel(
        over inner: any Channel, to server: String, on loop: any EventLoop
    ) throws(ChannelError) -> TLSChannel {
        // A name in full may end with a dot, which certificates never have.
        let server = server.hasSuffix(".") ? String(server.dropLast()) : server
        let engine = try TLSEngine(context, as: .client(self, peer: server), over: inner)
        try expect(server, of: engine.connection)
        try offer(to: engine.connection)
        if let session = sessions.withLock({ $0[server] }) { SSL_set_session(engine.connection, session.pointer) }
        return TLSChannel(engine, on: loop)
    }

    /// Names are asked for in the first message and looked for in the certificate; addresses only the latter (RFC 6066, 3).
    private func expect(_ server: String, of connection: OpaquePointer) throws(ChannelError) {
        let isAccepted: Bool
        if Address(ip: server, port: 0) != nil {
            isAccepted = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), server) == 1
        } else {
            SSL_set_hostflags(connection, CUnsignedInt(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            isAccepted = copenssl_set_server_name(connection, server) == 1 && SSL_set1_host(connection, server) == 1
        }
        guard isAccepted else { throw .insecure("\(server) is no host name: \(TLSLibrary.takeReason())") }
    }

    private func offer(to connection: OpaquePointer) throws(ChannelError) {
        guard !protocols.isEmpty else { return }
        let list = protocols.flatMap { [UInt8(clamping: $0.utf8.count)] + Array($0.utf8) }
        // Unlike its neighbours, this function returns 0 when all is well.
        guard SSL_set_alpn_protos(connection, list, CUnsignedInt(list.count)) == 0 else {
            throw .insecure("the protocols to offer cannot be used: \(TLSLibrary.takeReason())")
        }
    }

    private func remember(_ session: LibraryObject, of peer: String) {
        sessions.withLock { sessions in
            if sessions[peer] == nil, sessions.count >= Self.maximumSessions { sessions.removeAll() }
            sessions[peer] = session
        }
    }
}
