internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// One connection from a client, from its first byte to its last, whatever is spoken on it.
///
/// There are many, and most are idle: then a connection is not much more than this object. It has no task, no session and
/// no buffer before something comes.
final class ServerConnection: LoopTask, Sleeper {
    let listener: ListenerContext
    let channel: any Channel
    let isPeerLoopback: Bool
    let wakeup = Wakeup()
    /// The only one of the connection, for whatever it waits for.
    let deadline: Deadline
    private let peer: Address
    private var session: (any ServerSession)?
    /// Nil while the connection rests.
    private var knownForwarding: ForwardingContext?
    private var idleSince: ContinuousClock.Instant
    private var isResting = false
    private var hasAgreed = false
    private(set) var isDraining = false
    /// True until the first bytes have shown that they are no preface of HTTP/2.
    var mayBeginHTTP2 = false

    init(channel: any Channel, from peer: Address, on listener: ListenerContext) {
        self.channel = channel
        self.listener = listener
        self.peer = peer
        isPeerLoopback = peer.isLoopback
        idleSince = listener.worker.loop.now
        deadline = Deadline(on: listener.worker.loop, firing: wakeup)
        channel.wakeup = wakeup
    }

    private var context: WorkerContext { listener.worker }

    /// Goes on with the connection, until it ends or is idle.
    nonisolated(nonsending) func run() async {
        if !hasAgreed {
            guard await shakeHands() else { return end() }
            hasAgreed = true
            mayBeginHTTP2 = channel.negotiatedProtocol == nil
            idleSince = context.loop.now
        }
        if await serve() { end() }
    }

    private func end() {
        deadline.cancel()
        channel.close()
        listener.didEnd(self)
    }

    /// Returns true when the connection is to be closed, false when it is idle: then it is run again when it is woken.
    nonisolated(nonsending) private func serve() async -> Bool {
        var next = makeSession()
        while true {
            session = next
            if isDraining { next.drain() }
            let outcome = await next.serve()
            if outcome == .succeeded, let successor = next.successor {
                deadline.cancel()
                next = successor
                continue
            }
            session = nil
            next.detach()
            let now = context.loop.now
            if outcome == .idleAgain { idleSince = now }
            guard outcome != .over, now < idleEnd else { return true }
            if fallAsleep(at: now) { return false }
            next = makeSession()
        }
    }

    // MARK: Idleness

    /// A connection that was idle for so long gives everything back that it can do without.
    private static let restDelay = Duration.seconds(1)

    private var idleEnd: ContinuousClock.Instant { idleSince + context.configuration.idleTimeout }

    /// Returns false when something has come meanwhile.
    private func fallAsleep(at now: ContinuousClock.Instant) -> Bool {
        isResting = false
        deadline.set(min(now + Self.restDelay, idleEnd))
        return wakeup.sleep(self)
    }

    func wake() {
        if deadline.hasExpired, !isDraining, rest() { return }
        context.crew.run(self)
    }

    /// Returns true when the connection goes on being idle.
    private func rest() -> Bool {
        guard !isResting, !channel.isReadable, context.loop.now < idleEnd else { return false }
        isResting = true
        knownForwarding = nil
        deadline.set(idleEnd)
        return wakeup.sleep(self)
    }

    /// What nodes are told about the client.
    var forwarding: ForwardingContext {
        if let knownForwarding { return knownForwarding }
        var made = listener.forwarding(for: peer)
        if let certificate = channel.peerCertificate {
            made = made.with(
                clientCertificate: ForwardingContext.certificateValue(
                    fingerprint: certificate.fingerprint, subject: certificate.subject))
        }
        knownForwarding = made
        return made
    }

    // MARK: The handshake

    /// Returns false when there is nothing to serve.
    nonisolated(nonsending) private func shakeHands() async -> Bool {
        do throws(ChannelError) {
            guard try await agree() else { return false }
        } catch {
            if error == .plainHTTP { refusePlainHTTP() }
            context.handshakes.note(error, from: peer.ip)
            return false
        }
        // A certificate authority's probe is answered by the handshake alone (RFC 8737, 3).
        return channel.negotiatedProtocol != "acme-tls/1"
    }

    /// Waits until both sides agree. Returns false when the server is stopping before that.
    nonisolated(nonsending) private func agree() async throws(ChannelError) -> Bool {
        if try channel.tryHandshake() { return true }
        deadline.set(context.loop.now + context.configuration.handshakeTimeout)
        defer { deadline.clear() }
        while true {
            await wakeup.wait()
            if isDraining { return false }
            if try channel.tryHandshake() { return true }
            if deadline.hasExpired { throw .timedOut }
        }
    }

    /// Says in the client's own language what to do. What it has sent was read, so the answer is not lost by closing.
    private func refusePlainHTTP() {
        let text = "This port speaks HTTPS: use https:// instead of http://.\n"
        var answer = ByteBuffer(
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: \(text.utf8.count)\r\n"
                + "Connection: close\r\n\r\n\(text)")
        _ = try? channel.tryWrite(&answer)
        channel.finish()
    }

    /// HTTP/2 where both sides have chosen it. Else HTTP/1.1, which notices a client that begins with HTTP/2.
    private func makeSession() -> any ServerSession {
        guard channel.negotiatedProtocol == "h2" else { return listener.takeSession(for: self) }
        return HTTP2Session(
            channel: channel, wakeup: wakeup, handler: listener.handler, context: context, forwarding: forwarding,
            isPeerLoopback: isPeerLoopback)
    }

    /// Ends the connection once what was begun on it is answered.
    func drain() {
        isDraining = true
        if let session { session.drain() } else { wakeup.fire() }
    }

    /// Ends the connection now, whatever is going on.
    func cutOff() {
        channel.close()
        wakeup.fire()
    }
}

/// What is spoken on a connection: bytes to exchanges and back.
protocol ServerSession: AnyObject {
    /// Serves the connection as long as there is something to do.
    nonisolated(nonsending) func serve() async -> SessionOutcome

    /// Who takes the connection over, once that was the outcome.
    var successor: (any ServerSession)? { get }

    /// Lets go of the connection, which is idle or over.
    func detach()

    /// Lets what was begun end, and begins nothing more. Endless answers end.
    func drain()
}

/// Why a session has nothing more to do.
enum SessionOutcome {
    /// Nothing is begun, and nothing had come. The session is not needed before something comes.
    case stillIdle
    /// Nothing is begun any more.
    case idleAgain
    /// Something else is spoken from now on.
    case succeeded
    /// The connection is to be closed.
    case over
}
