internal import CLinux
internal import Glibc
package import Reactor

/// Listening sockets for one address, one for each loop (`SO_REUSEPORT`): the kernel spreads the connections, and no lock
/// is needed. They are bound before any loop accepts, so that an address in use is known at start.
package struct ListeningSockets: ~Copyable {
    private var descriptors: [CInt]
    /// The address bound, with the port that the system chose when 0 was asked for.
    package let address: Address

    /// - Parameters:
    ///   - count: How many loops will accept.
    ///   - backlog: Connections that wait to be accepted, for each socket.
    /// - Throws: `bind` with EADDRINUSE, EACCES or EADDRNOTAVAIL, most of all.
    package init(_ address: Address, count: Int, backlog: CInt = 4_096) throws(SystemError) {
        descriptors = []
        var bound = address
        for _ in 0..<count {
            let descriptor = try Self.bind(bound, isFirst: descriptors.isEmpty, isShared: count > 1, backlog: backlog)
            bound = Self.localAddress(of: descriptor.raw) ?? bound
            descriptors.append(descriptor.release())
        }
        self.address = bound
    }

    /// Takes the next loop's socket.
    package mutating func take() -> FileDescriptor? {
        descriptors.popLast().map { FileDescriptor(owning: $0) }
    }

    deinit { for descriptor in descriptors { close(descriptor) } }

    private static func bind(
        _ address: Address, isFirst: Bool, isShared: Bool, backlog: CInt
    ) throws(SystemError) -> FileDescriptor {
        let family = address.family == .v4 ? AF_INET : AF_INET6
        let type = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = FileDescriptor(owning: try systemCall("socket") { socket(family, type, 0) })
        let raw = descriptor.raw
        setOption(raw, SOL_SOCKET, SO_REUSEADDR, 1)
        if isShared, !isFirst { setOption(raw, SOL_SOCKET, SO_REUSEPORT, 1) }
        if address.family == .v6 { setOption(raw, IPPROTO_IPV6, IPV6_V6ONLY, address.isAny ? 0 : 1) }
        _ = try systemCall("bind") { address.withSocketAddress { Glibc.bind(raw, $0, $1) } }
        // The address must not be shared with another process, so the first socket is bound without sharing.
        if isShared, isFirst { setOption(raw, SOL_SOCKET, SO_REUSEPORT, 1) }
        noticeVanishedPeers(raw)  // What is accepted inherits it.
        _ = try systemCall("listen") { listen(raw, backlog) }
        return descriptor
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

/// Accepts connections on one loop.
package final class TCPListener: ReadinessTarget {
    private let descriptor: FileDescriptor
    private let loop: any EventLoop
    private var registration: Registration?
    /// Fired when connections may be waiting, and when the listener is closed.
    package let wakeup = Wakeup()

    package init(owning descriptor: consuming FileDescriptor, on loop: any EventLoop) throws(SystemError) {
        let raw = descriptor.raw
        self.descriptor = descriptor
        self.loop = loop
        registration = try loop.observe(raw, self)
    }

    deinit { close() }

    package func ready(_ readiness: Readiness) { wakeup.fire() }

    package var isOpen: Bool { registration != nil }

    /// Takes one waiting connection, with its peer's address. Nil when none waits.
    ///
    /// - Throws: When the system is out of descriptors or memory; the connection goes on waiting.
    package func tryAccept() throws(SystemError) -> (channel: TCPChannel, peer: Address)? {
        while registration != nil {
            var peer = sockaddr_storage()
            let result = clinux_accept(descriptor.raw, &peer)
            guard result >= 0 else {
                if errno == EAGAIN { return nil }
                if errno == EINTR || errno == ECONNABORTED { continue }
                throw SystemError(errno, in: "accept")
            }
            let accepted = FileDescriptor(owning: result)
            setOption(accepted.raw, IPPROTO_TCP, TCP_NODELAY, 1)
            guard let address = Address(peer) else { continue }
            return (try TCPChannel(owning: accepted, on: loop), address)
        }
        return nil
    }

    /// Stops to listen. Connections that were not accepted yet are reset by the kernel.
    package func close() {
        guard let registration else { return }
        self.registration = nil
        loop.ignore(registration, descriptor.raw)
        shutdown(descriptor.raw, CInt(SHUT_RDWR))
        wakeup.fire()
    }
}
