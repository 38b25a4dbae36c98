import Gateway
import Testing

struct NodeRotationTests {
    private static func node(_ number: Int) -> Node { Node(id: "n\(number)", address: "10.0.0.\(number):80") }
    private let nodes = (1...3).map(Self.node)
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func `a node that failed rests for one second, then twice as long each time, at most thirty`() {
        let health = NodeHealth()
        var now = start
        for rest in [1, 2, 4, 8, 16, 30, 30] {
            health.recordFailure(of: nodes[0], now: now)
            #expect(health.isResting(nodes[0], now: now + .seconds(rest) - .milliseconds(1)))
            now += .seconds(rest)
            #expect(!health.isResting(nodes[0], now: now))
        }
    }

    @Test func `requests that fail together are one failure`() {
        let health = NodeHealth()
        for _ in 0..<100 { health.recordFailure(of: nodes[0], now: at(0)) }
        #expect(health.isResting(nodes[0], now: at(0.9)))
        #expect(!health.isResting(nodes[0], now: at(1)))
    }

    @Test func `a success forgets everything`() {
        let health = NodeHealth()
        health.recordFailure(of: nodes[0], now: at(0))
        health.recordFailure(of: nodes[0], now: at(1))
        health.recordSuccess(of: nodes[0])
        #expect(health.isEmpty)
        health.recordFailure(of: nodes[0], now: at(2))
        #expect(!health.isResting(nodes[0], now: at(3)))
    }

    @Test func `what is no longer registered is forgotten, what still is rests on`() {
        let health = NodeHealth()
        health.recordFailure(of: nodes[0], now: at(0))
        health.recordFailure(of: nodes[1], now: at(0))
        // Announced again, it is another object that says the same.
        health.keep(only: [Self.node(1)])
        #expect(health.isResting(nodes[0], now: at(0.5)))
        #expect(!health.isResting(nodes[1], now: at(0.5)))
    }

    @Test func `a resting node is passed over until its rest ends`() {
        let health = NodeHealth()
        let rotation = NodeRotation(nodes: nodes, strategy: RoundRobin(), health: health)
        rotation.recordFailure(of: nodes[1], now: at(0))
        let during = Set((0..<30).compactMap { _ in rotation.next(now: at(0.5))?.id })
        #expect(during == ["n1", "n3"])
        let after = Set((0..<30).compactMap { _ in rotation.next(now: at(1))?.id })
        #expect(after == ["n1", "n2", "n3"])
    }

    @Test func `when all rest the one that comes back first is tried all the same`() {
        let rotation = NodeRotation(nodes: nodes, strategy: RoundRobin(), health: NodeHealth())
        rotation.recordFailure(of: nodes[0], now: at(0.2))
        rotation.recordFailure(of: nodes[1], now: at(0))
        rotation.recordFailure(of: nodes[2], now: at(0.1))
        #expect(rotation.next(now: at(0.5))?.id == "n2")
        #expect(rotation.next(now: at(0.5), after: [nodes[1]])?.id == "n3")
    }

    @Test func `no node is tried twice for one request, and then there is none`() {
        for strategy in [RoundRobin(), RandomChoice()] as [any Strategy] {
            let rotation = NodeRotation(nodes: nodes, strategy: strategy, health: NodeHealth())
            var tried: [Node] = []
            while let node = rotation.next(now: start, after: tried) {
                #expect(!tried.contains(node))
                tried.append(node)
            }
            #expect(tried.count == 3)
        }
        let none = NodeRotation(nodes: [], strategy: RoundRobin(), health: NodeHealth())
        #expect(none.next(now: start) == nil)
        #expect(NodeRotation(nodes: [], strategy: RandomChoice(), health: NodeHealth()).next(now: start) == nil)
    }

    @Test func `turns are even`() {
        var selector = RoundRobin().makeSelector(over: nodes)
        var counts: [String: Int] = [:]
        for _ in 0..<300 { counts[selector.next()?.id ?? "", default: 0] += 1 }
        #expect(counts == ["n1": 100, "n2": 100, "n3": 100])
    }

    @Test func `loops do not all begin with the same node`() {
        let first = (0..<200).map { _ in
            var selector = RoundRobin().makeSelector(over: nodes)
            return selector.next()?.id
        }
        #expect(Set(first).count == 3)
    }

    @Test func `chance reaches every node about as often`() {
        var selector = RandomChoice().makeSelector(over: nodes)
        var counts: [String: Int] = [:]
        for _ in 0..<3_000 { counts[selector.next()?.id ?? "", default: 0] += 1 }
        #expect(counts.count == 3)
        #expect(counts.values.allSatisfy { (800...1_200).contains($0) })
    }

    @Test(
        "what a node speaks is told by its metadata alone",
        arguments: [
            ([:], .http), (["protocol": "grpc"], .grpc), (["server": "grpc"], .grpc),
            (["server": "grpc", "transport": "grpc"], .grpc),
            (["protocol": "mucp"], .mucp(transport: "http")),
            (["protocol": "mucp", "transport": "nats"], .mucp(transport: "nats")),
            (["server": "rpc", "transport": "http"], .mucp(transport: "http")),
            (["protocol": "http"], .http), (["protocol": "http", "transport": "http"], .http),
            (["transport": "http"], .mucp(transport: "http")), (["region": "eu"], .http),
        ] as [([String: String], WireProtocol)])
    func wireProtocol(metadata: [String: String], spoken: WireProtocol) {
        #expect(Node(id: "a", address: "b:1", metadata: metadata).wireProtocol == spoken)
    }

    @Test(
        "an address is a host and a port",
        arguments: [
            ("a:1", "a", 1), ("10.0.0.1:65535", "10.0.0.1", 65_535), ("[::1]:80", "::1", 80), ("a", nil, nil),
            ("a:", nil, nil),
            (":80", nil, nil), ("a:65536", nil, nil), ("a:-1", nil, nil), ("", nil, nil),
        ] as [(String, String?, UInt16?)])
    func address(text: String, host: String?, port: UInt16?) {
        let parts = Node(id: "n", address: text).hostAndPort
        #expect(parts?.host == host)
        #expect(parts?.port == port)
    }
}
