import Bytes
import Glibc
import Reactor
import Synchronization
import Testing
import Transports

/// A real loop, with sockets of this machine on ports that the system chooses.
struct LoopTests {
    private func withLoop<Result: Sendable>(
        _ body: @escaping @Sendable (EpollEventLoop) async throws -> Result
    ) async throws -> Result {
        let loop = try EpollEventLoop(name: "test")
        loop.start()
        defer { loop.stop() }
        let domain = Domain(loop)
        return try await Task(executorPreference: loop) { try await domain.run(body) }.value
    }

    /// The isolation that a worker gives its tasks.
    private actor Domain {
        private let loop: EpollEventLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

        init(_ loop: EpollEventLoop) { self.loop = loop }

        func run<Result: Sendable>(_ body: @Sendable (EpollEventLoop) async throws -> Result) async throws -> Result {
            try await body(loop)
        }

        func startEcho(_ channel: Unchecked<TCPChannel>, _ deadline: Unchecked<Deadline>) -> Task<Void, Never> {
            Task.immediate(executorPreference: loop) {
                var buffer = ByteBuffer()
                do throws(ChannelError) {
                    while try await channel.value.read(into: &buffer, atMost: 100, until: deadline.value) > 0 {
                        try await channel.value.write(&buffer, until: deadline.value)
                    }
                } catch {
                    return  // The client closed.
                }
                _ = self  // Only a closure that holds the actor runs on it.
            }
        }
    }

    private struct NoSocket: Error {}

    /// A listener, a client's channel and the accepted one.
    private struct Pair {
        let listener: TCPListener
        let client: any Channel
        let server: TCPChannel
        let wakeup = Wakeup()
        let deadline: Deadline
        let address: Address
        let peer: Address
    }

    nonisolated(nonsending) private static func connect(on loop: EpollEventLoop) async throws -> Pair {
        var sockets = try ListeningSockets(.loopback(port: 0), count: 1)
        let address = sockets.address
        guard let socket = sockets.take() else { throw NoSocket() }
        let listener = try TCPListener(owning: socket, on: loop)
        let wakeup = Wakeup()
        let deadline = Deadline(on: loop, firing: wakeup)
        deadline.set(loop.now + .seconds(10))
        let client = try await TCPTransport().connect(to: address, on: loop, wakeup: wakeup, until: deadline)
        while true {
            if let (server, peer) = try listener.tryAccept() {
                let pair = Pair(
                    listener: listener, client: client, server: server, deadline: deadline, address: address, peer: peer
                )
                pair.deadline.wakeup = pair.wakeup
                client.wakeup = pair.wakeup
                server.wakeup = pair.wakeup
                return pair
            }
            await listener.wakeup.wait()
        }
    }

    @Test func `what is sent comes back, and the end is seen`() async throws {
        let text = try await withLoop { loop in
            let pair = try await Self.connect(on: loop)
            #expect(pair.peer.isLoopback)
            #expect(pair.address.port != 0)
            var (out, back) = (ByteBuffer("hello"), ByteBuffer())
            try await pair.client.write(&out, until: pair.deadline)
            _ = try await pair.server.read(into: &back, atMost: 100, until: pair.deadline)
            try await pair.server.write(&back, until: pair.deadline)
            pair.server.finish()
            var got = ByteBuffer()
            while try await pair.client.read(into: &got, atMost: 3, until: pair.deadline) > 0 {}
            #expect(try await pair.client.read(into: &got, atMost: 3, until: pair.deadline) == 0)
            // The other direction is still open.
            #expect(!pair.client.isBroken)
            var late = ByteBuffer("late")
            try await pair.client.write(&late, until: pair.deadline)
            var rest = ByteBuffer()
            _ = try await pair.server.read(into: &rest, atMost: 100, until: pair.deadline)
            return got.text + rest.text
        }
        #expect(text == "hellolate")
    }

