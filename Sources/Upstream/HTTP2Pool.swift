internal import Gateway
package import Reactor
package import Transports

/// The HTTP/2 connections of one loop, which its requests share: to each node as few as can carry them.
package final class HTTP2Pool {
    let route: HTTP2Route
    private let limits: HTTP2Limits
    private let tasks: TaskStarter
    private let idleTimeout: Duration
    private var hosts: [String: HTTP2Host] = [:]

    /// - Parameters:
    ///   - transport: Makes the connections. Nodes that are not spoken to by TLS must know HTTP/2 without being asked.
    ///   - security: For nodes that are spoken to by TLS, which it offers `h2` by ALPN; without it they cannot be reached.
    ///   - tasks: Starts the task of each connection.
    ///   - configuration: Of it, the limits on connecting and on being idle.
    package init(
        loop: any EventLoop, transport: any Transport, security: TLSClientContext? = nil, tasks: TaskStarter,
        configuration: PoolConfiguration = PoolConfiguration(), limits: HTTP2Limits = HTTP2Limits()
    ) {
        route = HTTP2Route(
            loop: loop, transport: transport, security: security, connectTimeout: configuration.connectTimeout)
        self.tasks = tasks
        self.limits = limits
        idleTimeout = configuration.idleTimeout
    }

    var loop: any EventLoop { route.loop }

    /// How many connections there are now.
    package var connectionCount: Int { hosts.values.reduce(0) { $0 + $1.connections.count } }

    /// A connection on which a request may begin at once: the least loaded one, or another when all are full. It may
    /// still be on its way to the node.
    ///
    /// - Parameter deadline: What the caller waits for, fired on the same wake-up; only when all connections are full.
    /// - Throws: `.upstreamTimedOut` when none had room before the deadline.
    nonisolated(nonsending) func connection(
        to node: Node, wakeup: Wakeup, until deadline: Deadline
    ) async throws(GatewayError) -> HTTP2Connection {
        let host = host(of: node)
        let start = loop.now
        while true {
            if let ready = host.leastLoaded { return ready }
            if host.connections.count < limits.connections {
                let connection = HTTP2Connection(to: node, by: route, of: host, limits: limits)
                host.connections.append(connection)
                tasks.start(connection)
                return connection
            }
            if deadline.hasExpired { throw .timedOut(node, after: loop.now - start) }
            host.waiters.append(wakeup)
            await wakeup.wait()
            host.waiters.removeAll { $0 === wakeup }
        }
    }

    private func host(of node: Node) -> HTTP2Host {
        if let host = hosts[node.address] { return host }
        let host = HTTP2Host()
        hosts[node.address] = host
        return host
    }

    /// Closes what has been idle for too long. To be called about once a second.
    package func tidy() {
        let oldest = loop.now - idleTimeout
        for (address, host) in hosts {
            for connection in host.connections
            where connection.isConnected && connection.load == 0 && connection.idleSince < oldest {
                connection.end()
            }
            if host.connections.isEmpty, host.waiters.isEmpty { hosts[address] = nil }
        }
        route.addresses.tidy()
    }
}

/// The connections to one node. A class, so that they know where they belong.
final class HTTP2Host {
    var connections: [HTTP2Connection] = []
    /// Requests that wait for room, in the order in which they came.
    var waiters: [Wakeup] = []
    /// How many requests at once the node last allowed, so that a new connection is not sent too many before it says so.
    var knownStreamLimit: Int?

    var leastLoaded: HTTP2Connection? {
        var best: HTTP2Connection?
        for connection in connections where connection.hasRoom && connection.load < best?.load ?? .max {
            best = connection
        }
        return best
    }

    /// One more request may begin.
    func hasRoomNow() {
        guard !waiters.isEmpty else { return }
        waiters.removeFirst().fire()
    }

    func remove(_ connection: HTTP2Connection) {
        connections.removeAll { $0 === connection }
        for waiter in waiters { waiter.fire() }
        waiters.removeAll()
    }
}

/// How the nodes of one loop are reached.
final class HTTP2Route {
    let loop: any EventLoop
    let connectTimeout: Duration
    let addresses: NodeAddresses
    private let transport: any Transport
    private let security: TLSClientContext?

    init(loop: any EventLoop, transport: any Transport, security: TLSClientContext?, connectTimeout: Duration) {
        self.loop = loop
        self.security = security
        self.connectTimeout = connectTimeout
        self.transport = transport
        addresses = NodeAddresses(loop: loop)
    }

    /// - Parameter deadline: Fires the same wake-up. It is cleared when the connection is made.
    nonisolated(nonsending) func connect(
        to node: Node, wakeup: Wakeup, until deadline: Deadline
    ) async throws(ChannelError) -> any Channel {
        var failure: ChannelError?
        let transport = try node.transport(over: transport, security: security)
        for address in try await addresses.addresses(of: node) {
            do throws(ChannelError) {
                let channel = try await transport.connect(to: address, on: loop, wakeup: wakeup, until: deadline)
                deadline.clear()
                return channel
            } catch {
                failure = failure ?? error  // The first address is the one that was meant.
                if deadline.hasExpired { break }
            }
        }
        throw failure ?? .refused
    }
}
