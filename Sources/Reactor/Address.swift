package import Glibc

/// An address that a socket can be bound or connected to: an IP address with a port.
package struct Address: Sendable, Hashable, CustomStringConvertible {
    /// The version of the Internet Protocol.
    package enum Family: Sendable, Hashable { case v4, v6 }

    package let family: Family
    /// 4 or 16 bytes in network order.
    package let bytes: [UInt8]
    package let port: UInt16
    /// The interface of a link-local IPv6 address; 0 when there is none.
    package let scope: UInt32

    package init(family: Family, bytes: [UInt8], port: UInt16, scope: UInt32 = 0) {
        self.family = family
        self.bytes = bytes
        self.port = port
        self.scope = scope
    }

    /// The IPv4 address `a.b.c.d`.
    package static func v4(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, port: UInt16) -> Address {
        Address(family: .v4, bytes: [a, b, c, d], port: port)
    }

    /// This machine, over IPv4. Port 0 lets the system choose one.
    package static func loopback(port: UInt16) -> Address { .v4(127, 0, 0, 1, port: port) }

    /// Every interface, IPv6 and IPv4.
    package static func any(port: UInt16) -> Address {
        Address(family: .v6, bytes: [UInt8](repeating: 0, count: 16), port: port)
    }

    /// An IP address as text, without brackets and port. Nil when it is a name or nonsense.
    package init?(ip text: some StringProtocol, port: UInt16) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, String(text), &bytes) == 1 {
            self.init(family: .v4, bytes: Array(bytes[0..<4]), port: port)
        } else if inet_pton(AF_INET6, String(text), &bytes) == 1 {
            self.init(family: .v6, bytes: bytes, port: port)
        } else {
            return nil
        }
    }

    /// The IP address alone, an IPv4 address inside IPv6 as IPv4.
    package var ip: String {
        if let mapped = unmapped { return mapped.ip }
        var text = [CChar](repeating: 0, count: 64)
        inet_ntop(family == .v4 ? AF_INET : AF_INET6, bytes, &text, 64)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Such as `127.0.0.1:8080` or `[::1]:8080`.
    package var description: String {
        let ip = ip
        return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }

    /// True for addresses that reach this machine only.
    package var isLoopback: Bool {
        if let mapped = unmapped { return mapped.isLoopback }
        switch family {
        case .v4: return bytes[0] == 127
        case .v6: return bytes[0..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
        }
    }

    /// True for the address that means all interfaces.
    package var isAny: Bool { bytes.allSatisfy { $0 == 0 } }

    /// The IPv4 address inside `::ffff:a.b.c.d`, as which a dual-stack listener shows IPv4 peers.
    private var unmapped: Address? {
        guard family == .v6, bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff else {
            return nil
        }
        return Address(family: .v4, bytes: Array(bytes[12..<16]), port: port)
    }
}

extension Address {
    /// Lends the address in the form of the system calls.
    package func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        switch family {
        case .v4:
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: bytes) }
            return withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .v6:
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_scope_id = scope
            withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: bytes) }
            return withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
    }

    /// What the system calls returned. Nil for a family that is neither IPv4 nor IPv6.
    package init?(_ storage: sockaddr_storage) {
        switch CInt(storage.ss_family) {
        case AF_INET:
            let address = withUnsafeBytes(of: storage) { $0.loadUnaligned(as: sockaddr_in.self) }
            self.init(
                family: .v4, bytes: withUnsafeBytes(of: address.sin_addr) { Array($0) },
                port: UInt16(bigEndian: address.sin_port))
        case AF_INET6:
            let address = withUnsafeBytes(of: storage) { $0.loadUnaligned(as: sockaddr_in6.self) }
            self.init(
                family: .v6, bytes: withUnsafeBytes(of: address.sin6_addr) { Array($0) },
                port: UInt16(bigEndian: address.sin6_port), scope: address.sin6_scope_id)
        default: return nil
        }
    }
}
