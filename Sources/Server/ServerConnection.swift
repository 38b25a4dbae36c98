internal import Gateway
internal import HTTP
internal import Reactor

/// One connection from a client, from its first byte to its last, whatever is spoken on it.
final class ServerConnection: LoopTask {
    let role: ListenerRole
    private let channel: any Channel
    private let context: WorkerContext
    private let handler: any Handler
    private let forwarding: ForwardingContext
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
        var next: (any ServerSession)? = makeSession()
        while let session = next {
            self.session = session
            if isDraining { session.drain() }
            next = await session.serve()
        }
        channel.close()
        didEnd(self)
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
        session?.drain()
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
