import Bytes
import COpenSSL
import Reactor
import TestSupport
import Testing

@testable import Transports

struct TLSKeyUpdateTests {
    private let rig: TLSRig

    init() throws {
        let authority = TestAuthority()
        rig = try TLSRig(
            client: TLSClientContext(authorities: authority.pem),
            server: TLSServerContext(identities: [authority.identity(["DNS:a.example"])]))
        rig.shakeHands()
    }

    private func update(_ count: Int) {
        for _ in 0..<count {
            SSL_key_update(rig.client.engine.connection, SSL_KEY_UPDATE_NOT_REQUESTED)
            SSL_do_handshake(rig.client.engine.connection)
        }
        rig.pipe.carry()
    }

    @Test func `a peer may change its key now and then`() throws {
        for _ in 0..<50 {
            update(3)
            #expect(try rig.send("content", from: rig.client, to: rig.server) == "content")
        }
    }

    @Test func `a peer that changes its key without end is cut off`() throws {
        update(2_000)
        var buffer = ByteBuffer()
        let error = #expect(throws: ChannelError.self) {
            for _ in 0..<100 where try rig.server.tryRead(into: &buffer, atMost: 8_192) != nil {}
        }
        #expect(error?.reason.contains("without end") == true)
    }
}
