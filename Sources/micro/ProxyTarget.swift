import Gateway

/// The one server behind `micro proxy`.
struct ProxyTarget: Sendable, Equatable, CustomStringConvertible {
    /// Whether it is spoken to by TLS.
    let isSecure: Bool
    let host: String
    let port: UInt16
    /// Whether it speaks gRPC, and not plain HTTP.
    let isGRPC: Bool

    /// Reads `http://host:port`, `https://host:port`, either without a port, `grpc://host:port`, `grpcs://host:port`,
    /// `host:port` or `:port`; the last is on this machine.
    init(_ text: String) throws(Problem) {
        var rest = text[...]
        var defaultPort: UInt16?
        var (isSecure, isGRPC) = (false, false)
        if let colon = text.firstRange(of: "://") {
            let scheme = text[..<colon.lowerBound].lowercased()
            guard ["http", "https", "grpc", "grpcs"].contains(scheme) else {
                throw .configuration(
                    ["h2c", "unix"].contains(scheme)
                        ? "\(text): \(scheme):// is not supported yet: use http://host:port"
                        : "\(text) is not http://host:port or host:port")
            }
            (isSecure, isGRPC) = (scheme.hasSuffix("s"), scheme.hasPrefix("grpc"))
            rest = text[colon.upperBound...]
            if !isGRPC { defaultPort = isSecure ? 443 : 80 }
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
        (self.isSecure, self.isGRPC) = (isSecure, isGRPC)
        (host, port) = (address.host.isEmpty ? "localhost" : address.asked.host, address.port)
    }

    var description: String {
        "\(isGRPC ? "grpc" : "http")\(isSecure ? "s" : "")://\(ListenAddress(host: host, port: port))"
    }

    /// The server as the one node of a service.
    var node: Node {
        let address = "\(ListenAddress(host: host, port: port))"
        var metadata = ["protocol": isGRPC ? "grpc" : "http"]
        if isSecure { metadata["secure"] = "true" }
        return Node(id: address, address: address, metadata: metadata)
    }
}
