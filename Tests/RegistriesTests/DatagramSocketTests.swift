import Bytes
import Reactor
import Testing
import Transports

@Suite(.timeLimit(.minutes(1)))
struct DatagramSocketTests {
    /// A domain on a loop, as sockets belong to one.
    private actor Bench {
        private nonisolated let loop: EpollEventLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

        init(_ loop: EpollEventLoop) { self.loop = loop }

        /// Sends each datagram from one socket to another. Returns what came, and whether it came from the sender.
        func exchange(_ datagrams: [[UInt8]]) async throws -> (received: [[UInt8]], isFromSender: Bool) {
            let target = try BoundDatagramSocket(.loopback(port: 0))
            let source = try BoundDatagramSocket(.loopback(port: 0))
            let (to, from) = (target.address, source.address)
            let receiver = try DatagramSocket(owning: target, on: loop)
            let sender = try DatagramSocket(owning: source, on: loop)
            let wakeup = Wakeup()
            receiver.wakeup = wakeup
            var buffer = ByteBuffer()
            #expect(try receiver.tryReceive(into: &buffer) == nil)
            for datagram in datagrams { #expect(try sender.trySend(datagram, to: to)) }
            var received: [[UInt8]] = []
            var isFromSender = true
            while received.count < datagrams.count {
                guard let peer = try receiver.tryReceive(into: &buffer) else {
                    await wakeup.wait()
                    continue
                }
                isFromSender = isFromSender && peer == from
                received.append(buffer.bytes)
                buffer.removeAll()
            }
            receiver.close()
            receiver.close()
            #expect(!receiver.isOpen)
            #expect(try receiver.tryReceive(into: &buffer) == nil)
            #expect(throws: SystemError.self) { try receiver.trySend([1], to: to) }
            return (received, isFromSender)
        }
    }

    @Test func `datagrams arrive whole, the empty one and the largest too, with their sender`() async throws {
        let loop = try EpollEventLoop(name: "test")
        loop.start()
        let datagrams: [[UInt8]] = [[1, 2, 3], [], [UInt8](repeating: 7, count: 60_000), [4]]
        let (received, isFromSender) = try await Bench(loop).exchange(datagrams)
        #expect(received == datagrams)
        #expect(isFromSender)
        loop.stop()
    }

    @Test func `the loopback interface is listed with its address`() throws {
        let interfaces = try NetworkInterface.all()
        let loopback = try #require(interfaces.first { $0.isLoopback })
        #expect(loopback.index > 0)
        #expect(loopback.addressV4?.ip == "127.0.0.1")
    }

    @Test(
        "a network contains what shares its first bits",
        arguments: [
            ("10.1.2.3", 8, "10.255.0.1", true), ("10.1.2.3", 8, "11.1.2.3", false),
            ("10.1.2.3", 30, "10.1.2.1", true), ("10.1.2.3", 30, "10.1.2.4", false),
            ("10.1.2.3", 32, "10.1.2.3", true), ("10.1.2.3", 32, "10.1.2.2", false),
            ("fe80::1", 64, "fe80::ffff", true), ("fe80::1", 64, "fe80:0:0:1::1", false),
            ("10.1.2.3", 0, "::1", false), ("10.1.2.3", 0, "1.1.1.1", true),
        ])
    func networks(own: String, prefixLength: Int, other: String, isInside: Bool) throws {
        let network = NetworkInterface.Network(
            address: try #require(Address(ip: own, port: 0)), prefixLength: prefixLength)
        #expect(network.contains(try #require(Address(ip: other, port: 5_353))) == isInside)
    }
}
