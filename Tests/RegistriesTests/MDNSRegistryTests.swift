import Bytes
import Gateway
import Glibc
import Logging
import Reactor
import Registries
import Synchronization
import TestSupport
import Testing
import Transports

extension MDNSRegistry {
    /// Starts on the loopback interface, with an address in place of the multicast group.
    func start(listening: CInt, group: Address) throws {
        try start { loop throws(SystemError) in
            let listening = BoundDatagramSocket(owning: FileDescriptor(owning: listening), address: group)
            let asking = try BoundDatagramSocket(.loopback(port: 0))
            return [
                MDNSLink(
                    listening: try DatagramSocket(owning: listening, on: loop),
                    asking: try DatagramSocket(owning: asking, on: loop), group: group,
                    networks: [NetworkInterface.Network(address: .loopback(port: 0), prefixLength: 8)])
            ]
        }
    }
}

/// Two registries that take each other for the multicast group: no datagram leaves the loopback interface, and none is
/// multicast.
private final class Pair: Sendable {
    let loop: EpollEventLoop
    let one: MDNSRegistry
    let two: MDNSRegistry
    private let addressOfTwo: Address

    init(_ change: (inout MDNSConfiguration) -> Void = { _ in }) async throws {
        let loop = try EpollEventLoop(name: "test")
        loop.start()
        self.loop = loop
        var configuration = MDNSConfiguration(host: try DNSName("test."))
        // An answer is here at once; how long the threads that it needs may be kept from running, nobody knows.
        configuration.window = .seconds(3)
        configuration.freshness = .zero
        change(&configuration)
        let logger = Logger.silent
        one = MDNSRegistry(loop: loop, configuration: configuration, logger: logger)
        two = MDNSRegistry(loop: loop, configuration: configuration, logger: logger)

        let first = try BoundDatagramSocket(.loopback(port: 0))
        let second = try BoundDatagramSocket(.loopback(port: 0))
        let (addressOne, addressTwo) = (first.address, second.address)
        addressOfTwo = addressTwo
        try await one.start(listening: first.release(), group: addressTwo)
        try await two.start(listening: second.release(), group: addressOne)
    }

    /// Sends a message to the second registry, as somebody who is no registry.
    func sendToTwo(_ message: DNSMessage) throws {
        let socket = try BoundDatagramSocket(.loopback(port: 0)).release()
        defer { Glibc.close(socket) }
        let bytes = try DNSWriter.bytes(of: message)
        let sent = addressOfTwo.withSocketAddress { sendto(socket, bytes, bytes.count, 0, $0, $1) }
        #expect(sent == bytes.count)
    }

    func stop() async {
        await one.close()
        await two.close()
        loop.stop()
    }
}

@Suite(.timeLimit(.minutes(3)))
struct MDNSRegistryTests {
    private func service(_ name: String, _ ids: String...) -> Service {
        Service(
            name: name, endpoints: [Endpoint(name: "Say.Hello")],
            nodes: ids.map { Node(id: $0, address: "10.0.0.1:80", metadata: ["protocol": "mucp"]) })
    }

    @Test func `a service that is registered at one is found by the other, by name and in the list`() async throws {
        let pair = try await Pair { $0.announcements = [] }
        try await pair.one.register(service("go.micro.s", "a", "b"), lifetime: nil)
        #expect(try await pair.two.services(named: "go.micro.s") == [service("go.micro.s", "a", "b")])
        try await pair.one.register(service("other", "c"), lifetime: nil)
        #expect(try await pair.two.services() == [service("go.micro.s", "a", "b"), service("other", "c")])
        #expect(try await pair.two.services(named: "unknown").isEmpty)
        #expect(try await pair.two.services(named: "no..name").isEmpty)
        await pair.stop()
    }

    @Test func `a registry knows what was registered at itself`() async throws {
        let pair = try await Pair()
        try await pair.one.register(service("s", "a"), lifetime: nil)
        #expect(try await pair.one.services() == [service("s", "a")])
        #expect(try await pair.one.services(named: "s") == [service("s", "a")])
        await pair.stop()
    }

    @Test func `announcements and goodbyes reach the watchers of the other`() async throws {
        let pair = try await Pair { $0.announcements = [.zero, .milliseconds(10)] }
        var events = await pair.two.watch().makeAsyncIterator()
        try await pair.one.register(service("s", "a"), lifetime: nil)
        #expect(await events.next() == .registered(service("s", "a")))
        await pair.one.deregister(Service(name: "s"))
        // The second announcement, if it came, was no news.
        #expect(await events.next() == .deregistered(service("s", "a")))
        await pair.stop()
    }

