internal import Bytes
internal import Gateway
internal import JSON

/// A change of a registry, as Go Micro tells it: what has happened, and the service with the nodes that it concerns.
struct RegistryChange: Equatable {
    enum Action: String {
        case create, update, delete
    }

    let action: Action
    let service: Service

    /// `{"Action":"update","Service":{...}}`.
    func write(to buffer: inout ByteBuffer) {
        JSONWriter.write(
            .object(["Action": .string(action.rawValue), "Service": service.json]), to: &buffer)
    }

    /// What has changed from one catalog to another, sorted by name and version.
    ///
    /// - Parameter name: The only service that is of interest; nil for all.
    static func all(from old: Catalog, to new: Catalog, of name: String?) -> [RegistryChange] {
        let names = name.map { [$0] } ?? Set(old.names).union(new.names).sorted()
        var changes: [RegistryChange] = []
        for name in names {
            let (before, after) = (old.versions(of: name), new.versions(of: name))
            guard before != after else { continue }
            for service in before where !after.contains(where: { $0.version == service.version }) {
                changes.append(RegistryChange(action: .delete, service: service))
            }
            for service in after {
                guard let earlier = before.first(where: { $0.version == service.version }) else {
                    changes.append(RegistryChange(action: .create, service: service))
                    continue
                }
                if earlier != service { add(from: earlier, to: service, &changes) }
            }
        }
        return changes
    }

    private static func add(from old: Service, to new: Service, _ changes: inout [RegistryChange]) {
        let left = Set(new.nodes.map(\.id))
        var gone = old
        gone.nodes.removeAll { left.contains($0.id) }
        if !gone.nodes.isEmpty { changes.append(RegistryChange(action: .delete, service: gone)) }
        var rest = old
        rest.nodes.removeAll { !left.contains($0.id) }
        if rest != new { changes.append(RegistryChange(action: .update, service: new)) }
    }
}
