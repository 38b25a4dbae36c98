internal import Glibc
package import Reactor

/// Finds the addresses of a host: literals at once, names by the system's resolver on a thread of its own.
package enum HostLookup {
    /// The address without any lookup: an IP literal, or `localhost`.
    package static func literal(_ host: String, port: UInt16) -> Address? {
        host == "localhost" ? .loopback(port: port) : Address(ip: host, port: port)
    }

    /// - Throws: `.unknownHost`.
    nonisolated(nonsending) package static func addresses(
        of host: String, port: UInt16
    ) async throws(ChannelError) -> [Address] {
        if let literal = literal(host, port: port) { return [literal] }
        let found = await BlockingPool.shared.run { resolve(host, port: port) } ?? []
        guard !found.isEmpty else { throw .unknownHost(host) }
        return found
    }

    private static func resolve(_ host: String, port: UInt16) -> [Address] {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [Address] = []
        var entry = list
        while let info = entry?.pointee {
            var storage = sockaddr_storage()
            memcpy(&storage, info.ai_addr, min(Int(info.ai_addrlen), MemoryLayout<sockaddr_storage>.size))
            if let address = Address(storage), !addresses.contains(address) { addresses.append(address) }
            entry = info.ai_next
        }
        return addresses
    }
}
