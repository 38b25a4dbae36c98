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

    /// True when a read may bring something: bytes, the end, or an error.
    var isReadable: Bool { get }

    /// True when the connection is broken or both directions are closed. A peer that only finished sending is not gone.
    var isBroken: Bool { get }

    /// True once the peer has said that nothing more will come. It may still be reading.
    var hasPeerFinished: Bool { get }

    /// The protocol that both sides chose by ALPN (RFC 7301), such as `h2`. Nil when none was chosen.
    var negotiatedProtocol: String? { get }

    /// Tells the peer that nothing more will come.
    func finish()

    /// Closes at once. Closing twice changes nothing.
    func close()
}

extension Channel {
    package var negotiatedProtocol: String? { nil }

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

/// Why a channel failed.
package enum ChannelError: Error, Equatable {
    /// Nobody listens at the address.
    case refused
    /// The peer closed or reset the connection, or it was closed here.
    case closed
    case timedOut
    /// The host name has no address.
    case unknownHost(String)
    case system(SystemError)

    /// One sentence for the operator.
    package var reason: String {
        switch self {
        case .refused: "connection refused"
        case .closed: "the connection was closed"
        case .timedOut: "it took too long"
        case .unknownHost(let name): "the host name \(name) has no address"
        case .system(let error): "\(error)"
        }
    }
}
