internal import COpenSSL
internal import Glibc

/// Makes OpenSSL's contexts, all with the same idea of what is safe.
enum TLSContextFactory {
    /// Forward secrecy and authenticated encryption only; what Mozilla calls intermediate, without finite fields.
    private static let ciphers = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ].joined(separator: ":")

    private static let groups = "X25519:P-256:P-384"

    /// Certificates of a chain that are looked at.
    private static let maximumDepth: CInt = 6

    /// How long a client may come back with a ticket, in seconds. A certificate that a client has shown is believed for as
    /// long, at most until it expires.
    private static let ticketLifetime = 2 * 3_600

    /// For servers. Every context of one policy takes the tickets of the others, and of no other policy.
    static func server(
        _ policy: TLSServerContext.Policy, _ identities: [TLSIdentity], _ authorities: [UInt8]?
    ) throws(TLSProblem) -> LibraryObject {
        let context = try bare(TLS_server_method())
        for identity in identities { try add(identity, to: context) }
        try believe(authorities, policy.clientCertificates, context)
        try limitTickets(policy, authorities, context)
        TLSServerCallbacks.install(in: context.pointer)
        return context
    }

    /// For clients.
    ///
    /// - Parameter verifies: False believes every server.
    static func client(authorities: [UInt8]?, verifies: Bool) throws(TLSProblem) -> LibraryObject {
        let context = try bare(TLS_client_method())
        believeSystem(context)
        if let authorities {
            let certificates = PEM.certificates(in: authorities)
            guard !certificates.isEmpty else { throw TLSProblem("it holds no certificate in PEM form") }
            let store = SSL_CTX_get_cert_store(context.pointer)
            for certificate in certificates { X509_STORE_add_cert(store, certificate.pointer) }
            // A certificate that was named is believed even if it is no authority's.
            X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        }
        SSL_CTX_set_verify(context.pointer, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE) { isAccepted, checking in
            if isAccepted == 0 { TLSContextFactory.noteNames(in: checking) }
            return isAccepted
        }
        copenssl_set_session_cache_mode(
            context.pointer, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        return context
    }

    /// Believes the authorities of this machine, or those that the variables of OpenSSL name.
    ///
    /// They are looked up one by one when a chain needs them, and kept. That reads a small file on the loop, once for each
    /// authority; to read all of them at start would cost every program megabytes and a tenth of a second. That is done
    /// only where there is nothing but one file with all of them, or where such a file was asked for.
    private static func believeSystem(_ context: LibraryObject) {
        SSL_CTX_set_default_verify_dir(context.pointer)
        if getenv(X509_get_default_cert_file_env()) != nil || !hasSingleAuthorities {
            SSL_CTX_set_default_verify_file(context.pointer)
        }
        ERR_clear_error()  // A machine without a store of authorities may still be told of one.
    }

    /// Whether the system's folder has authorities under names by which OpenSSL finds them.
    private static var hasSingleAuthorities: Bool {
        let named = getenv(X509_get_default_cert_dir_env()).map { UnsafePointer($0) }
        guard let path = named ?? X509_get_default_cert_dir(), let folder = opendir(path) else { return false }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            // Eight digits of a hash, a dot, and a number.
            let name = UnsafeRawPointer(entry).advanced(by: nameOffset).assumingMemoryBound(to: CChar.self)
            if strlen(name) == 10, name[8] == 0x2e, name[9] == 0x30 { return true }
        }
        return false
    }

    private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19

    /// Keeps the names of a certificate that is refused, for the message about it.
    private static func noteNames(in checking: OpaquePointer?) {
        guard let checking, X509_STORE_CTX_get_error_depth(checking) == 0,
            let certificate = X509_STORE_CTX_get_current_cert(checking),
            let connection = X509_STORE_CTX_get_ex_data(checking, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let engine = TLSEngine.of(OpaquePointer(connection))
        else { return }
        engine.refusedNames = CertificateFacts.names(of: certificate)
    }

    private static func bare(_ method: OpaquePointer?) throws(TLSProblem) -> LibraryObject {
        guard TLSLibrary.isReady, let pointer = SSL_CTX_new(method) else {
            throw TLSProblem("OpenSSL cannot begin: \(TLSLibrary.takeReason())")
        }
        let context = LibraryObject.context(pointer)
        copenssl_use_modern_versions(pointer)
        copenssl_refuse_renegotiation_and_compression(pointer)
        let modes =
            SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS
            | SSL_MODE_NO_AUTO_CHAIN
        copenssl_set_mode(pointer, Int(modes))
        copenssl_read_ahead(pointer)
        SSL_CTX_set_verify_depth(pointer, maximumDepth)
        guard SSL_CTX_set_cipher_list(pointer, ciphers) == 1, copenssl_set_groups(pointer, groups) == 1 else {
            throw TLSProblem("OpenSSL refuses the ciphers: \(TLSLibrary.takeReason())")
        }
        return context
    }

    private static func add(_ identity: TLSIdentity, to context: LibraryObject) throws(TLSProblem) {
        guard let chain = copenssl_new_chain() else { throw TLSProblem(TLSLibrary.takeReason()) }
        defer { copenssl_free_chain(chain) }
        for certificate in identity.chain.dropFirst() { _ = copenssl_append_to_chain(chain, certificate.pointer) }
        let result = SSL_CTX_use_cert_and_key(
            context.pointer, identity.chain[0].pointer, identity.key.pointer, chain, 1)
        guard result == 1 else {
            throw TLSProblem("the certificate in \(identity.origin) cannot be used: \(TLSLibrary.takeReason())")
        }
    }

    private static func believe(
        _ authorities: [UInt8]?, _ mode: TLSServerContext.ClientCertificates, _ context: LibraryObject
    ) throws(TLSProblem) {
        guard mode != .none else { return }
        guard let authorities, let store = SSL_CTX_get_cert_store(context.pointer) else {
            throw TLSProblem("client certificates cannot be checked without a file of authorities")
        }
        let certificates = PEM.certificates(in: authorities)
        guard !certificates.isEmpty else { throw TLSProblem("it holds no certificate in PEM form") }
        for certificate in certificates { X509_STORE_add_cert(store, certificate.pointer) }
        PEM.forEachRevocationList(in: authorities) { X509_STORE_add_crl(store, $0) }
        if copenssl_revocation_list_count(store) > 0 { X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK)) }
        copenssl_name_client_authorities(context.pointer, store)
        let required = mode == .required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0
        SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER | required, nil)
    }

    /// A ticket is good only where clients are treated the same way as where it was made: otherwise one that was made
    /// without a certificate would do where one is required.
    private static func limitTickets(
        _ policy: TLSServerContext.Policy, _ authorities: [UInt8]?, _ context: LibraryObject
    ) throws(TLSProblem) {
        copenssl_set_session_cache_mode(context.pointer, Int(SSL_SESS_CACHE_OFF))
        SSL_CTX_set_timeout(context.pointer, ticketLifetime)
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        let content = Array(policy.clientCertificates.rawValue.utf8) + (authorities ?? [])
        guard EVP_Digest(content, content.count, &digest, nil, EVP_sha256(), nil) == 1,
            SSL_CTX_set_session_id_context(context.pointer, digest, 32) == 1
        else { throw TLSProblem(TLSLibrary.takeReason()) }
    }
}
