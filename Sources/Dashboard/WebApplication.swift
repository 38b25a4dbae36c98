internal import Gateway
internal import HTTP
internal import JSON

/// A web service, as somebody opens it.
struct WebApplication: Equatable {
    /// The full name of the service.
    let service: String
    /// The name behind the namespace, as it is shown.
    let title: String
    /// Relative to the dashboard's root, or a whole URL.
    let reference: String
    /// Relative to the dashboard's root. Nil when there is none, or it may not be shown.
    let icon: String?
    /// Whether a page of the dashboard has its path, so that it cannot be reached there.
    let isShadowed: Bool

    /// All applications in the namespace of the client that asks, sorted by title.
    ///
    /// - Parameter scheme: As the client asked us.
    static func all(
        in catalog: Catalog, for head: RequestHead, scheme: String, by resolver: any WebServiceResolver
    ) -> [WebApplication] {
        let namespace = resolver.namespace(for: head)
        let prefix = namespace.isEmpty ? "" : "\(namespace)."
        var found: [WebApplication] = []
        for name in catalog.names where name.hasPrefix(prefix) {
            let label = String(name.dropFirst(prefix.utf8.count))
            guard let reference = resolver.reference(toApplication: label, from: head, scheme: scheme) else { continue }
            let isRelative = reference == "\(label)/"
            found.append(
                WebApplication(
                    service: name, title: title(of: label), reference: reference,
                    icon: isRelative ? icon(of: name, in: catalog).map { reference + $0 } : nil,
                    isShadowed: isRelative && OwnPath.names.contains(label)))
        }
        return found.sorted { ($0.title, $0.service) < ($1.title, $1.service) }
    }

    /// Short ones with a digit are abbreviations, such as `M3O`.
    static func title(of label: String) -> String {
        let isAbbreviation = label.utf8.count <= 3 && label.utf8.contains { (0x30...0x39).contains($0) }
        return isAbbreviation ? label.uppercased() : label.prefix(1).uppercased() + label.dropFirst()
    }

    /// The icon that the first node names in its metadata, if it is a path of the application's own: the dashboard loads
    /// nothing from other hosts, and nothing of its own by what a service says.
    private static func icon(of service: String, in catalog: Catalog) -> String? {
        guard let text = catalog.nodes(of: service).first?.metadata["icon"] else { return nil }
        let path = text.hasPrefix("/") ? text.dropFirst() : text[...]
        let isPlain = path.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20) || "-._~/".utf8.contains(byte)
        }
        guard isPlain, (1...256).contains(path.utf8.count), !path.hasPrefix("/"),
            !path.split(separator: "/").contains(where: { $0 == ".." || $0 == "." })
        else { return nil }
        return String(path)
    }

    var json: JSONValue {
        .object([
            "service": .string(service), "title": .string(title), "url": .string(reference),
            "icon": icon.map { .string($0) } ?? .null, "shadowed": .bool(isShadowed),
        ])
    }
}
