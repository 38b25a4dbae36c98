package import Bytes
package import Reactor

/// A channel whose other end is held by the test.
package final class MemoryChannel: Channel {
    package var wakeup: Wakeup? {
        get { peer.wakeup }
        set { peer.wakeup = newValue }
    }
    private let peer: Peer

    package init(_ peer: Peer) { self.peer = peer }

    package var isReadable: Bool { !peer.incoming.isEmpty || peer.hasFinished || peer.isGone }
    package var isBroken: Bool { peer.isGone || peer.isClosed }
    package var hasPeerFinished: Bool { peer.hasFinished }
    package var negotiatedProtocol: String? { peer.negotiatedProtocol }

    package func tryRead(into buffer: inout ByteBuffer, atMost limit: Int) throws(ChannelError) -> Int? {
        if peer.isGone || peer.isClosed { throw .closed }
        let count = min(limit, peer.incoming.count)
        if count == 0 { return peer.hasFinished ? 0 : nil }
        buffer.append(count, consuming: &peer.incoming)
        return count
    }

    package func tryWrite(_ buffer: inout ByteBuffer) throws(ChannelError) -> Bool {
        if peer.isGone || peer.isClosed || peer.refuseWrites { throw .closed }
        let count = min(buffer.count, peer.room)
        peer.room -= count
        peer.received.append(count, consuming: &buffer)
        return buffer.isEmpty
    }

    package func finish() { peer.sawFinish = true }
    package func close() { peer.isClosed = true }
}

/// The test's end of a memory channel.
///
/// Unchecked because a test and its hand-turned loop share one thread.
package final class Peer: @unchecked Sendable {
    fileprivate(set) var incoming = ByteBuffer()
    fileprivate var hasFinished = false
    fileprivate var isGone = false
    fileprivate var wakeup: Wakeup?
    /// How many more bytes the channel takes before it blocks.
    package var room = Int.max {
        didSet { if room > oldValue { wakeup?.fire() } }
    }
    /// What both sides have chosen by ALPN. To be set before the channel is used.
    package var negotiatedProtocol: String?
    /// True makes every write fail, while what was sent to the channel can still be read.
    package var refuseWrites = false
    /// How many bytes were sent to the channel that it has not read.
    package var unread: Int { incoming.count }
    /// What the channel has sent.
    package var received = ByteBuffer()
    /// True once the other side has closed.
    package fileprivate(set) var isClosed = false
    /// True once the other side has said that nothing more comes.
    package fileprivate(set) var sawFinish = false

    package init() {}

    package func send(_ text: String) { send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) {
        incoming.append(bytes)
        wakeup?.fire()
    }

    package func send(_ bytes: borrowing ByteBuffer) {
        incoming.append(bytes)
        wakeup?.fire()
    }

    /// Says that nothing more comes, and goes on reading.
    package func finish() {
        hasFinished = true
        wakeup?.fire()
    }

    /// Breaks the connection.
    package func reset() {
        isGone = true
        wakeup?.fire()
    }

    /// Takes what was received.
    package func take() -> String {
        defer { received.removeAll() }
        return received.text
    }
}

/// Connects to peers that the test holds.
package final class MemoryTransport: Transport, @unchecked Sendable {
    /// One for each connection, in order.
    package private(set) var peers: [Peer] = []
    /// Addresses that nobody listens at.
    package var refused: Set<String> = []
    /// Addresses that never answer, so that connecting ends with the deadline only.
    package var silent: Set<String> = []
    /// Every address that was asked for, in order.
    package private(set) var asked: [String] = []

    package init() {}

    nonisolated(nonsending) package func connect(
        to address: Address, on loop: any EventLoop, wakeup: Wakeup, until deadline: Deadline
    ) async throws(ChannelError) -> any Channel {
        asked.append(address.description)
        if refused.contains(address.description) { throw .refused }
        while silent.contains(address.description) {
            if deadline.hasExpired { throw .timedOut }
            await wakeup.wait()
        }
        let peer = Peer()
        peers.append(peer)
        let channel = MemoryChannel(peer)
        channel.wakeup = wakeup
        return channel
    }
}
