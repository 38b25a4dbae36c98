import Bytes
import Reactor
import TestSupport
import Testing
import Transports

struct TLSChannelTests {
    private let authority: TestAuthority
    private let client: TLSClientContext
    private let identity: TLSIdentity

    init() throws {
        authority = TestAuthority()
        client = try TLSClientContext(protocols: ["h2", "http/1.1"], authorities: authority.pem)
        identity = try authority.identity(["DNS:a.example"])
    }

    private func rig(policy: TLSServerContext.Policy = .init()) throws -> TLSRig {
        try TLSRig(client: client, server: TLSServerContext(policy: policy, identities: [identity]))
    }

    @Test func `a client and a server agree and exchange text both ways`() throws {
        let rig = try rig()
        #expect(rig.shakeHands() == (nil, nil))
        #expect(rig.client.version == "TLSv1.3")
        #expect(rig.client.negotiatedProtocol == "h2")
        #expect(rig.server.negotiatedProtocol == "h2")
        #expect(try rig.send("hello", from: rig.client, to: rig.server) == "hello")
        #expect(try rig.send("welcome", from: rig.server, to: rig.client) == "welcome")
    }

    @Test func `the first flights may come byte by byte`() throws {
        let rig = try rig()
        #expect(rig.shakeHands(atMost: 1) == (nil, nil))
        #expect(try rig.send("hello", from: rig.client, to: rig.server) == "hello")
    }

    @Test func `a first flight that is cut at any byte leaves the server waiting, and no more`() throws {
        let whole = try rig()
        _ = try whole.client.tryHandshake()
        let flight = whole.pipe.left.received.bytes
        let server = try TLSServerContext(identities: [identity])
        for length in 0..<flight.count {
            let rig = try TLSRig(client: client, server: server)
            rig.pipe.right.send(Array(flight.prefix(length)))
            #expect(try !rig.server.tryHandshake(), "after \(length) bytes")
            rig.pipe.right.finish()
            #expect(throws: ChannelError.insecure("the peer left in the middle of the TLS handshake")) {
                try rig.server.tryHandshake()
            }
        }
    }

    @Test func `large content passes through small pieces, whole and in order`() throws {
        let rig = try rig()
        rig.shakeHands()
        let text = String((0..<20_000).flatMap { "line \($0)\n" })
        #expect(try rig.send(text, from: rig.client, to: rig.server) == text)
        #expect(!rig.server.isReadable)
    }

    @Test func `a channel that takes nothing more keeps the caller's bytes, and goes on later`() throws {
        let rig = try rig()
        rig.shakeHands()
        rig.pipe.right.room = 100
        var buffer = ByteBuffer([UInt8](repeating: 0x61, count: 40_000))
        #expect(try !rig.server.tryWrite(&buffer))
        #expect(buffer.count == 40_000)
        buffer.append("end")
        rig.pipe.right.room = .max
        #expect(try rig.server.tryWrite(&buffer))
        rig.pipe.carry()
        var result = ByteBuffer()
        while try rig.client.tryRead(into: &result, atMost: 65_536) != nil {}
        #expect(result.count == 40_003)
    }

    @Test func `a goodbye is the end of the stream, and a channel that just ends is an error`() throws {
        let polite = try rig()
        polite.shakeHands()
        polite.client.finish()
        #expect(polite.pipe.left.sawFinish)
        polite.pipe.carry()
        var buffer = ByteBuffer()
        #expect(try polite.server.tryRead(into: &buffer, atMost: 100) == 0)
        #expect(polite.server.hasPeerFinished)

        let cut = try rig()
        cut.shakeHands()
        cut.pipe.right.finish()
        #expect(throws: ChannelError.closed) { try cut.server.tryRead(into: &buffer, atMost: 100) }
    }

    @Test func `content before the end is read before the end is told`() throws {
        let rig = try rig()
        rig.shakeHands()
        var text = ByteBuffer("last words")
        #expect(try rig.client.tryWrite(&text))
        rig.client.close()
        rig.pipe.carry()
        var buffer = ByteBuffer()
        #expect(try rig.server.tryRead(into: &buffer, atMost: 100) == 10)
        #expect(try rig.server.tryRead(into: &buffer, atMost: 100) == 0)
    }

    @Test func `a byte that was changed on the way is noticed, and the connection is over`() throws {
        let rig = try rig()
        rig.shakeHands()
        var text = ByteBuffer("pay 100")
        #expect(try rig.client.tryWrite(&text))
        var record = rig.pipe.left.received.bytes
        record[record.count - 3] ^= 1
        rig.pipe.right.send(record)
        var buffer = ByteBuffer()
        let error = #expect(throws: ChannelError.self) { try rig.server.tryRead(into: &buffer, atMost: 100) }
        guard case .insecure? = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(buffer.isEmpty)
        #expect(rig.server.isBroken)
    }

    @Test func `plain HTTP on a TLS port is recognised, and can be answered plainly`() throws {
        let rig = try rig()
        rig.pipe.right.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(throws: ChannelError.plainHTTP) { try rig.server.tryHandshake() }
        _ = rig.pipe.right.take()
        var answer = ByteBuffer("HTTP/1.1 400 Bad Request\r\n\r\n")
        #expect(try rig.server.tryWrite(&answer))
        #expect(rig.pipe.right.take() == "HTTP/1.1 400 Bad Request\r\n\r\n")
    }

    @Test(
        "what is no TLS is refused with a sentence",
        arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}", "nonsense that goes on and on"])
    func refusesNoise(text: String) throws {
        let rig = try rig()
        rig.pipe.right.send(text)
        let error = #expect(throws: ChannelError.self) { try rig.server.tryHandshake() }
        #expect(error?.reason == "what it sends is no TLS")
    }

    @Test func `a read takes no more than its share of what is no content`() throws {
        let rig = try rig()
        rig.shakeHands()
        let text = ByteBuffer([UInt8](repeating: 0x61, count: 400_000))
        var rest = text
        #expect(try rig.client.tryWrite(&rest))
        rig.pipe.carry()
        var buffer = ByteBuffer()
        #expect(try rig.server.tryRead(into: &buffer, atMost: 1_000) == 1_000)
        #expect(rig.pipe.right.unread > 370_000)
    }

    @Test func `the protocol is the server's first choice among those that the client offers`() throws {
        var policy = TLSServerContext.Policy()
        policy.protocols = ["http/1.1", "h2"]
        let rig = try rig(policy: policy)
        rig.shakeHands()
        #expect(rig.server.negotiatedProtocol == "http/1.1")
    }

    @Test func `without a protocol in common there is no connection, without any offer there is`() throws {
        let server = try TLSServerContext(identities: [authority.identity(["DNS:a.example"])])
        let other = try TLSRig(
            client: TLSClientContext(protocols: ["spdy/1"], authorities: authority.pem), server: server)
        #expect(
            other.shakeHands().server?.reason == "the two sides have no protocol in common (ALPN)")
        let none = try TLSRig(
            client: TLSClientContext(protocols: [], authorities: authority.pem), server: server)
        #expect(none.shakeHands() == (nil, nil))
        #expect(none.server.negotiatedProtocol == nil)
    }
}
