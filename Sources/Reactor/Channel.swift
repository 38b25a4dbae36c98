package import Bytes

/// A byte pipe bound to one loop: a TCP socket, a TLS session, or memory.
///
/// The `try` methods never wait. A task that can go no further waits on its `Wakeup`, which the channel fires whenever
/// something may have become possible; so one task can watch several channels and timers at once.
package protocol Channel: AnyObject {
    /// Fired when the channel becomes readable or writable, and when it breaks.
    var wakeup: Wakeup? { get set }

    /// Appends at most `limit` bytes. Returns how many, 0 at the end of the stream, nil when it would have to wait.
    func tryRead(into buffer: inout ByteBuffer, atMost limit: Int) throws(ChannelError) -> Int?

    /// Sends from the front of the buffer. Returns true when everything is gone, false when it would have to wait.
    func tryWrite(_ buffer: inout ByteBuffer) throws(ChannelError) -> Bool

    /// Reads into lent memory, for channels that are built on this one: the same as `tryRead`, without a buffer between.
    func tryReceive(into room: UnsafeMutableRawBufferPointer) throws(ChannelError) -> Int?

    /// Sends from lent memory. Returns how many bytes were taken; 0 when it would have to wait.
    func trySend(_ bytes: UnsafeRawBufferPointer) throws(ChannelError) -> Int

    /// Does what both sides must agree on before the first byte, as TLS does. Returns true when it is done, false when
    /// it would have to wait. Doing it again changes nothing.
    func tryHandshake() throws(ChannelError) -> Bool

    /// True when a read may bring something: bytes, the end, or an error.
    var isReadable: Bool { get }

    /// True when the connection is broken or both directions are closed. A peer that only finished sending is not gone.
    var isBroken: Bool { get }

    /// True once the peer has said that nothing more will come. It may still be reading.
    var hasPeerFinished: Bool { get }

    /// The protocol that both sides chose by ALPN (RFC 7301), such as `h2`. Nil when none was chosen.
    var negotiatedProtocol: String? { get }

    /// Whom the peer has proved to be by a certificate that was verified. Nil when it has shown none.
    var peerCertificate: PeerCertificate? { get }

    /// Tells the peer that nothing more will come.
    func finish()

    /// Closes at once. Closing twice changes nothing.
    func close()
}

extension Channel {
    package var negotiatedProtocol: String? { nil }

    package var peerCertificate: PeerCertificate? { nil }

    package func tryHandshake() throws(ChannelError) -> Bool { true }

    package func tryReceive(into room: UnsafeMutableRawBufferPointer) throws(ChannelError) -> Int? {
        var buffer = ByteBuffer()
        guard let count = try tryRead(into: &buffer, atMost: room.count) else { return nil }
        buffer.span.withUnsafeBytes { room.copyMemory(from: $0) }
        return count
    }

    package func trySend(_ bytes: UnsafeRawBufferPointer) throws(ChannelError) -> Int {
        var buffer = ByteBuffer(Array(bytes))
        _ = try tryWrite(&buffer)
        return bytes.count - buffer.count
    }

    /// Waits for bytes. Returns how many were appended, or 0 at the end of the stream.
    ///
    /// - Precondition: The channel's wake-up is the one of the calling task.
    nonisolated(nonsending) package func read(
        into buffer: inout ByteBuffer, atMost limit: Int, until deadline: Deadline
    ) async throws(ChannelError) -> Int {
        while true {
            if let count = try tryRead(into: &buffer, atMost: limit) { return count }
            if deadline.hasExpired { throw .timedOut }
            await wakeup?.wait()
        }
    }

    /// Sends everything.
    nonisolated(nonsending) package func write(
        _ buffer: inout ByteBuffer, until deadline: Deadline
    ) async throws(ChannelError) {
        while try !tryWrite(&buffer) {
            if deadline.hasExpired { throw .timedOut }
            await wakeup?.wait()
        }
    }
}

/// A certificate that was verified, as far as others want to know it.
package struct PeerCertificate: Sendable, Equatable {
    /// As RFC 4514 writes it, such as `CN=client,O=Example`; printable ASCII.
    package let subject: String
    /// SHA-256 of the certificate in lower-case hexadecimal.
    package let fingerprint: String

    package init(subject: String, fingerprint: String) {
        self.subject = subject
        self.fingerprint = fingerprint
    }
}

/// Why a channel failed.
package enum ChannelError: Error, Equatable {
    /// Nobody listens at the address.
    case refused
    /// The peer closed or reset the connection, or it was closed here.
    case closed
    case timedOut
    /// The host name has no address.
    case unknownHost(String)
    /// The peer spoke plain HTTP where TLS was expected. What is written now goes out as it is.
    case plainHTTP
    /// The sides did not agree on a secure connection, or it was tampered with. A sentence without a period.
    case insecure(String)
    case system(SystemError)

    /// One sentence for the operator.
    package var reason: String {
        switch self {
        case .refused: "connection refused"
        case .closed: "the connection was closed"
        case .timedOut: "it took too long"
        case .unknownHost(let name): "the host name \(name) has no address"
        case .plainHTTP: "it speaks plain HTTP where TLS is expected"
        case .insecure(let sentence): sentence
        case .system(let error): "\(error)"
        }
    }
}