    @Test func `a megabyte passes through full sockets whole`() async throws {
        let total = try await withLoop { loop in
            let pair = try await Self.connect(on: loop)
            var out = ByteBuffer((0..<4_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            var got = ByteBuffer()
            while got.count < 4_000_000 {
                let hasSent = try pair.client.tryWrite(&out)
                let count = try pair.server.tryRead(into: &got, atMost: 65_536)
                if count == nil, !hasSent || out.isEmpty, got.count < 4_000_000 { await pair.wakeup.wait() }
                if pair.deadline.hasExpired { break }
            }
            let bytes = got.bytes
            #expect(bytes.indices.allSatisfy { bytes[$0] == UInt8(truncatingIfNeeded: $0 &* 31) })
            return got.count
        }
        #expect(total == 4_000_000)
    }

    @Test func `a reset is an error and no end`() async throws {
        let error = try await withLoop { loop -> ChannelError? in
            let pair = try await Self.connect(on: loop)
            var out = ByteBuffer("unread")
            try await pair.server.write(&out, until: pair.deadline)
            // The client closes with bytes unread, which resets the connection.
            while !pair.client.isReadable { await pair.wakeup.wait() }
            pair.client.close()
            do throws(ChannelError) {
                var got = ByteBuffer()
                while try await pair.server.read(into: &got, atMost: 100, until: pair.deadline) > 0 {}
                return nil
            } catch {
                return error
            }
        }
        #expect(error == .closed)
    }

    /// An address that somebody listened at, and nobody does now.
    private static func unusedAddress() throws(SystemError) -> Address {
        let sockets = try ListeningSockets(.loopback(port: 0), count: 1)
        return sockets.address
    }

    @Test func `nobody listening is refused at once`() async throws {
        let error = try await withLoop { loop -> ChannelError? in
            let address = try Self.unusedAddress()
            let wakeup = Wakeup()
            let deadline = Deadline(on: loop, firing: wakeup)
            deadline.set(loop.now + .seconds(10))
            do throws(ChannelError) {
                _ = try await TCPTransport().connect(to: address, on: loop, wakeup: wakeup, until: deadline)
                return nil
            } catch {
                return error
            }
        }
        #expect(error == .refused)
    }

    @Test func `a listener that is closed accepts nothing more, and says so to who waits`() async throws {
        try await withLoop { loop in
            let pair = try await Self.connect(on: loop)
            #expect(pair.listener.isOpen)
            pair.listener.close()
            pair.listener.close()
            await pair.listener.wakeup.wait()
            #expect(!pair.listener.isOpen)
            #expect(try pair.listener.tryAccept() == nil)
            let error = await #expect(throws: ChannelError.self) {
                _ = try await TCPTransport().connect(
                    to: pair.address, on: loop, wakeup: pair.wakeup, until: pair.deadline)
            }
            #expect(error == .refused)
        }
    }

    @Test func `a channel that was closed here is closed`() async throws {
        try await withLoop { loop in
            let pair = try await Self.connect(on: loop)
            pair.client.close()
            pair.client.close()
            var buffer = ByteBuffer("x")
            #expect(pair.client.isBroken)
            #expect(throws: ChannelError.closed) { _ = try pair.client.tryWrite(&buffer) }
            #expect(throws: ChannelError.closed) { _ = try pair.client.tryRead(into: &buffer, atMost: 1) }
        }
    }

    @Test func `an echo costs one pass through the queue for each side`() async throws {
        let jobs = try await withLoop { loop in
            let pair = try await Self.connect(on: loop)
            let server = pair.server
            let deadline = Deadline(on: loop, firing: Wakeup())
            server.wakeup = deadline.wakeup
            let echo = await Domain(loop).startEcho(Unchecked(server), Unchecked(deadline))
            var buffer = ByteBuffer()
            var before = 0
            for round in 0..<101 {
                if round == 1 { before = loop.jobsRun }
                buffer.append("ping")
                try await pair.client.write(&buffer, until: pair.deadline)
                _ = try await pair.client.read(into: &buffer, atMost: 100, until: pair.deadline)
                buffer.removeAll()
            }
            let count = loop.jobsRun - before
            pair.client.close()
            await echo.value
            return count
        }
        #expect(jobs <= 205)
    }

    private struct Unchecked<Value>: @unchecked Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    @Test func `sleepers wake in the order of their moments`() async throws {
        let order = try await withLoop { loop in
            let log = Log()
            await withTaskGroup(of: Void.self) { group in
                for number in [3, 1, 2] {
                    group.addTask(executorPreference: loop) {
                        await loop.sleep(for: .milliseconds(number * 20))
                        log.numbers.withLock { $0.append(number) }
                    }
                }
            }
            return log.numbers.withLock { $0 }
        }
        #expect(order == [1, 2, 3])
    }

    @Test func `an address is not shared with another program, however many loops listen`() throws {
        for count in [1, 2] {
            let first = try ListeningSockets(.loopback(port: 0), count: count)
            let error = #expect(throws: SystemError.self) {
                _ = try ListeningSockets(.loopback(port: first.address.port), count: count)
            }
            #expect(error?.number == EADDRINUSE)
            #expect(error?.call.description == "bind")
        }
    }

