internal import Glibc
package import Reactor

/// A network interface of this machine, at the moment it was asked for.
package struct NetworkInterface: Sendable, Equatable {
    /// Such as `eth0`.
    package let name: String
    /// The number by which the kernel knows it; never 0.
    package let index: UInt32
    package let isUp: Bool
    package let canMulticast: Bool
    package let isLoopback: Bool
    /// Its addresses, in the kernel's order.
    package let networks: [Network]

    /// An address together with the network it lies in.
    package struct Network: Sendable, Equatable {
        /// Without a port. A link-local IPv6 address has its interface as scope.
        package let address: Address
        /// How many leading bits the addresses of the network share.
        package let prefixLength: Int

        package init(address: Address, prefixLength: Int) {
            self.address = address
            self.prefixLength = prefixLength
        }

        /// True when the other address lies in the same network.
        package func contains(_ other: Address) -> Bool {
            guard other.family == address.family else { return false }
            for bit in 0..<prefixLength {
                let mask: UInt8 = 0x80 >> (bit % 8)
                if (address.bytes[bit / 8] ^ other.bytes[bit / 8]) & mask != 0 { return false }
            }
            return true
        }
    }

    package init(
        name: String, index: UInt32, isUp: Bool, canMulticast: Bool, isLoopback: Bool, networks: [Network]
    ) {
        self.name = name
        self.index = index
        self.isUp = isUp
        self.canMulticast = canMulticast
        self.isLoopback = isLoopback
        self.networks = networks
    }

    /// The first IPv4 address.
    package var addressV4: Address? { networks.first { $0.address.family == .v4 }?.address }

    /// The first link-local IPv6 address, else the first IPv6 address at all.
    package var addressV6: Address? {
        let addresses = networks.map(\.address).filter { $0.family == .v6 }
        return addresses.first { $0.scope != 0 } ?? addresses.first
    }

    /// Every interface of this machine, in the kernel's order. Those without an address have no `networks`.
    package static func all() throws(SystemError) -> [NetworkInterface] {
        var list: UnsafeMutablePointer<ifaddrs>?
        _ = try systemCall("getifaddrs") { getifaddrs(&list) }
        defer { freeifaddrs(list) }
        var order: [String] = []
        var flags: [String: UInt32] = [:]
        var networks: [String: [Network]] = [:]
        var entry = list
        while let item = entry?.pointee {
            entry = item.ifa_next
            let name = String(cString: item.ifa_name)
            if flags[name] == nil { order.append(name) }
            flags[name] = item.ifa_flags
            if let network = network(of: item) { networks[name, default: []].append(network) }
        }
        return order.compactMap { name -> NetworkInterface? in
            let index = if_nametoindex(name)
            guard index > 0, let flags = flags[name] else { return nil }  // It went away meanwhile.
            return NetworkInterface(
                name: name, index: index, isUp: flags & UInt32(IFF_UP) != 0,
                canMulticast: flags & UInt32(IFF_MULTICAST) != 0,
                isLoopback: flags & UInt32(IFF_LOOPBACK) != 0, networks: networks[name] ?? [])
        }
    }

    private static func network(of item: ifaddrs) -> Network? {
        guard let address = address(item.ifa_addr) else { return nil }
        // Some kernels leave the family of a netmask out, so it is read as what the address is.
        guard let mask = item.ifa_netmask.flatMap({ bytes($0, of: address.family) }) else {
            return Network(address: address, prefixLength: address.bytes.count * 8)
        }
        return Network(address: address, prefixLength: mask.reduce(0) { $0 + $1.nonzeroBitCount })
    }

    private static func address(_ pointer: UnsafeMutablePointer<sockaddr>?) -> Address? {
        guard let pointer else { return nil }
        switch CInt(pointer.pointee.sa_family) {
        case AF_INET: return Address(family: .v4, bytes: bytes(pointer, of: .v4), port: 0)
        case AF_INET6:
            let raw = UnsafeRawPointer(pointer)
            let scope = raw.loadUnaligned(fromByteOffset: 24, as: UInt32.self)  // sin6_scope_id
            return Address(family: .v6, bytes: bytes(pointer, of: .v6), port: 0, scope: scope)
        default: return nil
        }
    }

    /// The address bytes inside a socket address: after family and port, and in IPv6 after the flow label.
    private static func bytes(_ pointer: UnsafeMutablePointer<sockaddr>, of family: Address.Family) -> [UInt8] {
        let raw = UnsafeRawPointer(pointer)
        switch family {
        case .v4: return Array(UnsafeRawBufferPointer(start: raw + 4, count: 4))
        case .v6: return Array(UnsafeRawBufferPointer(start: raw + 8, count: 16))
        }
    }
}
