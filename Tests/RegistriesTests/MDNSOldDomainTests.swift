import Bytes
import Gateway
import Logging
import Reactor
import Registries
import TestSupport
import Testing
import Transports

/// A service of Go Micro 1.0 to 1.9, as the registry under test meets it: one socket, which the registry takes for the
/// multicast group, with the recorded messages in the old domain.
private actor OldPeer {
    nonisolated let loop: EpollEventLoop
    nonisolated let registry: MDNSRegistry
    private var socket: DatagramSocket?
    private var registryAddress: Address?
    private let arrivals = Wakeup()
    private var answering: Task<[String], any Error>?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init() throws {
        loop = try EpollEventLoop(name: "test")
        loop.start()
        var configuration = MDNSConfiguration(host: try DNSName("test."))
        // An answer is here at once; how long the threads that it needs may be kept from running, nobody knows.
        configuration.window = .seconds(3)
        configuration.freshness = .zero
        let logger = Logger.silent
        registry = MDNSRegistry(loop: loop, configuration: configuration, logger: logger)
    }

    /// Makes the registry talk to this peer.
    func start() async throws {
        let own = try BoundDatagramSocket(.loopback(port: 0))
        let group = own.address
        let socket = try DatagramSocket(owning: own, on: loop)
        socket.wakeup = arrivals
        self.socket = socket
        let listening = try BoundDatagramSocket(.loopback(port: 0))
        registryAddress = listening.address
        try await registry.start(listening: listening.release(), group: group)
    }

    /// Answers questions as the service does, up to the one given. It goes on by itself, so that no answer is late because
    /// the threads that tests share are busy.
    func beginAnswering(upTo last: String) {
        answering = Task { try await answer(upTo: last) }
    }

    /// All that were asked.
    var asked: [String] { get async throws { try await answering?.value ?? [] } }

    private func answer(upTo last: String) async throws -> [String] {
        let answers = [
            "_services.local.": Golden.message("mdns-list-response-captured").inLocalDomain,
            "go.micro.srv.greeter.local.": Golden.message("mdns-response-service").inLocalDomain,
        ]
        var asked: [String] = []
        while asked.last != last {
            var buffer = ByteBuffer()
            guard let asker = try socket?.tryReceive(into: &buffer) else {
                await arrivals.wait()
                continue
            }
            let question = try #require(DNSReader.message(buffer.bytes).questions.first).name.description
            asked.append(question)
            if let answer = answers[question] { try socket?.trySend(answer, to: asker) }
        }
        return asked
    }

    /// Tells the registry something unasked.
    func announce(_ id: String) throws {
        try socket?.trySend(Golden.message(id).inLocalDomain, to: #require(registryAddress))
    }

    func stop() async {
        await registry.close()
        socket?.close()
        loop.stop()
    }
}

@Suite(.timeLimit(.minutes(3)))
struct MDNSOldDomainTests {
    @Test func `an old service is listed, and asked for in its own domain only`() async throws {
        let peer = try OldPeer()
        try await peer.start()
        await peer.beginAnswering(upTo: "go.micro.srv.greeter.local.")
        #expect(try await peer.registry.services() == [Greeter.service])
        #expect(try await peer.asked == ["_services.micro.", "_services.local.", "go.micro.srv.greeter.local."])
        await peer.stop()
    }

    @Test func `a service that is asked for by name is asked for in both domains`() async throws {
        let peer = try OldPeer()
        try await peer.start()
        await peer.beginAnswering(upTo: "go.micro.srv.greeter.local.")
        #expect(try await peer.registry.services(named: "go.micro.srv.greeter") == [Greeter.service])
        #expect(try await peer.asked == ["go.micro.srv.greeter.micro.", "go.micro.srv.greeter.local."])
        await peer.stop()
    }

    @Test func `watchers hear of an old service that comes and goes`() async throws {
        let peer = try OldPeer()
        try await peer.start()
        var events = await peer.registry.watch().makeAsyncIterator()
        try await peer.announce("mdns-announce")
        #expect(await events.next() == .registered(Greeter.service))
        try await peer.announce("mdns-goodbye")
        #expect(await events.next() == .deregistered(Greeter.service))
        await peer.stop()
    }

    @Test func `an old service that answers no more is gone after two questions`() async throws {
        let peer = try OldPeer()
        try await peer.start()
        var events = await peer.registry.watch().makeAsyncIterator()
        try await peer.announce("mdns-announce")
        #expect(await events.next() == .registered(Greeter.service))
        #expect(try await peer.registry.services(named: Greeter.service.name) == [Greeter.service])
        #expect(try await peer.registry.services(named: Greeter.service.name) == [])
        #expect(await events.next() == .deregistered(Greeter.service))
        await peer.stop()
    }
}
