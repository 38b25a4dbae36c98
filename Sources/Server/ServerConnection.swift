internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// One connection from a client, from its first byte to its last, whatever is spoken on it.
final class ServerConnection: LoopTask {
    let role: ListenerRole
    private let channel: any Channel
    private let context: WorkerContext
    private let handler: any Handler
    private var forwarding: ForwardingContext
    private let isPeerLoopback: Bool
    private let wakeup = Wakeup()
    private var session: (any ServerSession)?
    private var isDraining = false
    private let didEnd: (ServerConnection) -> Void

    /// - Parameter didEnd: Called once, when the connection is closed.
    init(
        channel: any Channel, role: ListenerRole, context: WorkerContext, handler: any Handler,
        forwarding: ForwardingContext, isPeerLoopback: Bool, didEnd: @escaping (ServerConnection) -> Void
    ) {
        self.channel = channel
        self.role = role
        self.context = context
        self.handler = handler
        self.forwarding = forwarding
        self.isPeerLoopback = isPeerLoopback
        self.didEnd = didEnd
        channel.wakeup = wakeup
    }

    nonisolated(nonsending) func run() async {
        if await shakeHands() { await serve() }
        channel.close()
        didEnd(self)
    }

    nonisolated(nonsending) private func serve() async {
        var next: (any ServerSession)? = makeSession()
        while let session = next {
            self.session = session
            if isDraining { session.drain() }
            next = await session.serve()
        }
    }

    // MARK: The handshake

    /// Returns false when there is nothing to serve.
    nonisolated(nonsending) private func shakeHands() async -> Bool {
        do throws(ChannelError) {
            guard try await agree() else { return false }
        } catch {
            if error == .plainHTTP { refusePlainHTTP() }
            context.handshakes.note(error, from: forwarding.clientAddress)
            return false
        }
        // A certificate authority's probe is answered by the handshake alone (RFC 8737, 3).
        if channel.negotiatedProtocol == "acme-tls/1" { return false }
        if let certificate = channel.peerCertificate {
            forwarding = forwarding.with(
                clientCertificate: ForwardingContext.certificateValue(
                    fingerprint: certificate.fingerprint, subject: certificate.subject))
        }
        return true
    }

    /// Waits until both sides agree. Returns false when the server is stopping before that.
    nonisolated(nonsending) private func agree() async throws(ChannelError) -> Bool {
        if try channel.tryHandshake() { return true }
        let deadline = Deadline(on: context.loop, firing: wakeup)
        deadline.set(context.loop.now + context.configuration.handshakeTimeout)
        defer { deadline.cancel() }
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
        if channel.negotiatedProtocol == "h2" {
            return HTTP2Session(
                channel: channel, wakeup: wakeup, handler: handler, context: context, forwarding: forwarding,
                isPeerLoopback: isPeerLoopback)
        }
        return HTTP1Session(
            channel: channel, wakeup: wakeup, handler: handler, context: context, forwarding: forwarding,
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
    /// Serves the connection until it is to be closed, or something else is spoken on it.
    ///
    /// - Returns: The session that takes the connection over; nil when it is to be closed.
    nonisolated(nonsending) func serve() async -> (any ServerSession)?

    /// Lets what was begun end, and begins nothing more. Endless answers end.
    func drain()
}
