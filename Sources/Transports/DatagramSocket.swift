package import Bytes
internal import Glibc
package import Reactor

/// A UDP socket on a loop, for plain datagrams or for one multicast group on one interface.
///
/// For multicast there is one socket for each interface and family, so it is always known where a datagram came in, and
/// where one goes out.
package final class DatagramSocket: ReadinessTarget {
    /// The largest datagram, in bytes.
    package static let maximumLength = 65_535

    /// Fired when datagrams may be waiting.
    package var wakeup: Wakeup?
    private let loop: any EventLoop
    private let descriptor: CInt
    private var registration: Registration?
    private var mayRead = true

    /// Takes over a bound socket.
    package init(owning descriptor: consuming BoundDatagramSocket, on loop: any EventLoop) throws(SystemError) {
        self.descriptor = descriptor.release()
        self.loop = loop
        do throws(SystemError) {
            registration = try loop.observe(self.descriptor, self)
        } catch {
            Glibc.close(self.descriptor)
            throw error
        }
    }

    deinit { close() }

    package func ready(_ readiness: Readiness) {
        guard readiness.contains(.readable) else { return }
        mayRead = true
        wakeup?.fire()
    }

    package var isOpen: Bool { registration != nil }

    /// Takes one datagram and appends it. Returns who sent it, or nil when none waits.
    ///
    /// - Throws: What an earlier datagram met on its way, such as ECONNREFUSED. The socket stays usable.
    package func tryReceive(into buffer: inout ByteBuffer) throws(SystemError) -> Address? {
        while mayRead, registration != nil {
            var peer = sockaddr_storage()
            let descriptor = descriptor
            let count = buffer.write(atMost: Self.maximumLength) { room in
                systemTransfer {
                    withUnsafeMutablePointer(to: &peer) {
                        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                            return recvfrom(descriptor, room.baseAddress, room.count, 0, $0, &length)
                        }
                    }
                }
            }
            guard count >= 0 else {
                guard count == -Int(EAGAIN) else { throw SystemError(CInt(-count), in: "recvfrom") }
                mayRead = false
                continue
            }
            if let address = Address(peer) { return address }
            buffer.removeLast(count)
        }
        return nil
    }

    /// Sends one datagram. Returns false when the kernel has no room for it now: it is lost, as datagrams may be.
    @discardableResult
    package func trySend(_ bytes: [UInt8], to address: Address) throws(SystemError) -> Bool {
        guard registration != nil else { throw SystemError(EBADF, in: "sendto") }
        let descriptor = descriptor
        let sent = systemTransfer {
            address.withSocketAddress { sendto(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL), $0, $1) }
        }
        guard sent >= 0 || sent == -Int(EAGAIN) else { throw SystemError(CInt(-sent), in: "sendto") }
        return sent >= 0
    }

    /// Closes at once. Closing twice changes nothing.
    package func close() {
        guard let registration else { return }
        self.registration = nil
        loop.ignore(registration, descriptor)
        Glibc.close(descriptor)
    }
}

