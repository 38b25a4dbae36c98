internal import Bytes
internal import Reactor

/// Two channels in memory whose bytes go to each other, when the test lets them.
package struct Pipe {
    package let left = Peer()
    package let right = Peer()

    package init() {}

    /// The end whose bytes come out at `other`.
    package var one: MemoryChannel { MemoryChannel(left) }
    package var other: MemoryChannel { MemoryChannel(right) }

    /// Carries what has been written in both directions, at most `limit` bytes each. Returns how many bytes that were.
    @discardableResult
    package func carry(atMost limit: Int = .max) -> Int {
        Self.move(from: left, to: right, limit) + Self.move(from: right, to: left, limit)
    }

    private static func move(from: Peer, to: Peer, _ limit: Int) -> Int {
        let count = min(limit, from.received.count)
        guard count > 0 else { return 0 }
        to.send(Array(from.received.bytes.prefix(count)))
        from.received.consume(count)
        return count
    }
}
