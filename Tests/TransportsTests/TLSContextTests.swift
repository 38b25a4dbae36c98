import Bytes
import Reactor
import Synchronization
import TestSupport
import Testing
import Transports

/// A clock that the test turns.
private final class TestClock: Sendable {
    private let elapsed = Mutex(Duration.zero)
    private let start = ContinuousClock.now
    var now: ContinuousClock.Instant { start + elapsed.withLock { $0 } }
    func advance(by duration: Duration) { elapsed.withLock { $0 += duration } }
}

struct TLSServerNameTests {
    @Test(
        "the certificate is chosen by the name that the client asks for",
        arguments: [
            ("a.example", true), ("A.EXAMPLE", true), ("www.b.example", true), ("a.example.", true),
            ("WWW.b.example", true),
            ("b.example", false), ("x.www.b.example", false), ("unknown.example", false),
        ])
    func chooses(name: String, isMeant: Bool) throws {
        let authority = TestAuthority()
        let server = try TLSServerContext(identities: [
            authority.identity(["DNS:default.example"]), authority.identity(["DNS:a.example"]),
            authority.identity(["DNS:*.b.example"]),
        ])
        let rig = try TLSRig(client: TLSClientContext(authorities: authority.pem), server: server, name: name)
        let failure = rig.shakeHands().client
        #expect((failure == nil) == isMeant)
        if let failure {
            #expect(failure.reason.hasPrefix("its certificate is not for \(name) but for default.example"))
        }
    }

    @Test func `where unknown names are refused, they are, and known ones and none at all are not`() throws {
        let authority = TestAuthority()
        var policy = TLSServerContext.Policy()
        policy.refusesUnknownNames = true
        let server = try TLSServerContext(
            policy: policy, identities: [authority.identity(["DNS:a.example", "IP:127.0.0.1"])])
        let client = try TLSClientContext(authorities: authority.pem)
        #expect(try TLSRig(client: client, server: server).shakeHands() == (nil, nil))
        #expect(try TLSRig(client: client, server: server, name: "127.0.0.1").shakeHands() == (nil, nil))
        #expect(try TLSRig(client: client, server: server, name: "b.example").shakeHands().server != nil)
    }

    @Test func `a name may have a certificate of each kind`() throws {
        let authority = TestAuthority()
        let server = try TLSServerContext(identities: [
            authority.identity(["DNS:a.example"], kind: .rsa), authority.identity(["DNS:a.example"], kind: .ecdsa),
        ])
        #expect(
            try TLSRig(client: TLSClientContext(authorities: authority.pem), server: server).shakeHands() == (nil, nil))
    }

    @Test func `new certificates are for new connections, and those that exist go on`() throws {
        let (old, new) = (TestAuthority("old"), TestAuthority("new"))
        let server = try TLSServerContext(identities: [old.identity(["DNS:a.example"])])
        let before = try TLSRig(client: TLSClientContext(authorities: old.pem), server: server)
        before.shakeHands()
        try server.replace(identities: [new.identity(["DNS:a.example"])])
        let after = try TLSRig(client: TLSClientContext(authorities: new.pem), server: server)
        #expect(after.shakeHands() == (nil, nil))
        #expect(try before.send("still here", from: before.client, to: before.server) == "still here")
    }

    @Test func `a probe of an authority gets the challenge's certificate, and nobody else does`() throws {
        let (authority, challenge) = (TestAuthority("real"), TestAuthority("challenge"))
        let server = try TLSServerContext(identities: [authority.identity(["DNS:a.example"])])
        try server.answerChallenge(for: "a.example", with: challenge.identity(["DNS:a.example"]))
        let probing = try TLSClientContext(protocols: ["acme-tls/1"], authorities: challenge.pem)
        let probe = try TLSRig(client: probing, server: server)
        #expect(probe.shakeHands() == (nil, nil))
        #expect(probe.server.isChallenge)
        #expect(probe.server.negotiatedProtocol == "acme-tls/1")
        let client = try TLSRig(client: TLSClientContext(authorities: authority.pem), server: server)
        #expect(client.shakeHands() == (nil, nil))
        #expect(!client.server.isChallenge)
        server.endChallenge(for: "a.example")
        #expect(try TLSRig(client: probing, server: server).shakeHands().server != nil)
    }

    @Test func `a server without certificates refuses everybody until it has one`() throws {
        let authority = TestAuthority()
        let server = try TLSServerContext(identities: [])
        let client = try TLSClientContext(authorities: authority.pem)
        #expect(try TLSRig(client: client, server: server).shakeHands().server != nil)
        try server.replace(identities: [authority.identity(["DNS:a.example"])])
        #expect(try TLSRig(client: client, server: server).shakeHands() == (nil, nil))
    }
}

struct TLSTicketTests {
    private let authority = TestAuthority()
    private let clock = TestClock()

