package import Gateway
internal import Synchronization

/// The subscribers within this process, shared by all loops. A message reaches those who are subscribed at that moment
/// and nobody else: nothing is stored, and publishing to no one is no error.
///
/// Requests publish from every loop, so the subscribers are behind a lock that is held for as long as it takes to put
/// one message into their mailboxes. All subscribers of a topic see its messages in the same order.
package final class MemoryBroker: Sendable {
    private struct Content: Sendable {
        var topics: [String: Topic] = [:]
        var members: [String: Member] = [:]
        var watchers: [AsyncStream<Void>.Continuation] = []

        func tell() {
            for watcher in watchers { watcher.yield() }
        }
    }

    private let content = Mutex(Content())

    package init() {}

    // MARK: Publishing

    /// Hands the message to every subscriber without a queue, and to one of each queue.
    package func publish(_ message: Message, to topic: String) {
        content.withLock { content in
            content.topics[topic]?.broadcast(message)
            for queue in content.topics[topic]?.queues ?? [] { content.topics[topic]?.hand(message, toOneOf: queue) }
        }
    }

    /// Hands the message to every subscriber without a queue. Returns how many there are.
    @discardableResult
    func broadcast(_ message: Message, to topic: String) -> Int {
        content.withLock { $0.topics[topic]?.broadcast(message) ?? 0 }
    }

    /// Hands the message to one member of the queue. Returns false when it has none.
    @discardableResult
    func hand(_ message: Message, to topic: String, queue: String) -> Bool {
        content.withLock { $0.topics[topic]?.hand(message, toOneOf: queue) ?? false }
    }

    /// Hands the message to the subscriber of that id, if it is still there and subscribed to that topic.
    @discardableResult
    func hand(_ message: Message, to topic: String, subscriber id: String) -> Bool {
        guard let member = content.withLock({ $0.members[id] }), member.subscriber.topic == topic else { return false }
        member.mailbox.put(message)
        return true
    }

    /// The queues of a topic and how many members each has here.
    func queueSizes(of topic: String) -> [String: Int] {
        content.withLock { content in
            var sizes: [String: Int] = [:]
            for member in content.topics[topic]?.members ?? [] {
                if let queue = member.subscriber.queue { sizes[queue, default: 0] += 1 }
            }
            return sizes
        }
    }

    // MARK: Subscribing

    /// - Parameter queue: The members of a queue take messages in turn. Nil: all messages.
    /// - Throws: When the topic has no name, or the queue has an empty one.
    package func subscribe(to topic: String, queue: String?) throws(BrokerError) -> MemorySubscription {
        guard !topic.isEmpty else { throw BrokerError("a subscriber needs the name of a topic") }
        guard queue != "" else { throw BrokerError("the name of the queue is empty; leave it out to get all messages") }
        let id = "\(topic)-\(RandomUUID.text())"
        let member = Member(subscriber: Subscriber(id: id, topic: topic, queue: queue), mailbox: Mailbox())
        content.withLock { content in
            content.members[id] = member
            content.topics[topic, default: Topic()].members.append(member)
            content.tell()
        }
        return MemorySubscription(member, of: self)
    }

    fileprivate func remove(_ subscriber: Subscriber) {
        content.withLock { content in
            guard content.members.removeValue(forKey: subscriber.id) != nil else { return }
            content.topics[subscriber.topic]?.remove(subscriber)
            if content.topics[subscriber.topic]?.members.isEmpty == true { content.topics[subscriber.topic] = nil }
            content.tell()
        }
    }

    /// Everyone who is subscribed now.
    package var subscribers: [Subscriber] { content.withLock { $0.members.values.map(\.subscriber) } }

    /// How many are subscribed to a topic, members of queues included.
    package func subscriberCount(of topic: String) -> Int {
        content.withLock { $0.topics[topic]?.members.count ?? 0 }
    }

    /// Tells each time that someone has subscribed or left since the last look at `subscribers`.
    package func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        content.withLock { content in
            content.watchers.append(continuation)
            if !content.members.isEmpty { continuation.yield() }
        }
        return stream
    }
}

/// Someone within this process who is subscribed to a topic.
package struct Subscriber: Sendable, Hashable {
    /// The topic, a hyphen and a UUID: what a node of Go Micro's http broker is called.
    package let id: String
    package let topic: String
    /// Nil for one who gets all messages.
    package let queue: String?
}

/// A place among the subscribers. Given up with the last reference to it, or by `cancel`.
package final class MemorySubscription: Sendable {
    private let member: Member
    private let broker: MemoryBroker

    fileprivate init(_ member: Member, of broker: MemoryBroker) {
        self.member = member
        self.broker = broker
    }

    deinit { cancel() }

    package var subscriber: Subscriber { member.subscriber }

    /// The next message; nil when there is none now.
    package func tryReceive() -> Message? { member.mailbox.take() }

    /// How many messages were lost because the subscriber has fallen behind.
    package var lostCount: Int { member.mailbox.lostCount }

    /// Rings when there is a message where there was none, and ends with the subscription. For one listener.
    package var rings: AsyncStream<Void> { member.mailbox.rings }

    package func cancel() {
        broker.remove(member.subscriber)
        member.mailbox.close()
    }
}

private struct Member: Sendable {
    let subscriber: Subscriber
    let mailbox: Mailbox
}

/// Those who are subscribed to one topic, in the order in which they came.
private struct Topic: Sendable {
    var members: [Member] = []
    /// By queue, how many messages it has had.
    private var turns: [String: Int] = [:]

    var queues: Set<String> { Set(members.compactMap(\.subscriber.queue)) }

    mutating func remove(_ subscriber: Subscriber) {
        members.removeAll { $0.subscriber.id == subscriber.id }
        if let queue = subscriber.queue, !queues.contains(queue) { turns[queue] = nil }
    }

    @discardableResult
    func broadcast(_ message: Message) -> Int {
        let receivers = members.filter { $0.subscriber.queue == nil }
        for receiver in receivers { receiver.mailbox.put(message) }
        return receivers.count
    }

    @discardableResult
    mutating func hand(_ message: Message, toOneOf queue: String) -> Bool {
        let receivers = members.filter { $0.subscriber.queue == queue }
        guard !receivers.isEmpty else { return false }
        let turn = turns[queue, default: 0]
        receivers[turn % receivers.count].mailbox.put(message)
        turns[queue] = turn &+ 1
        return true
    }
}
