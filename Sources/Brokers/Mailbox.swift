internal import Gateway
internal import Synchronization

/// The messages that wait for one subscriber. Filled on any loop, emptied on the subscriber's own.
final class Mailbox: Sendable {
    /// Messages that wait at most; the oldest are lost when there are more.
    static let maximumCount = 1_024
    /// Bytes that wait at most, unless it is one message alone. Subscribers of one topic share the memory of its messages.
    static let maximumBytes = 8 << 20

    private struct Content: Sendable {
        var messages: [Message?] = []
        /// Where the oldest that waits is.
        var first = 0
        var bytes = 0
        var lost = 0

        var count: Int { messages.count - first }

        mutating func take() -> Message? {
            guard first < messages.count, let message = messages[first] else { return nil }
            messages[first] = nil
            first += 1
            bytes -= message.size
            if first == messages.count {
                messages.removeAll(keepingCapacity: messages.capacity <= 64)
                first = 0
            } else if first >= 64, first * 2 >= messages.count {
                messages.removeFirst(first)
                first = 0
            }
            return message
        }
    }

    private let content = Mutex(Content())
    /// Rings when there is a message where there was none. Ends with the mailbox.
    let rings: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation

    init() { (rings, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

    deinit { bell.finish() }

    var lostCount: Int { content.withLock { $0.lost } }

    func put(_ message: Message) {
        let wasEmpty = content.withLock { content in
            let wasEmpty = content.count == 0
            content.messages.append(message)
            content.bytes += message.size
            while content.count > 1, content.count > Self.maximumCount || content.bytes > Self.maximumBytes {
                _ = content.take()
                content.lost += 1
            }
            return wasEmpty
        }
        if wasEmpty { bell.yield() }
    }

    func take() -> Message? { content.withLock { $0.take() } }

    /// No more rings. What waits can still be taken.
    func close() { bell.finish() }
}