/// A UDP socket that is bound and belongs to no loop yet.
package struct BoundDatagramSocket: ~Copyable {
    private let descriptor: FileDescriptor
    /// The address bound, with the port that the system chose when 0 was asked for.
    package let address: Address

    /// Receives what is sent to the address.
    ///
    /// - Parameter outgoing: The interface by which multicast leaves. Its hop limit is 255, and members of the group on
    ///   this machine receive it too.
    package init(_ address: Address, outgoing: NetworkInterface? = nil) throws(SystemError) {
        let descriptor = try Self.open(address.family)
        if let outgoing { try Self.send(by: outgoing, on: descriptor.raw, address.family) }
        try Self.bind(descriptor.raw, to: address)
        self.address = Self.localAddress(of: descriptor.raw) ?? address
        self.descriptor = descriptor
    }

    /// Joins a multicast group on one interface, sharing the port with other programs, and receives nothing else.
    /// Multicast that it sends itself leaves by the same interface.
    package init(group: Address, on interface: NetworkInterface) throws(SystemError) {
        let descriptor = try Self.open(group.family)
        let raw = descriptor.raw
        setOption(raw, SOL_SOCKET, SO_REUSEADDR, 1)
        setOption(raw, SOL_SOCKET, SO_REUSEPORT, 1)
        setOption(raw, SOL_SOCKET, SO_RCVBUF, 1 << 20)  // Every node of a large network may answer at once.
        try Self.send(by: interface, on: raw, group.family)
        // Bound to the group, the socket gets no unicast; with the scope, IPv6 gets nothing from other interfaces.
        let scope = group.family == .v6 ? interface.index : 0
        try Self.bind(raw, to: Address(family: group.family, bytes: group.bytes, port: group.port, scope: scope))
        try Self.join(group, on: interface, raw)
        address = group
        self.descriptor = descriptor
    }

    /// Takes over a socket that is bound already.
    package init(owning descriptor: consuming FileDescriptor, address: Address) {
        self.descriptor = descriptor
        self.address = address
    }

    /// Gives the socket up, to hand it to another loop.
    package consuming func release() -> CInt { descriptor.release() }

    private static func open(_ family: Address.Family) throws(SystemError) -> FileDescriptor {
        let type = CInt(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = FileDescriptor(
            owning: try systemCall("socket") { socket(family == .v4 ? AF_INET : AF_INET6, type, 0) })
        if family == .v6 { setOption(descriptor.raw, IPPROTO_IPV6, IPV6_V6ONLY, 1) }
        return descriptor
    }

    private static func bind(_ raw: CInt, to address: Address) throws(SystemError) {
        _ = try systemCall("bind") { address.withSocketAddress { Glibc.bind(raw, $0, $1) } }
    }

    private static func send(
        by interface: NetworkInterface, on raw: CInt, _ family: Address.Family
    ) throws(SystemError) {
        switch family {
        case .v4:
            setOption(raw, IPPROTO_IP, IP_MULTICAST_TTL, 255)
            setOption(raw, IPPROTO_IP, IP_MULTICAST_LOOP, 1)
            try require(raw, IPPROTO_IP, IP_MULTICAST_IF, request(of: interface, group: nil))
        case .v6:
            setOption(raw, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255)
            setOption(raw, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1)
            try require(raw, IPPROTO_IPV6, IPV6_MULTICAST_IF, CInt(interface.index))
        }
    }

    private static func join(_ group: Address, on interface: NetworkInterface, _ raw: CInt) throws(SystemError) {
        switch group.family {
        case .v4:
            // Else the socket would also get what other sockets joined on other interfaces.
            setOption(raw, IPPROTO_IP, IP_MULTICAST_ALL, 0)
            try require(raw, IPPROTO_IP, IP_ADD_MEMBERSHIP, request(of: interface, group: group))
        case .v6:
            var request = ipv6_mreq()
            withUnsafeMutableBytes(of: &request.ipv6mr_multiaddr) { $0.copyBytes(from: group.bytes) }
            request.ipv6mr_interface = interface.index
            try require(raw, IPPROTO_IPV6, IPV6_JOIN_GROUP, request)
        }
    }

    private static func request(of interface: NetworkInterface, group: Address?) -> ip_mreqn {
        var request = ip_mreqn()
        request.imr_ifindex = CInt(interface.index)
        // For sending it is the source address, which the kernel does not find by itself for the loopback interface.
        if let own = interface.addressV4 {
            withUnsafeMutableBytes(of: &request.imr_address) { $0.copyBytes(from: own.bytes) }
        }
        if let group { withUnsafeMutableBytes(of: &request.imr_multiaddr) { $0.copyBytes(from: group.bytes) } }
        return request
    }

    /// Sets an option without which the socket would be of no use.
    private static func require<Value>(
        _ descriptor: CInt, _ level: some BinaryInteger, _ option: CInt, _ value: Value
    ) throws(SystemError) {
        _ = try systemCall("setsockopt") {
            withUnsafeBytes(of: value) {
                setsockopt(descriptor, CInt(level), option, $0.baseAddress, socklen_t($0.count))
            }
        }
    }

    private static func localAddress(of descriptor: CInt) -> Address? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return result == 0 ? Address(storage) : nil
    }
}
