import Bytes
import Gateway
import Glibc
import HTTP
import Logging
import Reactor
import Server
import TestSupport
import Testing
import Transports

/// Answers with what nodes are told of the client.
private final class OriginHandler: Handler {
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        let certificate = exchange.forwarding.clientCertificate ?? "nobody"
        try await exchange.respond(
            .ok, contentType: "text/plain", text: "\(exchange.forwarding.scheme) \(certificate)")
    }
}

/// A worker that speaks TLS with one client, in memory.
private struct SecureRig {
    let loop = ManualEventLoop()
    let pipe = Pipe()
    let log = TestLog()
    let worker: Worker
    let client: TLSChannel

    init(_ policy: TLSServerContext.Policy = .init(), client protocols: [String] = ["http/1.1"]) throws {
        let authority = TestAuthority()
        let made = authority.issue(["DNS:a.example"])
        let identity = try TLSIdentity(
            chain: made.chain, key: made.key, origin: "cert.pem", keyOrigin: "key.pem", now: time(nil))
        let context = try TLSServerContext(policy: policy, identities: [identity])
        try context.answerChallenge(for: "a.example", with: identity)
        client = try TLSClientContext(protocols: protocols, authorities: authority.pem)
            .makeChannel(over: pipe.one, to: "a.example", on: loop)
        let logger = log.logger
        worker = Worker(loop: loop) { loop in
            WorkerContext(
                loop: loop, configuration: SessionConfiguration(),
                logger: logger)
        }
        let (worker, peer) = (worker, pipe.right)
        Task(executorPreference: loop) {
            await worker.adopt(
                from: .loopback(port: 40_000), security: context, makeChannel: { MemoryChannel(peer) },
                makeHandler: { _ in OriginHandler() })
        }
        loop.drain()
    }

    /// Lets both sides go on until nothing moves. Returns what the client has read.
    func settle(sending text: String = "") throws -> String {
        var output = ByteBuffer(text)
        var input = ByteBuffer()
        while true {
            if try client.tryHandshake() {
                _ = try client.tryWrite(&output)
                _ = try client.tryRead(into: &input, atMost: 65_536)
            }
            let carried = pipe.carry()
            loop.drain()
            if carried == 0, pipe.right.received.isEmpty { return input.text }
        }
    }
}

struct SecureServeTests {
    @Test func `a request over TLS is answered, and nodes are told of https`() throws {
        let rig = try SecureRig()
        let answer = try rig.settle(sending: "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        #expect(bodies(answer) == ["https nobody"])
    }

    @Test func `a client that does not go on with its handshake is ended by the deadline, and the operator is told`()
        throws
    {
        let rig = try SecureRig()
        rig.pipe.right.send([0x16, 0x03, 0x01, 0x02, 0x00])
        rig.loop.drain()
        rig.loop.advance(by: .seconds(9))
        #expect(!rig.pipe.right.isClosed)
        rig.loop.advance(by: .seconds(2))
        #expect(rig.pipe.right.isClosed)
        #expect(
            rig.log.lines == ["info: a connection was refused: the TLS handshake took too long (--handshake_timeout)"])
    }

    @Test func `plain HTTP on a TLS port is told to use https`() throws {
        let rig = try SecureRig()
        rig.pipe.right.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        rig.loop.drain()
        let answer = rig.pipe.right.take()
        #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(answer.hasSuffix("use https:// instead of http://.\n"))
        #expect(rig.pipe.right.isClosed)
    }

    @Test func `a probe of a certificate authority never reaches a handler`() throws {
        let rig = try SecureRig(client: ["acme-tls/1"])
        #expect(throws: (any Error).self) {
            let answer = try rig.settle(sending: "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
            #expect(answer == "")
            throw ChannelError.closed
        }
        #expect(rig.client.negotiatedProtocol == "acme-tls/1")
        #expect(rig.pipe.right.isClosed)
    }

    @Test func `a target with the other scheme is misdirected`() throws {
        let rig = try SecureRig()
        let answer = try rig.settle(sending: "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 421 "))
    }

    @Test func `a server that stops ends handshakes that are going on`() throws {
        let rig = try SecureRig()
        rig.pipe.right.send([0x16, 0x03, 0x01, 0x02, 0x00])
        rig.loop.drain()
        let worker = rig.worker
        Task(executorPreference: rig.loop) { _ = await worker.drain(within: .seconds(5)) }
        rig.loop.drain()
        #expect(rig.pipe.right.isClosed)
    }

    @Test func `an idle connection over TLS is closed with a goodbye`() throws {
        let rig = try SecureRig()
        _ = try rig.settle(sending: "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        rig.loop.advance(by: .seconds(80))
        #expect(rig.pipe.right.isClosed)
        rig.pipe.carry()
        var buffer = ByteBuffer()
        #expect(try rig.client.tryRead(into: &buffer, atMost: 100) == 0)
    }
}
