internal import Gateway

extension [Service] {
    /// One entry for each version of each service, in order, with the nodes of all entries in order of their ids.
    ///
    /// The order makes equal content equal. Of two nodes with one id, the later counts; endpoints and metadata are those
    /// of the first entry that has any, where entries are in order of the ids of their first nodes.
    func gathered() -> [Service] {
        let groups = Dictionary(grouping: self) { VersionKey(name: $0.name, version: $0.version) }
        let services = groups.map { key, entries in
            let entries = entries.sorted { ($0.nodes.first?.id ?? "") < ($1.nodes.first?.id ?? "") }
            var nodes: [String: Node] = [:]
            for entry in entries { for node in entry.nodes { nodes[node.id] = node } }
            return Service(
                name: key.name, version: key.version,
                metadata: entries.first { !$0.metadata.isEmpty }?.metadata ?? [:],
                endpoints: entries.first { !$0.endpoints.isEmpty }?.endpoints ?? [],
                nodes: nodes.values.sorted { $0.id < $1.id })
        }
        return services.sorted { ($0.name, $0.version) < ($1.name, $1.version) }
    }

    /// Without the nodes of `service`, and without versions that have none left.
    ///
    /// A service without nodes means all of its nodes; one without a version means every version.
    mutating func remove(_ service: Service) {
        let ids = Set(service.nodes.map(\.id))
        for index in indices {
            guard self[index].name == service.name else { continue }
            guard service.version.isEmpty || self[index].version == service.version else { continue }
            self[index].nodes.removeAll { ids.isEmpty || ids.contains($0.id) }
        }
        removeAll { $0.nodes.isEmpty }
    }
}

private struct VersionKey: Hashable {
    let name: String
    let version: String
}
