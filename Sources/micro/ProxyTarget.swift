/// The one server behind `micro proxy`.
struct ProxyTarget: Sendable, Equatable, CustomStringConvertible {
    let host: String
    let port: UInt16
    /// Whether it speaks gRPC, and not plain HTTP.
    let isGRPC: Bool

    /// Reads `http://host:port`, `http://host`, `grpc://host:port`, `host:port` or `:port`; the last is on this machine.
    init(_ text: String) throws(Problem) {
        var rest = text[...]
        var hasScheme = false
        var isGRPC = false
        if let colon = text.firstRange(of: "://") {
            let scheme = text[..<colon.lowerBound].lowercased()
            guard scheme == "http" || scheme == "grpc" else {
                throw .configuration(
                    ["https", "grpcs", "h2c", "unix"].contains(scheme)
                        ? "\(text): \(scheme):// is not supported yet: use http://host:port"
                        : "\(text) is not http://host:port or host:port")
            }
            isGRPC = scheme == "grpc"
            (rest, hasScheme) = (text[colon.upperBound...], !isGRPC)
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.contains("/") else {
            throw .configuration("\(text): a path is not supported yet: use http://host:port")
        }
        let name = String(rest)
        guard let address = ListenAddress(name) ?? (hasScheme && !name.isEmpty ? ListenAddress("\(name):80") : nil),
            address.port > 0
        else { throw .configuration("\(text) is not http://host:port or host:port") }
        self.isGRPC = isGRPC
        (host, port) = (address.host.isEmpty ? "localhost" : address.asked.host, address.port)
    }

    var description: String { "\(isGRPC ? "grpc" : "http")://\(ListenAddress(host: host, port: port))" }
}