    /// Connects, and reads once, since tickets come after the handshake. Returns whether the client came back.
    private func visit(_ client: TLSClientContext, _ server: TLSServerContext) throws -> Bool {
        let rig = try TLSRig(client: client, server: server)
        #expect(rig.shakeHands() == (nil, nil))
        _ = try rig.send("x", from: rig.server, to: rig.client)
        return rig.server.isResumed
    }

    private func tickets() -> TicketKeys { TicketKeys { [clock] in clock.now } }

    @Test func `a client comes back without a full handshake, also after new certificates`() throws {
        let server = try TLSServerContext(identities: [authority.identity(["DNS:a.example"])])
        let client = try TLSClientContext(authorities: authority.pem)
        #expect(try !visit(client, server))
        #expect(try visit(client, server))
        try server.replace(identities: [authority.identity(["DNS:a.example"])])
        #expect(try visit(client, server))
    }

    @Test func `keys change every twelve hours, and open their tickets for twelve more`() throws {
        let server = try TLSServerContext(identities: [authority.identity(["DNS:a.example"])], tickets: tickets())
        let (early, late) = (
            try TLSClientContext(authorities: authority.pem), try TLSClientContext(authorities: authority.pem)
        )
        _ = try visit(early, server)
        _ = try visit(late, server)
        clock.advance(by: .seconds(13 * 3_600))
        #expect(try visit(early, server))
        clock.advance(by: .seconds(12 * 3_600))
        #expect(try !visit(late, server))
        #expect(try visit(early, server))
    }

    @Test func `a ticket from where no certificate is asked for does not help where one is required`() throws {
        let tickets = tickets()
        let identity = try authority.identity(["DNS:a.example"])
        let open = try TLSServerContext(identities: [identity], tickets: tickets)
        var policy = TLSServerContext.Policy()
        policy.clientCertificates = .required
        let closed = try TLSServerContext(
            policy: policy, identities: [identity], authorities: authority.pem, tickets: tickets)
        let client = try TLSClientContext(authorities: authority.pem)
        _ = try visit(client, open)
        #expect(try visit(client, open))
        let rig = try TLSRig(client: client, server: closed)
        #expect(rig.shakeHands().server != nil)
    }
}

struct TLSVerificationTests {
    private let authority = TestAuthority()

    private func failure(
        _ made: TestAuthority.Certificate, name: String, trusting trusted: [UInt8]?, now: Int = TLSRig.now
    ) throws -> String {
        let server = try TLSServerContext(identities: [TestAuthority.identity(made, now: now)])
        let rig = try TLSRig(client: TLSClientContext(authorities: trusted), server: server, name: name)
        return rig.shakeHands().client?.reason ?? "none"
    }

    @Test func `the client says which check has failed, and what to do`() throws {
        let good = authority.issue(["DNS:a.example", "IP:127.0.0.1"])
        #expect(try failure(good, name: "a.example", trusting: authority.pem) == "none")
        #expect(try failure(good, name: "127.0.0.1", trusting: authority.pem) == "none")
        #expect(
            try failure(good, name: "b.example", trusting: authority.pem)
                == "its certificate is not for b.example but for a.example, 127.0.0.1")
        #expect(
            try failure(good, name: "127.0.0.2", trusting: authority.pem).hasPrefix(
                "its certificate is not for 127.0.0.2"))
        #expect(try failure(good, name: "a.example", trusting: nil).contains("--tls_ca_file"))
        let expired = authority.issue(["DNS:a.example"], from: -7_200, to: -3_600)
        #expect(
            try failure(expired, name: "a.example", trusting: authority.pem, now: TLSRig.now - 5_000)
                .contains("has expired"))
        let misused = authority.issue(["DNS:a.example"], usage: "clientAuth")
        #expect(try failure(misused, name: "a.example", trusting: authority.pem).contains("not for servers"))
    }

    @Test func `without verification every server is believed`() throws {
        let server = try TLSServerContext(identities: [authority.identity(["DNS:other.example"])])
        let rig = try TLSRig(client: TLSClientContext(verifies: false), server: server)
        #expect(rig.shakeHands() == (nil, nil))
    }

    @Test func `plain bytes before the handshake of a node are refused`() throws {
        let server = try TLSServerContext(identities: [authority.identity(["DNS:a.example"])])
        let rig = try TLSRig(client: TLSClientContext(authorities: authority.pem), server: server)
        _ = try rig.client.tryHandshake()
        rig.pipe.left.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        #expect(throws: ChannelError.insecure("what it sends is no TLS")) { try rig.client.tryHandshake() }
    }

    @Test func `authorities without a certificate are refused`() {
        #expect(throws: TLSProblem.self) { try TLSClientContext(authorities: Array("nothing".utf8)) }
    }
}
