internal import COpenSSL
internal import Glibc
internal import Reactor

/// One TLS connection as OpenSSL sees it: plaintext on one side, on the other a channel that carries the records.
///
/// OpenSSL reads the records straight from the channel into its own memory and writes them straight from it, by a `BIO`
/// whose functions are below: through OpenSSL's own memory BIOs each record would be copied once more. Its buffers are
/// given back whenever they are empty (`SSL_MODE_RELEASE_BUFFERS`), so an idle connection keeps none. Plaintext that the
/// channel does not take stays with the caller, who offers the same bytes again.
///
/// It belongs to one loop, as the channel does. Three rules of OpenSSL are kept here and nowhere else: the queue of errors
/// is cleared before each call, after which it speaks of that call only; the result comes first, then `SSL_get_error`;
/// and after an error that is none of waiting, nothing more is asked of the connection.
final class TLSEngine {
    /// What a call brought, where it is no count of bytes.
    enum Outcome {
        static let end = 0
        static let blocked = -1
        static let failed = -2
    }

    /// Messages of the protocol that a peer may send after the handshake without any content between them, such as
    /// updates of the key, each of which costs more to take than to send.
    private static let maximumIdleMessages = 32

    let connection: OpaquePointer
    let inner: any Channel
    let role: Role
    /// Why the connection cannot be used any more.
    private(set) var failure: ChannelError?
    private(set) var isEstablished = false
    /// The peer has said that nothing more will come, which nobody but the peer can say.
    private(set) var hasPeerSaidGoodbye = false
    private var hasSaidGoodbye = false
    private var isWritePending = false
    /// The last look found nothing whole to read.
    private var isStarved = false
    private var innerFailure: ChannelError?
    private var innerHasEnded = false
    /// Bytes that may still be taken from the channel in this look.
    private var allowance = Int.max
    private var idleMessages = 0

    /// Which side this is, and whom it asks.
    enum Role {
        case server(TLSServerContext)
        case client(TLSClientContext, peer: String)
    }

    /// The names in the peer's certificate when it is refused; by the time that is known, OpenSSL has forgotten it.
    var refusedNames: [String] = []
    /// True once this connection was found to be a probe of a certificate authority (RFC 8737): nothing may be served.
    var isChallenge = false

    /// - Throws: Without memory.
    init(_ context: LibraryObject, as role: Role, over inner: any Channel) throws(ChannelError) {
        guard let method = Self.method, let connection = SSL_new(context.pointer) else {
            throw .insecure("TLS cannot begin: \(TLSLibrary.takeReason())")
        }
        guard let bio = BIO_new(method.pointer) else {
            SSL_free(connection)
            throw .insecure("TLS cannot begin: \(TLSLibrary.takeReason())")
        }
        self.connection = connection
        self.inner = inner
        self.role = role
        BIO_set_init(bio, 1)
        // Both point back without owning: they are freed with the connection, by the end of this object.
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        SSL_set_ex_data(connection, 0, Unmanaged.passUnretained(self).toOpaque())
        SSL_set_bio(connection, bio, bio)
        switch role {
        case .server: SSL_set_accept_state(connection)
        case .client: SSL_set_connect_state(connection)
        }
    }

    deinit {
        // OpenSSL forgets the session of a connection that was not properly ended, and most peers end none properly.
        if failure == nil || failure == .closed {
            SSL_set_shutdown(connection, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        }
        SSL_free(connection)
    }

    /// The engine of a connection that OpenSSL hands to one of its callbacks.
    static func of(_ connection: OpaquePointer?) -> TLSEngine? {
        guard let connection, let data = SSL_get_ex_data(connection, 0) else { return nil }
        return Unmanaged<TLSEngine>.fromOpaque(data).takeUnretainedValue()
    }

    // MARK: Calls

    /// Goes on with the handshake. Returns false when it has to wait for the peer.
    func handshake() throws(ChannelError) -> Bool {
        if let failure { throw failure }
        if isEstablished { return true }
        allowance = .max
        ERR_clear_error()
        let result = SSL_do_handshake(connection)
        guard result != 1 else {
            isEstablished = true
            countMessages()
            return true
        }
        switch SSL_get_error(connection, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return false
        default: throw fail(handshake: true)
        }
    }

    /// Decrypts into `room`. Returns how many bytes, or an `Outcome`.
    func read(into room: UnsafeMutableRawBufferPointer) -> Int {
        guard failure == nil else { return Outcome.failed }
        ERR_clear_error()
        var count = 0
        if SSL_read_ex(connection, room.baseAddress, room.count, &count) == 1 {
            idleMessages = 0
            isStarved = false
            return count
        }
        switch SSL_get_error(connection, 0) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
            isStarved = true
            return Outcome.blocked
        case SSL_ERROR_ZERO_RETURN:
            hasPeerSaidGoodbye = true
            return Outcome.end
        default:
            _ = fail(handshake: false)
            return Outcome.failed
        }
    }

