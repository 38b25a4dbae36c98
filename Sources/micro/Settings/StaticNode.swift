import Gateway

/// A node that the command line names because no registry knows it.
struct StaticNode: Sendable, Equatable {
    let service: String
    let address: String
    /// `grpc`, `http` or `mucp`.
    var spoken = "http"
    /// Whether it is spoken to by TLS.
    var isSecure = false

    /// Reads `name=host:port`, each followed by `protocol=grpc` or another protocol, or by nothing, which means http; and
    /// by `secure=true` for TLS.
    static func read(_ words: [String], _ expected: String) throws(BadSettingValue) -> [StaticNode] {
        var nodes: [StaticNode] = []
        for word in words {
            guard let sign = word.firstIndex(of: "="), sign > word.startIndex else {
                throw BadSettingValue(expected: expected)
            }
            let (name, value) = (word[..<sign], String(word[word.index(after: sign)...]))
            if name == "secure", value == "true" || value == "false", !nodes.isEmpty {
                nodes[nodes.count - 1].isSecure = value == "true"
                continue
            }
            guard name == "protocol" else {
                guard let address = ListenAddress(value), !address.host.isEmpty, address.port > 0 else {
                    throw BadSettingValue(expected: expected)
                }
                nodes.append(StaticNode(service: String(name), address: "\(address)"))
                continue
            }
            guard !nodes.isEmpty else { throw BadSettingValue(expected: expected) }
            let known = ["grpc", "http", "mucp"]
            guard known.contains(value) else {
                throw BadSettingValue(
                    expected: expected, suggestion: NearestWord.one(to: value, in: known).map { "protocol=\($0)" })
            }
            nodes[nodes.count - 1].spoken = value
        }
        return nodes
    }

    /// The node as a registry would know it.
    var record: Service {
        var metadata = ["protocol": spoken, "registry": "static"]
        if spoken == "mucp" { metadata["transport"] = "http" }
        if isSecure { metadata["secure"] = "true" }
        return Service(name: service, nodes: [Node(id: "\(service)-\(address)", address: address, metadata: metadata)])
    }
}
