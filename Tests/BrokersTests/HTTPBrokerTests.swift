import Brokers
import Bytes
import Gateway
import HTTP
import JSON
import Reactor
import TestSupport
import Testing
import Upstream

/// The http broker of one loop that is turned by hand, and subscribers that the test plays.
///
/// Unchecked because the loop and the test share one thread.
private final class Rig: @unchecked Sendable {
    let loop = ManualEventLoop()
    let transport = MemoryTransport()
    let site = HTTPBrokerSite(memory: MemoryBroker())
    let view = CatalogView()
    private(set) var complaints: [String] = []
    private var results: [BrokerError?] = []
    private var domain: Domain?

    /// - Parameter subscribers: By address: the version, and the name of the service that they stand under.
    init(_ subscribers: [(address: String, version: String, service: String)], attempts: Int = 2) {
        let services = subscribers.map { address, version, service in
            let metadata = ["broker": "http", "topic": "news"]
            return Service(
                name: service, version: version,
                nodes: [Node(id: "id-\(address)", address: address, metadata: metadata)])
        }
        view.replace(with: Catalog(generation: 1, services: services))
        domain = Domain(loop: loop) { tasks in
            HTTPBroker(
                self.site, pool: UpstreamPool(loop: self.loop, transport: self.transport), catalog: self.view,
                tasks: tasks, maximumAttempts: attempts, complain: { self.complaints.append($0) })
        }
    }

    convenience init(everyone addresses: String...) {
        self.init(addresses.map { ($0, "ff.http.broadcast", "micro.http.broker") })
    }

    convenience init(queue addresses: String...) {
        self.init(addresses.map { ($0, "workers", "micro.http.broker") })
    }

    /// Publishes `hello` on the topic `news`, as far as that goes without answers.
    func publish(within limit: Duration = .seconds(5)) {
        guard let domain else { return }
        let deadline = loop.now + limit
        Task(executorPreference: loop) {
            let result = await domain.publish(
                Message(header: ["Content-Type": "text/plain"], body: Array("hello".utf8)), to: "news",
                before: deadline)
            self.results.append(result)
        }
        loop.drain()
    }

    var peers: [Peer] { transport.peers }

    /// What a subscriber got: the request's target and whether the message is the one that was published.
    func delivery(to peer: Peer) -> String {
        let text = peer.take()
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
        guard parts.count == 2, let (message, topic) = try? HTTPBrokerMessage.decode(ByteBuffer(String(parts[1])).span)
        else { return text }
        let target = text.split(separator: " ")[1]
        return "\(target) \(topic) \(String(decoding: message.body, as: UTF8.self))"
    }

    func answer(_ peer: Peer, _ status: String = "200 OK") {
        peer.send("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n")
        loop.drain()
    }

    /// `published`, or the reason why not; nil while it is not known. Of the last message.
    var result: String? {
        defer { results = [] }
        return results.last.map { $0?.reason ?? "published" }
    }
}

/// The isolation domain of the loop, which starts tasks as a worker does.
private actor Domain {
    private let loop: ManualEventLoop
    private let make: @Sendable (TaskStarter) -> HTTPBroker
    private var broker: HTTPBroker?
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: ManualEventLoop, make: @escaping @Sendable (TaskStarter) -> HTTPBroker) {
        self.loop = loop
        self.make = make
    }

    private final class Box {
        let task: any LoopTask
        init(_ task: any LoopTask) { self.task = task }
    }

    private func start(_ box: Box) {
        Task.immediate(executorPreference: loop) { await self.run(box) }
    }

    private func run(_ box: Box) async { await box.task.run() }

    func publish(
        _ message: Message, to topic: String, before deadline: ContinuousClock.Instant
    ) async -> BrokerError? {
        let broker = broker ?? make(TaskStarter { [unowned self] task in start(Box(task)) })
        self.broker = broker
        do throws(BrokerError) {
            try await broker.publish(message, to: topic, before: deadline, wakeup: Wakeup())
            return nil
        } catch {
            return error
        }
    }
}

