internal import Gateway
internal import Reactor
internal import Transports

/// The addresses of nodes on one loop. A name is looked up once in a while, not for each connection.
final class NodeAddresses {
    /// How long a looked-up name is believed.
    private static let lifetime = Duration.seconds(30)

    private var known: [String: (addresses: [Address], until: ContinuousClock.Instant)] = [:]
    private let loop: any EventLoop

    init(loop: any EventLoop) { self.loop = loop }

    /// - Throws: `.unknownHost`.
    nonisolated(nonsending) func addresses(of node: Node) async throws(ChannelError) -> [Address] {
        guard let (name, port) = node.hostAndPort else { throw .unknownHost(node.address) }
        if let literal = HostLookup.known(name, port: port) { return literal }
        if let entry = known[node.address], loop.now < entry.until { return entry.addresses }
        let addresses = try await HostLookup.addresses(of: name, port: port)
        known[node.address] = (addresses, loop.now + Self.lifetime)
        return addresses
    }

    /// Forgets what is too old to be believed, so that the table does not grow.
    func tidy() { known = known.filter { loop.now < $0.value.until } }
}
