/// One running instance of a service. Immutable, and compared by what it says.
package final class Node: Sendable, Hashable {
    /// By convention the service's name, a hyphen and a UUID.
    package let id: String
    /// `host:port`, with brackets around an IPv6 host.
    package let address: String
    package let metadata: [String: String]
    /// What the node speaks, which only its metadata tells.
    package let wireProtocol: WireProtocol
    /// Whether it is spoken to by TLS: its metadata has `secure` as `true`, as Go Micro writes it, or says `https`.
    package let isSecure: Bool

    package init(id: String, address: String, metadata: [String: String] = [:]) {
        self.id = id
        self.address = address
        self.metadata = metadata
        wireProtocol = WireProtocol(metadata: metadata)
        isSecure =
            metadata["secure"] == "true" || metadata["scheme"] == "https" || metadata["protocol"] == "https"
    }

    /// Whether its metadata says that it reads no protobuf: `codec` is `json`. Others are found out when they refuse it.
    package var readsOnlyJSON: Bool { metadata["codec"] == "json" }

    /// The host without brackets, and the port. Nil when the address has no valid port.
    package var hostAndPort: (host: String, port: UInt16)? {
        guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]) else {
            return nil
        }
        var host = address[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil  // An IPv6 address without brackets, whose last number is no port.
        }
        return host.isEmpty ? nil : (String(host), port)
    }

    package static func == (one: Node, other: Node) -> Bool {
        one === other || (one.id == other.id && one.address == other.address && one.metadata == other.metadata)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(address)
    }
}

/// How a node is spoken to.
package enum WireProtocol: Sendable, Hashable {
    /// gRPC over HTTP/2.
    case grpc
    /// Go Micro's own RPC, over the transport named: `http` is the usual one.
    case mucp(transport: String)
    /// Plain HTTP; no RPC is possible.
    case http

    /// Decides by the keys that Go Micro's servers write since version 1.
    package init(metadata: [String: String]) {
        switch (metadata["protocol"], metadata["server"], metadata["transport"]) {
        case ("grpc", _, _), (nil, "grpc", _): self = .grpc
        case ("mucp", _, let transport): self = .mucp(transport: transport ?? "http")
        case ("http", _, _), ("https", _, _): self = .http
        case (nil, nil, nil): self = .http
        case (_, _, let transport): self = .mucp(transport: transport ?? "http")
        }
    }

    package var name: String {
        switch self {
        case .grpc: "grpc"
        case .mucp(let transport): transport == "http" ? "mucp" : "mucp over \(transport)"
        case .http: "http"
        }
    }
}
