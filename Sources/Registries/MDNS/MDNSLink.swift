internal import Bytes
package import Reactor
package import Transports

/// One way to other machines: a network interface and a family of addresses.
package final class MDNSLink {
    /// Hears what everybody is told, and tells everybody something. Bound to the group and its port.
    private let listening: DatagramSocket
    /// Asks questions, from a port of its own, to which the answers come.
    private let asking: DatagramSocket
    private let group: Address
    /// The networks that the interface is in, and this machine's own addresses.
    private let networks: [NetworkInterface.Network]

    /// - Parameters:
    ///   - group: Where questions and announcements are sent.
    ///   - networks: Datagrams from elsewhere are not for us (RFC 6762, 11): who can send them need not be a neighbour.
    package init(
        listening: DatagramSocket, asking: DatagramSocket, group: Address, networks: [NetworkInterface.Network]
    ) {
        self.listening = listening
        self.asking = asking
        self.group = group
        self.networks = networks
    }

    /// Opens the sockets of one interface and family.
    package static func open(
        _ family: Address.Family, on interface: NetworkInterface, ownNetworks: [NetworkInterface.Network],
        loop: any EventLoop
    ) throws(SystemError) -> MDNSLink? {
        guard let own = family == .v4 ? interface.addressV4 : interface.addressV6 else { return nil }
        let group = MDNSGroup.address(family, on: interface)
        let listening = try BoundDatagramSocket(group: group, on: interface)
        let asking = try BoundDatagramSocket(own, outgoing: interface)
        return MDNSLink(
            listening: try DatagramSocket(owning: listening, on: loop),
            asking: try DatagramSocket(owning: asking, on: loop), group: group,
            networks: interface.networks + ownNetworks)
    }

    /// Fires when there is something to receive.
    package func wake(_ wakeup: Wakeup) {
        listening.wakeup = wakeup
        asking.wakeup = wakeup
    }

    /// Takes one datagram. Returns its sender, or nil when there is none.
    ///
    /// A datagram from another network leaves the buffer empty.
    func receive(into buffer: inout ByteBuffer) -> Address? {
        buffer.removeAll()
        guard let sender = receive(from: listening, &buffer) ?? receive(from: asking, &buffer) else { return nil }
        // The kernel writes no source address into what a program on the loopback interface tells the group; from other
        // machines nothing like that arrives. An answer to it goes to this machine.
        let isNear = sender.isAny || networks.contains { $0.contains(sender) }
        if !isNear { buffer.removeAll() }
        return sender
    }

    private func receive(from socket: DatagramSocket, _ buffer: inout ByteBuffer) -> Address? {
        do throws(SystemError) {
            return try socket.tryReceive(into: &buffer)
        } catch {
            return nil  // What an earlier datagram met on its way. The socket's next event brings us back.
        }
    }

    func ask(_ message: [UInt8]) throws(SystemError) { try asking.trySend(message, to: group) }

    func announce(_ message: [UInt8]) throws(SystemError) { try listening.trySend(message, to: group) }

    func answer(_ message: [UInt8], to asker: Address) throws(SystemError) { try listening.trySend(message, to: asker) }

    package func close() {
        listening.close()
        asking.close()
    }
}

/// The multicast groups of mDNS (RFC 6762, 3).
enum MDNSGroup {
    static let port: UInt16 = 5_353

    static func address(_ family: Address.Family, on interface: NetworkInterface) -> Address {
        switch family {
        case .v4: .v4(224, 0, 0, 251, port: port)
        case .v6:
            Address(
                family: .v6, bytes: [0xFF, 0x02] + [UInt8](repeating: 0, count: 13) + [0xFB], port: port,
                scope: interface.index)
        }
    }
}
