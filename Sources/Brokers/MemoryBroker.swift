package import Gateway
import Synchronization

/// A broker in this process's memory. A message reaches those who are subscribed at that moment and nobody else:
/// nothing is stored, and publishing to no one is no error.
///
/// Requests publish from every loop, so the subscribers are behind a lock that is held for as long as it takes to put
/// one message into their buffers. All subscribers of a topic see its messages in the same order.
package final class MemoryBroker: Broker {
    /// How many messages wait for a subscriber that falls behind. When there are more, the oldest are lost.
    package static let bufferedMessages = 1_024

    private let topics = Mutex<[String: Topic]>([:])

    package init() {}

    /// Every stream ends with its broker.
    deinit {
        topics.withLock { topics in
            for topic in topics.values { topic.finish() }
        }
    }

    package var name: String { "memory" }

    /// - Throws: When the topic has no name.
    package func publish(_ message: Message, to topic: String) throws(BrokerError) {
        guard !topic.isEmpty else { throw BrokerError("A message needs the name of a topic.") }
        topics.withLock { $0[topic]?.deliver(message) }
    }

    /// The subscription ends when the stream is dropped, or the task that reads it is cancelled.
    ///
    /// - Parameter queue: The members of a queue take messages in turn. Nil: all messages.
    /// - Throws: When the topic has no name, or the queue has an empty one.
    package func subscribe(to topic: String, queue: String?) throws(BrokerError) -> AsyncStream<Message> {
        guard !topic.isEmpty else { throw BrokerError("A subscriber needs the name of a topic.") }
        guard queue != "" else { throw BrokerError("The name of a queue is empty; leave it out to get all messages.") }
        let policy = AsyncStream<Message>.Continuation.BufferingPolicy.bufferingNewest(Self.bufferedMessages)
        let (stream, continuation) = AsyncStream.makeStream(of: Message.self, bufferingPolicy: policy)
        let number = topics.withLock { $0[topic, default: Topic()].add(continuation, to: queue) }
        continuation.onTermination = { [weak self] _ in self?.unsubscribe(number, from: topic) }
        return stream
    }

    /// How many are subscribed to a topic, members of queues included.
    package func subscriberCount(of topic: String) -> Int {
        topics.withLock { $0[topic]?.subscribers.count ?? 0 }
    }

    private func unsubscribe(_ number: Int, from topic: String) {
        topics.withLock { topics in
            topics[topic]?.remove(number)
            if topics[topic]?.subscribers.isEmpty == true { topics[topic] = nil }
        }
    }
}

/// Those who are subscribed to one topic, in the order in which they came.
private struct Topic: Sendable {
    struct Subscriber: Sendable {
        let number: Int
        let queue: String?
        let messages: AsyncStream<Message>.Continuation
    }

    private(set) var subscribers: [Subscriber] = []
    private var lastNumber = 0
    /// By queue, the number of the member who had the last message.
    private var served: [String: Int] = [:]

    mutating func add(_ messages: AsyncStream<Message>.Continuation, to queue: String?) -> Int {
        lastNumber += 1
        subscribers.append(Subscriber(number: lastNumber, queue: queue, messages: messages))
        if let queue, served[queue] == nil { served[queue] = 0 }
        return lastNumber
    }

    mutating func remove(_ number: Int) {
        guard let index = subscribers.firstIndex(where: { $0.number == number }) else { return }
        let queue = subscribers.remove(at: index).queue
        if let queue, !subscribers.contains(where: { $0.queue == queue }) { served[queue] = nil }
    }

    mutating func deliver(_ message: Message) {
        for subscriber in subscribers where subscriber.queue == nil { subscriber.messages.yield(message) }
        for (queue, last) in served {
            // The next member after the last one served, or the first again.
            let members = subscribers.filter { $0.queue == queue }
            guard let member = members.first(where: { $0.number > last }) ?? members.first else { continue }
            member.messages.yield(message)
            served[queue] = member.number
        }
    }

    func finish() {
        for subscriber in subscribers { subscriber.messages.finish() }
    }
}
