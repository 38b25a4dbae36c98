extension RouteRule {
    /// The endpoint that the rule leads to. Nil when its service is not registered, or none of the versions that have
    /// declared it.
    ///
    /// A service is registered under the name of its package, as those of Go Micro are, or under its own; or it is the only
    /// one whose record has such an endpoint.
    package func destination(in catalog: Catalog) -> Destination? {
        if let named = namedDestination(in: catalog) { return named }
        guard !path.isEmpty else { return nil }
        let owners = catalog.names.filter { catalog.endpoint(endpoint, of: $0) != nil }
        return owners.count == 1 ? Destination(service: owners[0], endpoint: endpoint) : nil
    }

    /// The same, if the service is registered under one of the names that the rule has for it.
    package func namedDestination(in catalog: Catalog) -> Destination? {
        for name in services where catalog.versions(of: name).contains(where: isFor) {
            return Destination(service: name, endpoint: name == services[0] || path.isEmpty ? endpoint : path)
        }
        return nil
    }

    /// Whether it is for the nodes of this version of its service.
    package func isFor(_ version: Service) -> Bool {
        guard case .versions(let versions) = declarer else { return true }
        return versions.contains(version.version)
    }
}
