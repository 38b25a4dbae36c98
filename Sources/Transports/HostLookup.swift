internal import Glibc
package import Reactor

/// Finds the addresses of a host: literals at once, names by the system's resolver on a thread of its own.
package enum HostLookup {
    /// The address to listen at, without any lookup: an IP literal, or `localhost`.
    package static func literal(_ host: String, port: UInt16) -> Address? {
        host == "localhost" ? .loopback(port: port) : Address(ip: host, port: port)
    }

    /// The addresses to call, without any lookup: that of an IP literal, or the two of `localhost`, since a program that
    /// listens there may have either. Nil for any other name.
    package static func known(_ host: String, port: UInt16) -> [Address]? {
        guard let first = literal(host, port: port) else { return nil }
        guard host == "localhost", let second = Address(ip: "::1", port: port) else { return [first] }
        return [first, second]
    }

    /// - Throws: `.unknownHost`.
    nonisolated(nonsending) package static func addresses(
        of host: String, port: UInt16
    ) async throws(ChannelError) -> [Address] {
        if let known = known(host, port: port) { return known }
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
