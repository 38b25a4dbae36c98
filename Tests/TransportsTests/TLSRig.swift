import Bytes
import Glibc
import Reactor
import TestSupport
import Transports

/// A client and a server that speak TLS to each other in memory: no socket, no thread, no file.
final class TLSRig {
    static let now = time(nil)

    let loop = ManualEventLoop()
    let pipe = Pipe()
    let client: TLSChannel
    let server: TLSChannel

    init(client: TLSClientContext, server: TLSServerContext, name: String = "a.example") throws {
        self.client = try client.makeChannel(over: pipe.one, to: name, on: loop)
        self.server = try server.makeChannel(over: pipe.other, on: loop)
    }

    /// Carries bytes until both sides agree, or one of them fails. Returns the errors of the client and of the server.
    @discardableResult
    func shakeHands(atMost limit: Int = .max) -> (client: ChannelError?, server: ChannelError?) {
        var (one, other): (ChannelError?, ChannelError?) = (nil, nil)
        while true {
            let clientIsDone = Self.attempt(client, &one)
            let serverIsDone = Self.attempt(server, &other)
            let carried = pipe.carry(atMost: limit)
            if carried == 0, clientIsDone, serverIsDone { return (one, other) }
            if carried == 0, one != nil || other != nil { return (one, other) }
        }
    }

    private static func attempt(_ channel: TLSChannel, _ failure: inout ChannelError?) -> Bool {
        guard failure == nil else { return true }
        do throws(ChannelError) {
            return try channel.tryHandshake()
        } catch {
            failure = error
            return true
        }
    }

    /// Sends text from one side and returns what the other has read.
    func send(_ text: String, from one: TLSChannel, to other: TLSChannel) throws(ChannelError) -> String {
        var buffer = ByteBuffer(text)
        var result = ByteBuffer()
        while true {
            let isSent = try one.tryWrite(&buffer)
            let carried = pipe.carry()
            let count = try other.tryRead(into: &result, atMost: 65_536)
            if isSent, carried == 0, count ?? 0 == 0 { return result.text }
        }
    }
}

extension TestAuthority {
    func identity(
        _ names: [String], kind: Kind = .ecdsa, subject: String = "test"
    ) throws(TLSProblem) -> TLSIdentity {
        try Self.identity(issue(names, subject: subject, kind: kind))
    }

    static func identity(_ made: Certificate, now: Int = TLSRig.now) throws(TLSProblem) -> TLSIdentity {
        try TLSIdentity(chain: made.chain, key: made.key, origin: "cert.pem", keyOrigin: "key.pem", now: now)
    }
}
