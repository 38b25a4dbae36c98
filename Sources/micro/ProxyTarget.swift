import Gateway

/// The one server behind `micro proxy`.
struct ProxyTarget: Sendable, Equatable, CustomStringConvertible {
    /// Whether it is spoken to by TLS.
    let isSecure: Bool
    let host: String
    let port: UInt16

    /// Reads `http://host:port`, `https://host:port`, either without a port, `host:port` or `:port`; the last is on this machine.
    init(_ text: String) throws(Problem) {
        var rest = text[...]
        var defaultPort: UInt16?
        var isSecure = false
        if let colon = text.firstRange(of: "://") {
            let scheme = text[..<colon.lowerBound].lowercased()
            guard scheme == "http" || scheme == "https" else {
                throw .configuration(
                    ["grpc", "h2c", "unix"].contains(scheme)
                        ? "\(text): \(scheme):// is not supported yet: use http://host:port"
                        : "\(text) is not http://host:port or host:port")
            }
            isSecure = scheme == "https"
            (rest, defaultPort) = (text[colon.upperBound...], isSecure ? 443 : 80)
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.contains("/") else {
            throw .configuration("\(text): a path is not supported yet: use http://host:port")
        }
        let name = String(rest)
        let completed = name.isEmpty ? nil : defaultPort.flatMap { ListenAddress("\(name):\($0)") }
        guard let address = ListenAddress(name) ?? completed, address.port > 0 else {
            throw .configuration("\(text) is not http://host:port or host:port")
        }
        self.isSecure = isSecure
        (host, port) = (address.host.isEmpty ? "localhost" : address.asked.host, address.port)
    }

    var description: String { "http\(isSecure ? "s" : "")://\(ListenAddress(host: host, port: port))" }

    /// The server as the one node of a service.
    var node: Node {
        let address = "\(ListenAddress(host: host, port: port))"
        return Node(
            id: address, address: address, metadata: isSecure ? ["protocol": "http", "secure": "true"] : [:])
    }
}
