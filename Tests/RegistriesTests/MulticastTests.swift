import Gateway
import Glibc
import Logging
import Reactor
import Registries
import TestSupport
import Testing
import Transports

/// Real multicast, which must not disturb anybody's network: run these in a network namespace of their own, with the
/// name of an interface in `MICRO_TEST_MULTICAST_INTERFACE`.
private let interface = getenv("MICRO_TEST_MULTICAST_INTERFACE").map { String(cString: $0) }

@Suite(
    .enabled(if: interface != nil, "multicast is tried only where MICRO_TEST_MULTICAST_INTERFACE names an interface"),
    .serialized, .timeLimit(.minutes(1)))
struct MulticastTests {
    private func registry(on loop: EpollEventLoop, host: String) async throws -> MDNSRegistry {
        let configuration = MDNSConfiguration(host: try DNSName(host))
        let logger = Logger.silent
        let registry = MDNSRegistry(loop: loop, configuration: configuration, logger: logger)
        let interfaces = try await registry.start(interfaces: interface.map { [$0] })
        #expect(interfaces.used.map(\.name) == [interface])
        #expect(interfaces.refused == [])
        return registry
    }

    @Test func `two registries on one machine find each other's services, and see them come and go`() async throws {
        let loop = try EpollEventLoop(name: "test")
        loop.start()
        let one = try await registry(on: loop, host: "one")
        let two = try await registry(on: loop, host: "two")
        let service = Service(
            name: "go.micro.s", endpoints: [Endpoint(name: "Say.Hello")],
            nodes: [
                Node(id: "go.micro.s-1", address: "10.0.0.1:80", metadata: ["protocol": "grpc"]),
                Node(id: "go.micro.s-2", address: "[fd00::1]:80", metadata: ["protocol": "grpc"]),
            ])
        var events = await two.watch().makeAsyncIterator()
        try await one.register(service, lifetime: nil)
        for node in service.nodes {
            var single = service
            single.nodes = [node]
            #expect(await events.next() == .registered(single))
        }
        #expect(try await two.services(named: "go.micro.s") == [service])
        #expect(try await two.services() == [service])

        // A third one that heard no announcement must ask.
        let three = try await registry(on: loop, host: "three")
        #expect(try await three.services() == [service])

        await one.close()
        for node in service.nodes {
            var single = service
            single.nodes = [node]
            #expect(await events.next() == .deregistered(single))
        }
        #expect(try await two.services().isEmpty)
        await two.close()
        await three.close()
        loop.stop()
    }
}