struct HTTPBrokerTests {
    @Test func `nobody being subscribed is no error`() {
        let rig = Rig([])
        rig.publish()
        #expect(rig.result == "published")
        #expect(rig.peers.isEmpty)
    }

    @Test func `everyone gets the message at the same time, and it is published when all have answered`() {
        let rig = Rig(everyone: "10.0.0.1:1", "10.0.0.2:1")
        rig.publish()
        #expect(rig.peers.count == 2)
        #expect(
            Set(rig.peers.map { rig.delivery(to: $0) })
                == ["/?id=id-10.0.0.1%3A1 news hello", "/?id=id-10.0.0.2%3A1 news hello"])
        rig.answer(rig.peers[0])
        #expect(rig.result == nil)
        rig.answer(rig.peers[1])
        #expect(rig.result == "published")
        #expect(rig.complaints == [])
        // Connections are kept.
        rig.publish()
        #expect(rig.peers.count == 2)
    }

    @Test(
        "each version is delivered to in its own way",
        arguments: [
            ("micro.http.broker", "/"), ("go.micro.http.broker", "/_sub"), ("news", "/_sub"), ("topic:news", "/_sub"),
        ])
    func versions(service: String, path: String) {
        let rig = Rig([("10.0.0.1:1", "ff.http.broadcast", service)])
        rig.publish()
        #expect(rig.peers.count == 1)
        #expect(rig.delivery(to: rig.peers[0]) == "\(path)?id=id-10.0.0.1%3A1 news hello")
    }

    @Test func `who stands in several places gets the message once`() {
        let places = ["micro.http.broker", "go.micro.http.broker", "topic:news", "news"]
        let rig = Rig(places.map { ("10.0.0.1:1", "ff.http.broadcast", $0) })
        rig.publish()
        #expect(rig.peers.count == 1)
        #expect(rig.delivery(to: rig.peers[0]).hasPrefix("/?id="))
    }

    @Test func `of a queue one member gets the message, and another one when that cannot be reached`() {
        let rig = Rig(queue: "10.0.0.1:1", "10.0.0.2:1")
        rig.publish()
        #expect(rig.peers.count == 1)
        rig.answer(rig.peers[0])
        #expect(rig.result == "published")

        let other = Rig(queue: "10.0.0.1:1", "10.0.0.2:1")
        other.transport.refused = ["10.0.0.1:1"]
        for _ in 0..<20 {
            other.publish()
            let peer = other.peers[0]
            #expect(other.delivery(to: peer) == "/?id=id-10.0.0.2%3A1 news hello")
            other.answer(peer)
            #expect(other.result == "published")
        }
    }

    @Test func `a subscriber that is not there is tried once more after a pause, then the message is refused`() {
        let rig = Rig(everyone: "10.0.0.1:1")
        rig.transport.refused = ["10.0.0.1:1"]
        rig.publish()
        #expect(rig.transport.asked.count == 1)
        #expect(rig.result == nil)
        rig.loop.advance(by: .milliseconds(100))
        #expect(rig.transport.asked.count == 2)
        #expect(
            rig.result == "no subscriber of topic news took the message, so it was not published; send it again later")
        rig.loop.advance(by: .seconds(10))
        #expect(rig.transport.asked.count == 2)
        #expect(rig.loop.timers.count == 0)
    }

    @Test func `one that is known to be gone delays no other message`() {
        let rig = Rig(everyone: "10.0.0.1:1", "10.0.0.2:1")
        rig.transport.refused = ["10.0.0.1:1"]
        rig.publish()
        rig.answer(rig.peers[0])
        rig.loop.advance(by: .milliseconds(100))
        #expect(rig.result == "published")
        for _ in 0..<3 {
            rig.publish()
            rig.answer(rig.peers[0])
            #expect(rig.result == "published")
        }
        #expect(rig.transport.asked.filter { $0 == "10.0.0.1:1" }.count == 5)
        // Of what happens all the time the operator hears once a second.
        #expect(rig.complaints.count == 1)
        rig.loop.advance(by: .seconds(1))
        rig.publish()
        rig.answer(rig.peers[0])
        rig.loop.advance(by: .milliseconds(100))
        #expect(rig.complaints.count == 2)
        #expect(rig.complaints.last?.hasSuffix("; and 3 messages before it were not taken by all either") == true)
    }

    @Test func `one that has come back in the pause gets the message`() {
        let rig = Rig(everyone: "10.0.0.1:1")
        rig.transport.refused = ["10.0.0.1:1"]
        rig.publish()
        rig.transport.refused = []
        rig.loop.advance(by: .milliseconds(100))
        #expect(rig.delivery(to: rig.peers[0]) == "/?id=id-10.0.0.1%3A1 news hello")
        rig.answer(rig.peers[0])
        #expect(rig.result == "published")
    }

    @Test(
        "a message that may have been seen is not sent twice",
        arguments: ["500 Internal Server Error", "404 Not Found", nil] as [String?])
    func seen(status: String?) {
        let rig = Rig(everyone: "10.0.0.1:1")
        rig.publish()
        if let status { rig.answer(rig.peers[0], status) } else { rig.peers[0].reset() }
        rig.loop.advance(by: .seconds(1))
        #expect(rig.transport.asked.count == 1)
        #expect(rig.result?.hasPrefix("no subscriber of topic news took the message") == true)
    }

    @Test func `one that takes it is enough, and the operator hears of the others`() {
        let rig = Rig(everyone: "10.0.0.1:1", "10.0.0.2:1")
        rig.publish()
        rig.answer(rig.peers[0], "500 Internal Server Error")
        rig.answer(rig.peers[1])
        #expect(rig.result == "published")
        #expect(rig.complaints.count == 1)
        #expect(rig.complaints.first?.contains("answered 500") == true)
    }

    @Test func `who does not answer is given up at the deadline`() {
        let rig = Rig(everyone: "10.0.0.1:1", "10.0.0.2:1")
        rig.transport.silent = ["10.0.0.2:1"]
        rig.publish(within: .milliseconds(500))
        rig.loop.advance(by: .milliseconds(499))
        #expect(rig.result == nil)
        rig.loop.advance(by: .milliseconds(1))
        #expect(rig.result?.hasPrefix("no subscriber") == true)
    }

    @Test func `subscribers of this process get the message without a connection, and only once`() throws {
        let rig = Rig(everyone: "10.0.0.1:1", "127.0.0.1:7")
        rig.site.address = "127.0.0.1:7"
        let own = try rig.site.memory.subscribe(to: "news", queue: nil)
        rig.publish()
        #expect(own.tryReceive()?.body == Array("hello".utf8))
        #expect(own.tryReceive() == nil)
        #expect(rig.transport.asked == ["10.0.0.1:1"])
        // It counts like any other, so that the message is published even if nobody else takes it.
        rig.answer(rig.peers[0], "500 Internal Server Error")
        #expect(rig.result == "published")
    }

    @Test func `own members of a queue have their share of its messages`() throws {
        let rig = Rig(queue: "10.0.0.1:1")
        let own = try rig.site.memory.subscribe(to: "news", queue: "workers")
        let alone = try rig.site.memory.subscribe(to: "news", queue: "others")
        var (here, elsewhere) = (0, 0)
        for _ in 0..<200 {
            rig.publish()
            if own.tryReceive() != nil {
                here += 1
            } else {
                elsewhere += 1
                rig.answer(rig.peers[0])
            }
            #expect(rig.result == "published")
            #expect(alone.tryReceive() != nil)
        }
        // The odds that one of the two gets fewer are 1 in 10^20.
        #expect(here > 30 && elsewhere > 30)
    }

    @Test func `more subscribers than are asked at a time get the message too`() {
        let rig = Rig((0..<150).map { ("10.0.0.1:\($0 + 1)", "ff.http.broadcast", "micro.http.broker") })
        rig.publish()
        #expect(rig.peers.count == 64)
        var answered = 0
        while answered < rig.peers.count {
            rig.answer(rig.peers[answered])
            answered += 1
        }
        #expect(answered == 150)
        #expect(rig.result == "published")
    }
}
