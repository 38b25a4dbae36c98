package import Gateway

/// A registry in this process's memory. Nodes whose lifetime is over go when somebody looks or
/// writes, or at the next `sweep`.
package actor MemoryRegistry: Registrar {
    /// Nodes in all; one more is refused.
    package static let maximumNodes = 10_000

    private struct Entry {
        /// The version of the service, with one node.
        var service: Service
        var end: ContinuousClock.Instant?
    }

    private struct Key: Hashable {
        let service: String
        let version: String
        let node: String
    }

    package nonisolated let name = "memory"
    private let now: @Sendable () -> ContinuousClock.Instant
    private var entries: [Key: Entry] = [:]
    private var watchers = Watchers()

    /// - Parameter now: The clock, for tests that cannot wait.
    package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    package func services(named name: String) -> [Service] {
        sweep()
        return entries.values.map(\.service).filter { $0.name == name }.gathered()
    }

    package func services() -> [Service] {
        sweep()
        return entries.values.map(\.service).gathered()
    }

    package func watch() -> AsyncStream<RegistryEvent> { watchers.add() }

    /// - Throws: When the service has no name or no nodes, or when the registry is full.
    package func register(_ service: Service, lifetime: Duration?) throws(RegistryError) {
        sweep()
        guard !service.name.isEmpty else { throw RegistryError("a service without a name cannot be registered") }
        guard !service.nodes.isEmpty else { throw RegistryError("\(service.name) has no nodes to register") }
        let added = service.nodes.count { entries[key(of: $0, in: service)] == nil }
        guard entries.count + added <= Self.maximumNodes else {
            throw RegistryError("the memory registry is full: it holds \(entries.count) nodes")
        }
        var hasNews = false
        let end = lifetime.map { now() + $0 }
        for node in service.nodes {
            var single = service
            single.nodes = [node]
            let replaced = entries.updateValue(Entry(service: single, end: end), forKey: key(of: node, in: service))
            if replaced?.service != single { hasNews = true }
        }
        // A renewal changes only what ends, and no watcher needs to look for it.
        if hasNews { watchers.tell(.registered(service)) }
    }

    package func deregister(_ service: Service) {
        sweep()
        let ids = Set(service.nodes.map(\.id))
        remove { entry in
            entry.service.name == service.name
                && (service.version.isEmpty || entry.service.version == service.version)
                && (ids.isEmpty || entry.service.nodes.contains { ids.contains($0.id) })
        }
    }

    /// Takes out the nodes whose lifetime is over. To be called about once a second, so that watchers hear of it.
    package func sweep() {
        let now = now()
        remove { entry in entry.end.map { $0 <= now } ?? false }
    }

    private func remove(where isGone: (Entry) -> Bool) {
        let gone = entries.filter { isGone($0.value) }
        for key in gone.keys { entries[key] = nil }
        for service in gone.values.map(\.service).gathered() { watchers.tell(.deregistered(service)) }
    }

    private func key(of node: Node, in service: Service) -> Key {
        Key(service: service.name, version: service.version, node: node.id)
    }
}