    @Test func `closing says goodbye`() async throws {
        let pair = try await Pair()
        var events = await pair.two.watch().makeAsyncIterator()
        try await pair.one.register(service("s", "a"), lifetime: nil)
        #expect(await events.next() == .registered(service("s", "a")))
        await pair.one.close()
        #expect(await events.next() == .deregistered(service("s", "a")))
        await #expect(throws: RegistryError.self) { try await pair.one.services() }
        await #expect(throws: RegistryError.self) { try await pair.one.services(named: "s") }
        await pair.stop()
    }

    @Test func `a registration ends with its lifetime, and a renewal puts that off`() async throws {
        let pair = try await Pair { $0.announcements = [.zero] }
        var events = await pair.two.watch().makeAsyncIterator()
        try await pair.one.register(service("s", "a"), lifetime: .seconds(3_600))
        #expect(await events.next() == .registered(service("s", "a")))
        try await pair.one.register(service("s", "a"), lifetime: .milliseconds(10))
        #expect(await events.next() == .deregistered(service("s", "a")))
        await pair.stop()
    }

    @Test func `a node that vanished without goodbye is gone after two rounds of questions`() async throws {
        let pair = try await Pair {
            $0.announcements = [.zero]
            $0.window = .milliseconds(5)
            $0.interval = .milliseconds(20)
        }
        var events = await pair.two.watch().makeAsyncIterator()
        // Announced by one that answers no questions.
        let node = Node(id: "ghost", address: "10.0.0.1:1")
        let ghost = try MDNSInstance(node, of: Service(name: "s", nodes: [node]), host: DNSName("ghost."))
        try pair.sendToTwo(ghost.announcement)
        #expect(await events.next() == .registered(Service(name: "s", nodes: [node])))
        #expect(await events.next() == .deregistered(Service(name: "s", nodes: [node])))
        await pair.stop()
    }

    @Test func `what cannot be announced is refused as a whole`() async throws {
        let pair = try await Pair()
        var service = service("s", "a")
        service.nodes.append(Node(id: "b", address: "host.example:1"))
        await #expect(throws: RegistryError.self) { try await pair.one.register(service, lifetime: nil) }
        #expect(try await pair.one.services().isEmpty)
        await pair.stop()
    }

    @Test func `many who ask at once share one round`() async throws {
        let pair = try await Pair { $0.freshness = .seconds(3_600) }
        try await pair.one.register(service("s", "a"), lifetime: nil)
        let answers = try await withThrowingTaskGroup(of: [Service].self) { group in
            for _ in 0..<50 { group.addTask { try await pair.two.services() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == [[Service]](repeating: [service("s", "a")], count: 50))
        await pair.stop()
    }
}

struct MDNSInterfacesTests {
    private func interface(
        _ name: String, isUp: Bool = true, canMulticast: Bool = true, hasAddress: Bool = true
    ) -> NetworkInterface {
        let network = NetworkInterface.Network(address: .v4(10, 0, 0, 1, port: 0), prefixLength: 24)
        return NetworkInterface(
            name: name, index: 1, isUp: isUp, canMulticast: canMulticast, isLoopback: name == "lo",
            networks: hasAddress ? [network] : [])
    }

    @Test func `by default all are chosen that are up, can multicast and have an address`() throws {
        let all = [
            interface("lo", canMulticast: false), interface("a"), interface("b", isUp: false),
            interface("c", hasAddress: false), interface("d"),
        ]
        #expect(try MDNSInterfaces.choose(nil, from: all).map(\.name) == ["a", "d"])
        #expect(try MDNSInterfaces.choose(["lo", "a", "a"], from: all).map(\.name) == ["lo", "a"])
    }

    @Test(
        "a choice that cannot be met says why",
        arguments: [
            (nil, "no network interface can multicast (lo cannot multicast, eth0 is down, eth1 has no address)"),
            (["eth9"], "there is no network interface eth9; there are lo, eth0, eth1"),
            (["eth0"], "network interface eth0 is down"), (["lo", "eth1"], "network interface eth1 has no address"),
        ])
    func refused(names: [String]?, reason: String) {
        let all = [
            interface("lo", canMulticast: false), interface("eth0", isUp: false), interface("eth1", hasAddress: false),
        ]
        #expect(throws: RegistryError(reason)) { try MDNSInterfaces.choose(names, from: all) }
    }

    @Test func `the description names interfaces and addresses`() {
        #expect(MDNSInterfaces(used: [interface("a"), interface("b")]).description == "a (10.0.0.1), b (10.0.0.1)")
    }
}
