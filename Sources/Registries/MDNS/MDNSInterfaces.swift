package import Gateway
internal import Reactor
package import Transports

/// The interfaces on which services are looked for.
package struct MDNSInterfaces: Sendable {
    /// More are not listened on; a machine full of containers has hundreds, and each costs four sockets.
    package static let maximumCount = 32

    /// Those that are listened on.
    package let used: [NetworkInterface]
    /// Those that should be and are not, each with the reason, as one phrase: `eth1: bind: Permission denied`.
    package let refused: [String]

    package init(used: [NetworkInterface], refused: [String] = []) {
        self.used = used
        self.refused = refused
    }

    /// For the log: `eth0 (10.0.0.5, fe80::1), lo (127.0.0.1)`.
    package var description: String {
        used.map { interface in
            let addresses = interface.networks.map(\.address.ip).joined(separator: ", ")
            return addresses.isEmpty ? interface.name : "\(interface.name) (\(addresses))"
        }.joined(separator: ", ")
    }

    /// Chooses among the interfaces of the machine.
    ///
    /// - Parameter names: Those wanted; nil means all that are up, can multicast and have an address. One that is named
    ///   need not say that it can multicast: the loopback interface can, and does not say so.
    /// - Throws: When one that is named does not exist or cannot be used, and when there is none at all.
    package static func choose(
        _ names: [String]?, from all: [NetworkInterface]
    ) throws(RegistryError) -> [NetworkInterface] {
        guard let names, !names.isEmpty else {
            let usable = all.filter { $0.isUp && $0.canMulticast && !$0.networks.isEmpty }
            guard usable.isEmpty else { return Array(usable.prefix(maximumCount)) }
            let found = all.map { "\($0.name) \($0.shortcoming)" }.joined(separator: ", ")
            throw RegistryError("no network interface can multicast (\(found.isEmpty ? "there is none" : found))")
        }
        var chosen: [NetworkInterface] = []
        for name in names where !chosen.contains(where: { $0.name == name }) {
            guard let interface = all.first(where: { $0.name == name }) else {
                let others = all.map(\.name).joined(separator: ", ")
                throw RegistryError("there is no network interface \(name); there are \(others)")
            }
            guard interface.isUp, !interface.networks.isEmpty else {
                throw RegistryError("network interface \(name) \(interface.shortcoming)")
            }
            chosen.append(interface)
        }
        return chosen
    }

    /// Opens the sockets. An interface with one working family is used.
    ///
    /// - Throws: When no interface works at all.
    static func open(
        _ interfaces: [NetworkInterface], all: [NetworkInterface], on loop: any EventLoop
    ) throws(RegistryError) -> (links: [MDNSLink], interfaces: MDNSInterfaces) {
        // A node on this machine answers from whichever of our addresses the kernel likes.
        let own = all.flatMap(\.networks).map {
            NetworkInterface.Network(address: $0.address, prefixLength: $0.address.bytes.count * 8)
        }
        var links: [MDNSLink] = []
        var used: [NetworkInterface] = []
        var refused: [String] = []
        for interface in interfaces {
            for family in [Address.Family.v4, .v6] {
                do throws(SystemError) {
                    guard let link = try MDNSLink.open(family, on: interface, ownNetworks: own, loop: loop) else {
                        continue
                    }
                    links.append(link)
                    if used.last != interface { used.append(interface) }
                } catch {
                    refused.append("\(interface.name): \(error)")
                }
            }
        }
        guard !links.isEmpty else {
            throw RegistryError("multicast is impossible (\(refused.joined(separator: "; ")))")
        }
        return (links, MDNSInterfaces(used: used, refused: refused))
    }
}

extension NetworkInterface {
    fileprivate var shortcoming: String {
        if !isUp { return "is down" }
        return networks.isEmpty ? "has no address" : "cannot multicast"
    }
}
