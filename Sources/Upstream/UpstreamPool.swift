internal import Bytes
internal import Gateway
internal import HTTP
package import Reactor
package import Transports

/// Limits on the connections that one loop keeps to its nodes.
package struct PoolConfiguration: Sendable, Equatable {
    /// Idle connections kept for each node. Default 100; those beyond that are closed about a second later, so that more
    /// requests at a time do not close and open connections all the while.
    package var maximumIdle = 100
    /// How long an idle connection is kept. Default 60 s, less than most servers keep theirs.
    package var idleTimeout = Duration.seconds(60)
    /// Limit on connecting. Default 1 s.
    package var connectTimeout = Duration.seconds(1)
    /// Limit on waiting for the first byte of a proxied response, and between two later ones. Default 30 s.
    package var responseTimeout = Duration.seconds(30)
    /// How long a tunnel may be silent in both directions before it is closed. Default 1 h.
    package var tunnelIdleTimeout = Duration.seconds(3_600)

    package init() {}
}

/// The idle connections of one loop, by node address. The last one returned is taken first, so that its memory is still
/// in the processor's cache and the others can grow old.
package final class UpstreamPool {
    /// A class, so that taking and returning a connection changes it in place: a dictionary of structs allocates for that.
    private final class Host {
        var idle: [UpstreamConnection] = []
    }

    let configuration: PoolConfiguration
    package let loop: any EventLoop
    private let transport: any Transport
    private let addresses: NodeAddresses
    private let security: TLSClientContext?
    private var hosts: [String: Host] = [:]

    /// - Parameter security: For nodes that are spoken to by TLS; without it they cannot be reached.
    package init(
        loop: any EventLoop, transport: any Transport, security: TLSClientContext? = nil,
        configuration: PoolConfiguration = PoolConfiguration()
    ) {
        self.loop = loop
        self.transport = transport
        self.security = security
        self.configuration = configuration
        addresses = NodeAddresses(loop: loop)
    }

    /// How many connections are idle now.
    package var idleCount: Int { hosts.values.reduce(0) { $0 + $1.idle.count } }

    /// An idle connection to the node, or nil when there is none that still lives.
    func takeIdle(to node: Node, for wakeup: Wakeup) -> UpstreamConnection? {
        guard let host = hosts[node.address] else { return nil }
        while let connection = host.idle.popLast() {
            if connection.isStillIdle, loop.now - connection.idleSince < configuration.idleTimeout {
                connection.adopt(wakeup)
                return connection
            }
            connection.close()
        }
        return nil
    }

    /// A new connection to the node.
    ///
    /// - Parameter limit: When the caller stops waiting, if that is before the configured limit.
    /// - Throws: `.upstreamRefused`, since nothing was sent; `.upstreamTimedOut` when `limit` has passed.
    nonisolated(nonsending) func connect(
        to node: Node, for wakeup: Wakeup, before limit: ContinuousClock.Instant? = nil
    ) async throws(GatewayError) -> UpstreamConnection {
        let deadline = Deadline(on: loop, firing: wakeup)
        let start = loop.now
        let connectLimit = start + configuration.connectTimeout
        do throws(ChannelError) {
            let addresses = try await addresses.addresses(of: node)
            let transport = try node.transport(over: transport, security: security)
            var failure: ChannelError?
            for address in addresses {
                deadline.set(limit.map { min($0, connectLimit) } ?? connectLimit)
                do throws(ChannelError) {
                    let channel = try await transport.connect(
                        to: address, on: loop, wakeup: wakeup, until: deadline)
                    deadline.clear()
                    return UpstreamConnection(
                        channel: channel, deadline: deadline, limits: HeadLimits(), now: loop.now)
                } catch {
                    failure = failure ?? error  // The first address is the one that was meant.
                }
            }
            throw failure ?? .refused
        } catch {
            deadline.cancel()
            // It is not the node's fault when the one who asks has no time left.
            if let limit, error == .timedOut, loop.now >= limit { throw .timedOut(node, after: loop.now - start) }
            throw .refused(by: node, error)
        }
    }

    /// Keeps a connection whose last response is complete. Closes it when enough are kept, or its node has closed it.
    func put(_ connection: UpstreamConnection, of node: Node) {
        connection.channel.wakeup = nil
        connection.deadline.clear()
        connection.isReused = true
        connection.mayBecomeTunnel = false
        connection.idleSince = loop.now
        let host = host(of: node)
        guard connection.isStillIdle else { return connection.close() }
        host.idle.append(connection)
    }

    private func host(of node: Node) -> Host {
        if let host = hosts[node.address] { return host }
        let host = Host()
        hosts[node.address] = host
        return host
    }

    /// Closes what is too many, has been idle for too long or was closed by its node. To be called about once a second.
    package func tidy() {
        let oldest = loop.now - configuration.idleTimeout
        for (address, host) in hosts {
            host.idle.removeAll { connection in
                guard connection.idleSince < oldest || !connection.isStillIdle else { return false }
                connection.close()
                return true
            }
            // Those that have waited longest, which are in front.
            let excess = max(0, host.idle.count - configuration.maximumIdle)
            for connection in host.idle.prefix(excess) { connection.close() }
            host.idle.removeFirst(excess)
            if host.idle.isEmpty { hosts[address] = nil }
        }
        addresses.tidy()
    }
}

extension Node {
    /// How to connect to it: as it is, or by TLS with a certificate for the host of its address.
    func transport(
        over plain: any Transport, security: TLSClientContext?
    ) throws(ChannelError) -> any Transport {
        guard isSecure else { return plain }
        guard let security, let (host, _) = hostAndPort else { throw .insecure("TLS is not available here") }
        return TLSTransport(security, to: host, over: plain)
    }
}

extension GatewayError {
    static func refused(by node: Node, _ error: ChannelError) -> GatewayError {
        GatewayError(
            .upstreamRefused, "the service could not be reached",
            detail: "node \(node.id) at \(node.address): \(error.reason)")
    }

    static func broken(_ node: Node, _ reason: String, mayHaveBeenSent: Bool = true) -> GatewayError {
        GatewayError(
            .upstreamBroken, "the service broke off or gave no valid answer",
            detail: "node \(node.id) at \(node.address): \(reason)", mayHaveBeenSent: mayHaveBeenSent)
    }

    /// The node does not understand how the message is encoded, so it has done nothing with it.
    static func refusedType(_ node: Node, _ text: String) -> GatewayError {
        GatewayError(
            .unsupportedMediaType, "the service does not understand \(text.prefix(200))",
            detail: "node \(node.id) at \(node.address): \(text.prefix(200))", mayHaveBeenSent: true)
    }

    static func timedOut(_ node: Node, after limit: Duration) -> GatewayError {
        GatewayError(
            .upstreamTimedOut, "the service did not answer in time",
            detail: "node \(node.id) at \(node.address) did not answer within \(limit)", mayHaveBeenSent: true)
    }
}
