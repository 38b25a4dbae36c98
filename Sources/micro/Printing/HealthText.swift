import Gateway

/// What was found out about the nodes of a service.
struct HealthReport: Sendable, Equatable {
    /// One version of the service.
    struct Version: Sendable, Equatable {
        let version: String
        let nodes: [NodeHealth]
    }

    struct NodeHealth: Sendable, Equatable {
        let id: String
        let address: String
        /// `ok`, another word of the node's own, or what went wrong as a sentence.
        let status: String
    }

    let service: String
    let versions: [Version]

    /// True when at least one node answered `ok`.
    var hasHealthyNode: Bool { versions.contains { $0.nodes.contains { $0.status == "ok" } } }

    /// As `micro health` prints it.
    var text: String {
        var lines = ["service  \(service.asOneLine)"]
        for version in versions {
            if !version.version.isEmpty { lines += ["", "version \(version.version.asOneLine)"] }
            lines += ["", "node\t\taddress:port\t\tstatus"]
            lines += version.nodes.map {
                "\($0.id.asOneLine)\t\t\($0.address.asOneLine)\t\t\($0.status.asOneLine)"
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
