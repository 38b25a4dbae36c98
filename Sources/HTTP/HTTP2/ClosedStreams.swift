/// The streams that were closed last, and by whom, since that decides what may still arrive on them (RFC 9113, 5.1).
///
/// A ring of fixed size: a stream falls out of it when enough others were closed after it. Then what arrives on it is
/// taken for something that was under way.
struct ClosedStreams: Sendable {
    private static let size = 128
    /// The stream's number, and the highest bit if we have reset it. Empty until the first stream is closed.
    private var ring: [UInt32] = []
    private var next = 0
    private static let ourReset: UInt32 = 0x8000_0000

    mutating func append(_ stream: UInt32, _ state: StreamState) {
        let entry = state == .resetByUs ? stream | Self.ourReset : stream
        if ring.count < Self.size {
            ring.append(entry)
        } else {
            ring[next] = entry
            next = (next + 1) % Self.size
        }
    }

    /// Nil when it was closed too long ago, or never was there. `ended` stands for `resetByPeer` too: what may come
    /// after them is the same.
    func state(of stream: UInt32) -> StreamState? {
        for index in ring.indices where ring[index] & ~Self.ourReset == stream {
            return ring[index] == stream ? .ended : .resetByUs
        }
        return nil
    }
}
