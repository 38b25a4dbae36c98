import Brokers
import Gateway
import Testing

struct MemoryBrokerTests {
    private let broker = MemoryBroker()

    private func publish(_ numbers: ClosedRange<Int>, to topic: String = "news") throws {
        for number in numbers { try broker.publish(Message(body: Array("\(number)".utf8)), to: topic) }
    }

    /// Takes that many messages as numbers.
    private func take(_ count: Int, from stream: AsyncStream<Message>) async -> [Int] {
        var numbers: [Int] = []
        var iterator = stream.makeAsyncIterator()
        while numbers.count < count, let message = await iterator.next() {
            numbers.append(Int(String(decoding: message.body, as: UTF8.self)) ?? -1)
        }
        return numbers
    }

    @Test func `every subscriber of a topic gets every message, in order, with its header`() async throws {
        let first = try broker.subscribe(to: "news", queue: nil)
        let second = try broker.subscribe(to: "news", queue: nil)
        try publish(1...3)
        #expect(await take(3, from: first) == [1, 2, 3])
        #expect(await take(3, from: second) == [1, 2, 3])

        let stream = try broker.subscribe(to: "news", queue: nil)
        let message = Message(header: ["Micro-Id": "7"], body: [0, 255])
        try broker.publish(message, to: "news")
        var iterator = stream.makeAsyncIterator()
        #expect(await iterator.next() == message)
    }

    @Test func `a message goes to its own topic, and to nobody who comes later`() async throws {
        try publish(1...1)
        let news = try broker.subscribe(to: "news", queue: nil)
        let sport = try broker.subscribe(to: "news.sport", queue: nil)
        try publish(2...2)
        try publish(3...3, to: "news.sport")
        #expect(await take(1, from: news) == [2])
        #expect(await take(1, from: sport) == [3])
    }

    @Test func `the members of a queue take messages in turn, beside those who get all`() async throws {
        let all = try broker.subscribe(to: "news", queue: nil)
        let first = try broker.subscribe(to: "news", queue: "workers")
        let second = try broker.subscribe(to: "news", queue: "workers")
        let other = try broker.subscribe(to: "news", queue: "auditors")
        try publish(1...4)
        #expect(await take(2, from: first) == [1, 3])
        #expect(await take(2, from: second) == [2, 4])
        #expect(await take(4, from: other) == [1, 2, 3, 4])
        #expect(await take(4, from: all) == [1, 2, 3, 4])
    }

    @Test func `a queue whose member left goes on with the others`() async throws {
        let first = try broker.subscribe(to: "news", queue: "workers")
        do {
            let second = try broker.subscribe(to: "news", queue: "workers")
            try publish(1...2)
            #expect(await take(1, from: second) == [2])
        }
        try publish(3...4)
        #expect(await take(3, from: first) == [1, 3, 4])
    }

    @Test func `a subscriber that falls behind loses the oldest messages, not the newest`() async throws {
        let stream = try broker.subscribe(to: "news", queue: nil)
        let excess = 3
        try publish(1...(MemoryBroker.bufferedMessages + excess))
        let taken = await take(MemoryBroker.bufferedMessages, from: stream)
        #expect(taken.first == excess + 1)
        #expect(taken.last == MemoryBroker.bufferedMessages + excess)
    }

    @Test func `dropping the stream ends the subscription`() throws {
        do {
            let stream = try broker.subscribe(to: "news", queue: "workers")
            #expect(broker.subscriberCount(of: "news") == 1)
            withExtendedLifetime(stream) {}
        }
        #expect(broker.subscriberCount(of: "news") == 0)
    }

    @Test func `cancelling the reader ends the subscription`() async throws {
        let stream = try broker.subscribe(to: "news", queue: nil)
        let reader = Task { for await _ in stream {} }
        reader.cancel()
        await reader.value
        #expect(broker.subscriberCount(of: "news") == 0)
    }

    @Test func `the streams end with the broker`() async throws {
        var broker: MemoryBroker? = MemoryBroker()
        let stream = try #require(broker).subscribe(to: "news", queue: nil)
        broker = nil
        #expect(await take(1, from: stream) == [])
    }

    @Test func `publishers on many threads lose nothing and mix up nothing`() async throws {
        let streams = try (0..<2).map { _ in try broker.subscribe(to: "news", queue: nil) }
        await withTaskGroup(of: Void.self) { group in
            for start in [0, 100, 200, 300] {
                group.addTask { try? publish((start + 1)...(start + 100)) }
            }
        }
        let (first, second) = (await take(400, from: streams[0]), await take(400, from: streams[1]))
        #expect(first == second)
        #expect(first.sorted() == Array(1...400))
    }

    @Test func `a topic and a queue need names`() {
        #expect(throws: BrokerError.self) { try broker.publish(Message(body: []), to: "") }
        #expect(throws: BrokerError.self) { try broker.subscribe(to: "", queue: nil) }
        #expect(throws: BrokerError.self) { try broker.subscribe(to: "news", queue: "") }
    }
}
