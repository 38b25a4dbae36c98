package import Bytes
internal import COpenSSL
internal import Glibc
package import Reactor

/// A TLS connection as a channel: plaintext in and out, over any other channel.
///
/// The handshake is the first thing that happens on it, by `tryHandshake`. The end of the stream is what the peer has
/// properly said goodbye with; a channel that just ends was cut off, maybe by somebody else, and is an error (RFC 8446,
/// 6.1). What was not wholly written must be offered again with the same bytes at its front, as a buffer does by itself.
package final class TLSChannel: Channel {
    /// The most content of one record (RFC 8446, 5.1).
    private static let recordSize = 16_384
    /// Bytes beyond the content asked for that one read may take from the channel.
    private static let overhead = 8_192

    let engine: TLSEngine
    private let loop: any EventLoop
    private var inner: any Channel { engine.inner }
    /// Made when a read first ends because of our own bound, and needed hardly ever.
    private var retry: Deadline?
    private var isPlain = false
    private var isClosed = false
    package private(set) var negotiatedProtocol: String?
    package private(set) var peerCertificate: PeerCertificate?

    init(_ engine: TLSEngine, on loop: any EventLoop) {
        self.engine = engine
        self.loop = loop
    }

    package var wakeup: Wakeup? {
        get { inner.wakeup }
        set {
            inner.wakeup = newValue
            if let newValue { retry?.wakeup = newValue }
        }
    }

    // MARK: The handshake

    package func tryHandshake() throws(ChannelError) -> Bool {
        guard !isClosed else { throw .closed }
        if engine.isEstablished { return true }
        do throws(ChannelError) {
            guard try engine.handshake() else { return false }
            try noteAgreement()
            return true
        } catch {
            isPlain = error == .plainHTTP
            throw error
        }
    }

    private func noteAgreement() throws(ChannelError) {
        var (name, length): (UnsafePointer<UInt8>?, CUnsignedInt) = (nil, 0)
        SSL_get0_alpn_selected(engine.connection, &name, &length)
        if let name, length > 0 {
            negotiatedProtocol = String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
        }
        guard case .server(let context) = engine.role, context.policy.clientCertificates != .none,
            let certificate = SSL_get1_peer_certificate(engine.connection)
        else { return }
        defer { X509_free(certificate) }
        // A ticket remembers a certificate that was checked when the ticket was made.
        if SSL_session_reused(engine.connection) == 1,
            let end = CertificateFacts.seconds(X509_get0_notAfter(certificate)), end < time(nil)
        {
            engine.sayGoodbye()
            throw .insecure("the client's certificate has expired since it was shown")
        }
        peerCertificate = PeerCertificate(
            subject: CertificateFacts.subject(of: certificate),
            fingerprint: CertificateFacts.fingerprint(of: certificate))
    }

    /// True when the connection is a probe of a certificate authority (RFC 8737) and must carry nothing.
    package var isChallenge: Bool { engine.isChallenge }

    /// True when the peer came back with a ticket.
    package var isResumed: Bool { SSL_session_reused(engine.connection) == 1 }

    /// Such as `TLSv1.3`.
    package var version: String { String(cString: SSL_get_version(engine.connection)) }

    // MARK: Reading

    package func tryRead(into buffer: inout ByteBuffer, atMost limit: Int) throws(ChannelError) -> Int? {
        guard try beginReading(limit), inner.isReadable || engine.mayRead else { return nil }
        var total = 0
        while total < limit {
            let room = min(limit - total, Self.recordSize)
            let count = buffer.write(atMost: room) { engine.read(into: $0) }
            guard count > 0 else { return try judge(count, after: total) }
            total += count
            guard engine.hasReceived || inner.isReadable else { break }
        }
        return total
    }

    package func tryReceive(into room: UnsafeMutableRawBufferPointer) throws(ChannelError) -> Int? {
        guard try beginReading(room.count) else { return nil }
        let count = engine.read(into: room)
        return count > 0 ? count : try judge(count, after: 0)
    }

    private func beginReading(_ limit: Int) throws(ChannelError) -> Bool {
        guard !isClosed else { throw .closed }
        if !engine.isEstablished { guard try tryHandshake() else { return false } }
        engine.allow(limit + Self.overhead)
        return true
    }

    /// What to answer when nothing more comes out, after so many bytes.
    private func judge(_ outcome: Int, after total: Int) throws(ChannelError) -> Int? {
        if outcome == TLSEngine.Outcome.blocked, engine.hasUsedAllowance { tryAgainNextTick() }
        if total > 0 { return total }  // The end, or the error, comes again at the next read.
        switch outcome {
        case TLSEngine.Outcome.end: return 0
        case TLSEngine.Outcome.blocked: return nil
        default: throw engine.failure ?? .closed
        }
    }

    /// Whoever waits now is not woken by the channel, which has more already.
    private func tryAgainNextTick() {
        guard let wakeup else { return }
        let deadline = retry ?? Deadline(on: loop, firing: wakeup)
        deadline.set(loop.now)
        retry = deadline
    }

    package var isReadable: Bool { inner.isReadable || engine.hasReceived }

    package var isBroken: Bool { isClosed || inner.isBroken || (engine.failure != nil && !isPlain) }

    package var hasPeerFinished: Bool { engine.hasPeerSaidGoodbye || inner.hasPeerFinished }

    // MARK: Writing

    package func tryWrite(_ buffer: inout ByteBuffer) throws(ChannelError) -> Bool {
        if isPlain { return try inner.tryWrite(&buffer) }
        guard try beginWriting() else { return buffer.isEmpty }
        while !buffer.isEmpty {
            let count = buffer.span.withUnsafeBytes { engine.write($0) }
            guard count > 0 else {
                guard count == TLSEngine.Outcome.blocked else { throw engine.failure ?? .closed }
                return false
            }
            buffer.consume(count)
        }
        return true
    }

    package func trySend(_ bytes: UnsafeRawBufferPointer) throws(ChannelError) -> Int {
        guard !bytes.isEmpty, try beginWriting() else { return 0 }
        let count = engine.write(bytes)
        guard count >= 0 || count == TLSEngine.Outcome.blocked else { throw engine.failure ?? .closed }
        return max(0, count)
    }

    private func beginWriting() throws(ChannelError) -> Bool {
        guard !isClosed else { throw .closed }
        if engine.isEstablished { return true }
        return try tryHandshake()
    }

    // MARK: The end

    package func finish() {
        guard !isClosed else { return }
        engine.sayGoodbye()
        inner.finish()
    }

    package func close() {
        guard !isClosed else { return }
        isClosed = true
        retry?.cancel()
        engine.sayGoodbye()
        inner.close()
    }
}
