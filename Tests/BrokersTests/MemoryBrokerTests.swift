import Brokers
import Gateway
import Testing

struct MemoryBrokerTests {
    private let broker = MemoryBroker()

    private func publish(_ numbers: ClosedRange<Int>, to topic: String = "news") {
        for number in numbers { broker.publish(Message(body: Array("\(number)".utf8)), to: topic) }
    }

    /// Takes what waits, as numbers.
    private func take(from subscription: MemorySubscription) -> [Int] {
        var numbers: [Int] = []
        while let message = subscription.tryReceive() {
            numbers.append(Int(String(decoding: message.body, as: UTF8.self)) ?? -1)
        }
        return numbers
    }

    @Test func `every subscriber of a topic gets every message, in order, with its header`() throws {
        let first = try broker.subscribe(to: "news", queue: nil)
        let second = try broker.subscribe(to: "news", queue: nil)
        publish(1...3)
        #expect(take(from: first) == [1, 2, 3])
        #expect(take(from: second) == [1, 2, 3])

        let message = Message(header: ["Micro-Id": "7"], body: [0, 255])
        broker.publish(message, to: "news")
        #expect(first.tryReceive() == message)
        #expect(first.tryReceive() == nil)
    }

    @Test func `a message goes to its own topic, and to nobody who comes later`() throws {
        publish(1...1)
        let news = try broker.subscribe(to: "news", queue: nil)
        let sport = try broker.subscribe(to: "news.sport", queue: nil)
        publish(2...2)
        publish(3...3, to: "news.sport")
        #expect(take(from: news) == [2])
        #expect(take(from: sport) == [3])
    }

    @Test func `the members of a queue take messages in turn, beside those who get all`() throws {
        let all = try broker.subscribe(to: "news", queue: nil)
        let first = try broker.subscribe(to: "news", queue: "workers")
        let second = try broker.subscribe(to: "news", queue: "workers")
        let other = try broker.subscribe(to: "news", queue: "auditors")
        publish(1...4)
        #expect(take(from: all) == [1, 2, 3, 4])
        #expect(take(from: first) == [1, 3])
        #expect(take(from: second) == [2, 4])
        #expect(take(from: other) == [1, 2, 3, 4])
    }

    @Test func `the others of a queue go on when a member leaves`() throws {
        let first = try broker.subscribe(to: "news", queue: "workers")
        let second = try broker.subscribe(to: "news", queue: "workers")
        publish(1...2)
        #expect(take(from: second) == [2])
        second.cancel()
        publish(3...4)
        #expect(take(from: first) == [1, 3, 4])
        #expect(take(from: second) == [])
    }

    @Test func `a subscriber that falls behind loses the oldest messages, not the newest`() throws {
        let subscription = try broker.subscribe(to: "news", queue: nil)
        publish(1...1_027)
        let taken = take(from: subscription)
        #expect(taken.count == 1_024)
        #expect((taken.first, taken.last) == (4, 1_027))
        #expect(subscription.lostCount == 3)
    }

    @Test func `few large messages fill a mailbox too, but one always has room`() throws {
        let subscription = try broker.subscribe(to: "news", queue: nil)
        let large = Message(body: [UInt8](repeating: 1, count: 5 << 20))
        broker.publish(large, to: "news")
        broker.publish(large, to: "news")
        #expect(subscription.lostCount == 1)
        broker.publish(Message(body: [UInt8](repeating: 2, count: 9 << 20)), to: "news")
        #expect(subscription.lostCount == 2)
        #expect(subscription.tryReceive()?.body.count == 9 << 20)
        #expect(subscription.tryReceive() == nil)
    }

    @Test func `messages that are taken in between leave nothing behind`() throws {
        let subscription = try broker.subscribe(to: "news", queue: nil)
        var next = 0
        for round in 0..<200 {
            publish((round * 3)...(round * 3 + 2))
            for _ in 0..<2 {
                #expect(subscription.tryReceive()?.body == Array("\(next)".utf8))
                next += 1
            }
        }
        #expect(take(from: subscription) == Array(400..<600))
        #expect(subscription.lostCount == 0)
    }

    @Test func `it rings when there is a message where there was none, and ends with the subscription`() async throws {
        let subscription = try broker.subscribe(to: "news", queue: nil)
        publish(1...2)
        var rings = subscription.rings.makeAsyncIterator()
        #expect(await rings.next() != nil)
        #expect(take(from: subscription) == [1, 2])
        publish(3...3)
        #expect(await rings.next() != nil)
        subscription.cancel()
        #expect(await rings.next() == nil)
    }

    @Test func `giving the subscription up ends it, and whoever watches hears of it`() async throws {
        var changes = broker.changes().makeAsyncIterator()
        do {
            let subscription = try broker.subscribe(to: "news", queue: "workers")
            #expect(broker.subscriberCount(of: "news") == 1)
            #expect(broker.subscribers.map(\.topic) == ["news"])
            #expect(broker.subscribers.first?.id.hasPrefix("news-") == true)
            #expect(await changes.next() != nil)
            withExtendedLifetime(subscription) {}
        }
        #expect(await changes.next() != nil)
        #expect(broker.subscriberCount(of: "news") == 0)
        #expect(broker.subscribers.isEmpty)
    }

    @Test func `publishers on many threads lose nothing and mix up nothing`() async throws {
        let subscriptions = try (0..<2).map { _ in try broker.subscribe(to: "news", queue: nil) }
        await withTaskGroup(of: Void.self) { group in
            for start in [0, 100, 200, 300] {
                group.addTask { publish((start + 1)...(start + 100)) }
            }
        }
        let (first, second) = (take(from: subscriptions[0]), take(from: subscriptions[1]))
        #expect(first == second)
        #expect(first.sorted() == Array(1...400))
    }

    @Test func `a topic and a queue need names`() {
        #expect(throws: BrokerError.self) { try broker.subscribe(to: "", queue: nil) }
        #expect(throws: BrokerError.self) { try broker.subscribe(to: "news", queue: "") }
    }
}
