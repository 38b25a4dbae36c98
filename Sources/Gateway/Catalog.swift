/// Everything that is registered, at one moment. The control plane makes a new one for each change and hands it to every
/// loop; nobody ever changes one.
package struct Catalog: Sendable, Equatable {
    /// Grows with each change.
    package let generation: UInt64
    private let versions: [String: [Service]]
    /// By service and name, of the first version that has it: some services have very many.
    private let endpoints: [String: [String: Endpoint]]
    /// The names of all services, sorted.
    package let names: [String]

    package static let empty = Catalog(generation: 0, services: [])

    package init(generation: UInt64, services: [Service]) {
        self.generation = generation
        versions = Dictionary(grouping: services, by: \.name).mapValues { $0.sorted { $0.version < $1.version } }
        names = versions.keys.sorted()
        endpoints = versions.mapValues { versions in
            Dictionary(
                versions.flatMap(\.endpoints).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// Every version of a service, sorted by version. Empty when the name is not registered.
    package func versions(of name: String) -> [Service] { versions[name] ?? [] }

    /// Every version of every service, sorted by name and version.
    package var services: [Service] { names.flatMap { versions(of: $0) } }

    /// The nodes of all versions of a service.
    package func nodes(of name: String) -> [Node] { versions(of: name).flatMap(\.nodes) }

    /// The endpoint of that name in any version of the service.
    ///
    /// - Parameter rule: Looks only at versions that this rule is for. Default at all.
    package func endpoint(_ name: String, of service: String, declaredBy rule: RouteRule? = nil) -> Endpoint? {
        guard let rule else { return endpoints[service]?[name] }
        for version in versions(of: service) where rule.isFor(version) {
            if let endpoint = version.endpoints.first(where: { $0.name == name }) { return endpoint }
        }
        return nil
    }
}
