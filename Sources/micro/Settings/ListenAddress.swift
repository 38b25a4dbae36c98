/// Where to listen, or whom to ask: `host:port`, with brackets around an IPv6 host.
struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// Without brackets. Empty means every interface, or this machine when it is asked.
    let host: String
    /// 0 lets the system choose when listening.
    let port: UInt16

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Nil without a port, and for an IPv6 host without brackets.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        guard host.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x2f }) else { return nil }
        self.init(host: String(host), port: port)
    }

    /// The same address as someone on this machine would ask it.
    var asked: ListenAddress {
        ["", "0.0.0.0", "::"].contains(host) ? ListenAddress(host: "127.0.0.1", port: port) : self
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// `UInt16` alone would take a plus sign.
    private static func port(_ text: Substring) -> UInt16? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt16(text) : nil
    }
}
