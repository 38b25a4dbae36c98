internal import Gateway
internal import HTTP
internal import Reactor
internal import Transports

/// What the connections of one listener share on one loop, and what they leave there while they are idle.
final class ListenerContext {
    /// Sessions kept for later requests.
    private static let maximumSessions = 256
    /// Clients whose description is kept while they have connections that are idle.
    private static let maximumPeers = 256

    let worker: WorkerContext
    let role: ListenerRole
    let facts: ClientFacts
    /// Nil speaks plainly.
    let security: TLSServerContext?
    let handler: any Handler
    /// Called once for each connection, when it is closed.
    var didEnd: (ServerConnection) -> Void = { _ in }
    private var sessions = Spares<HTTP1Session>(limit: maximumSessions)
    private var peers: [Address: ForwardingContext] = [:]

    init(
        worker: WorkerContext, role: ListenerRole, facts: ClientFacts, security: TLSServerContext?,
        handler: any Handler
    ) {
        self.worker = worker
        self.role = role
        self.facts = facts
        self.security = security
        self.handler = handler
        worker.chores.append { [weak self] in self?.thin() }
    }

    /// What nodes are told about a client, the same for all its connections.
    func forwarding(for peer: Address) -> ForwardingContext {
        let host = Address(family: peer.family, bytes: peer.bytes, port: 0, scope: peer.scope)
        if let known = peers[host] { return known }
        if peers.count >= Self.maximumPeers { peers.removeAll(keepingCapacity: true) }
        let made = facts.forwarding(for: peer, isSecure: security != nil)
        peers[host] = made
        return made
    }

    // MARK: Sessions

    /// A session of HTTP/1.1 for a connection that has something to do.
    func takeSession(for connection: ServerConnection) -> HTTP1Session {
        guard let session = sessions.take() else { return HTTP1Session(for: connection) }
        session.attach(to: connection)
        return session
    }

    /// Keeps a session that has nothing begun.
    func giveBack(_ session: HTTP1Session) { _ = sessions.put(session) }

    /// Lets go of sessions that were not needed.
    private func thin() { _ = sessions.thin() }
}