    @Test func `the kernel spreads connections over the sockets of an address`() async throws {
        let accepted = try await withLoop { loop in
            var sockets = try ListeningSockets(.loopback(port: 0), count: 2)
            let address = sockets.address
            guard let first = sockets.take(), let second = sockets.take() else { throw NoSocket() }
            let listeners = [try TCPListener(owning: first, on: loop), try TCPListener(owning: second, on: loop)]
            let wakeup = Wakeup()
            let deadline = Deadline(on: loop, firing: wakeup)
            deadline.set(loop.now + .seconds(10))
            var counts = [0, 0]
            for _ in 0..<64 {
                _ = try await TCPTransport().connect(to: address, on: loop, wakeup: wakeup, until: deadline)
                for index in listeners.indices {
                    while try listeners[index].tryAccept() != nil { counts[index] += 1 }
                }
            }
            return counts
        }
        #expect(accepted.reduce(0, +) == 64)
        #expect(accepted.allSatisfy { $0 > 5 })
    }

    @Test func `every loop gets a socket of the same address`() throws {
        var sockets = try ListeningSockets(.loopback(port: 0), count: 3)
        var count = 0
        while sockets.take() != nil { count += 1 }
        #expect(count == 3)
    }
}

struct BlockingPoolTests {
    @Test func `work runs elsewhere and brings its result, four at a time`() async {
        let pool = BlockingPool.shared
        let gauge = Gauge()
        let results = await withTaskGroup(of: Int?.self) { group in
            for number in 0..<64 {
                group.addTask {
                    await pool.run {
                        let now = gauge.running.add(1, ordering: .sequentiallyConsistent).newValue
                        gauge.most.max(now, ordering: .sequentiallyConsistent)
                        defer { gauge.running.subtract(1, ordering: .sequentiallyConsistent) }
                        return number * 2
                    }
                }
            }
            var sum = 0
            for await result in group { sum += result ?? 0 }
            return sum
        }
        #expect(results == 64 * 63)
        #expect(gauge.most.load(ordering: .sequentiallyConsistent) <= BlockingPool.maximumThreads)
    }
}

struct HostLookupTests {
    @Test(
        "literals and localhost need no lookup",
        arguments: [
            ("127.0.0.1", ["127.0.0.1:80"]), ("::1", ["[::1]:80"]), ("localhost", ["127.0.0.1:80", "[::1]:80"]),
        ])
    func literals(host: String, addresses: [String]) async throws {
        #expect(HostLookup.literal(host, port: 80)?.description == addresses[0])
        #expect(try await HostLookup.addresses(of: host, port: 80).map(\.description) == addresses)
    }

    @Test("what is no literal is looked up", arguments: ["example.test", "256.1.1.1", "", "[::1]"])
    func names(host: String) {
        #expect(HostLookup.literal(host, port: 80) == nil)
    }
}

private final class Log: Sendable {
    let numbers = Mutex<[Int]>([])
}

/// How many run now, and how many did at most.
private final class Gauge: Sendable {
    let running = Atomic(0)
    let most = Atomic(0)
}