    /// Encrypts and sends. Returns how many bytes were taken, or an `Outcome`; those must be offered again then.
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard failure == nil, !hasSaidGoodbye else { return Outcome.failed }
        ERR_clear_error()
        var count = 0
        if SSL_write_ex(connection, bytes.baseAddress, bytes.count, &count) == 1 {
            isWritePending = false
            return count
        }
        switch SSL_get_error(connection, 0) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
            isWritePending = true
            return Outcome.blocked
        default:
            _ = fail(handshake: false)
            return Outcome.failed
        }
    }

    /// Tells the peer that nothing more will come, if that is possible without waiting.
    func sayGoodbye() {
        guard isEstablished, failure == nil, !hasSaidGoodbye, !isWritePending, !inner.isBroken else { return }
        hasSaidGoodbye = true
        ERR_clear_error()
        _ = SSL_shutdown(connection)
    }

    // MARK: State

    /// True when something that was received already may be read.
    var hasReceived: Bool { !isStarved && SSL_has_pending(connection) == 1 }

    /// True when a read may bring something without anything new from the channel: content, the end, or an error.
    var mayRead: Bool { hasReceived || hasPeerSaidGoodbye || failure != nil }

    /// Lets at most so many bytes come from the channel before a read reports that it is blocked. The peer could send
    /// for ever what is no content.
    func allow(_ count: Int) { allowance = count }

    /// True when it was our own bound, and not the peer, that ended the last read.
    var hasUsedAllowance: Bool { allowance <= 0 }

    /// How many bytes of the last record are decrypted and not read.
    var decrypted: Int { Int(SSL_pending(connection)) }

    private func fail(handshake: Bool) -> ChannelError {
        // A failed handshake is told to the peer by OpenSSL itself.
        let reason = innerFailure ?? TLSFailure.reason(of: self, inHandshake: handshake, atEnd: innerHasEnded)
        ERR_clear_error()
        failure = reason
        return reason
    }

    // MARK: Messages without content

    private func countMessages() {
        guard SSL_version(connection) == TLS1_3_VERSION, case .server = role else { return }
        SSL_set_msg_callback(connection) { isWritten, _, kind, _, _, connection, _ in
            guard isWritten == 0, kind == SSL3_RT_HANDSHAKE, let engine = TLSEngine.of(connection) else { return }
            engine.idleMessages += 1
        }
    }

    // MARK: The way to the channel

    /// Made once: how OpenSSL reaches channels.
    private static let method: LibraryObject? = {
        guard TLSLibrary.isReady else { return nil }
        let index = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
        guard let method = BIO_meth_new(index, "channel") else { return nil }
        BIO_meth_set_read_ex(method) { bio, room, length, count in
            guard let bio, let room, let engine = TLSEngine.behind(bio) else { return 0 }
            return engine.receive(bio, UnsafeMutableRawBufferPointer(start: room, count: length), count)
        }
        BIO_meth_set_write_ex(method) { bio, bytes, length, count in
            guard let bio, let bytes, let engine = TLSEngine.behind(bio) else { return 0 }
            return engine.send(bio, UnsafeRawBufferPointer(start: bytes, count: length), count)
        }
        // OpenSSL flushes at the end of each flight; nothing is kept here.
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return .method(method)
    }()

    private static func behind(_ bio: OpaquePointer) -> TLSEngine? {
        BIO_get_data(bio).map { Unmanaged<TLSEngine>.fromOpaque($0).takeUnretainedValue() }
    }

    private func receive(
        _ bio: OpaquePointer, _ room: UnsafeMutableRawBufferPointer, _ count: UnsafeMutablePointer<Int>?
    ) -> CInt {
        copenssl_clear_retry(bio)
        guard idleMessages <= Self.maximumIdleMessages else {
            innerFailure = .insecure("the peer sends messages of the protocol without end, and no content")
            return 0
        }
        guard allowance > 0 else {
            copenssl_set_retry_read(bio)
            return 0
        }
        do throws(ChannelError) {
            guard let received = try inner.tryReceive(into: room) else {
                copenssl_set_retry_read(bio)
                return 0
            }
            guard received > 0 else {
                innerHasEnded = true
                return 0
            }
            if allowance != .max { allowance -= received }
            count?.pointee = received
            return 1
        } catch {
            innerFailure = error
            return 0
        }
    }

    private func send(
        _ bio: OpaquePointer, _ bytes: UnsafeRawBufferPointer, _ count: UnsafeMutablePointer<Int>?
    ) -> CInt {
        copenssl_clear_retry(bio)
        do throws(ChannelError) {
            let sent = try inner.trySend(bytes)
            guard sent > 0 else {
                copenssl_set_retry_write(bio)
                return 0
            }
            count?.pointee = sent
            return 1
        } catch {
            innerFailure = error
            return 0
        }
    }
}
