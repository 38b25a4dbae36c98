internal import Bytes
package import Gateway
package import HTTP

/// Finds routes: a declared route or else the resolver names the destination, the catalog knows its nodes, a selector picks
/// among them.
///
/// What was decided is remembered for each method, host and path until the catalog changes, so that a path asked for
/// again costs a comparison. The memory is a table of fixed size.
package final class CatalogRouter: Router {
    /// Which of a service's nodes a handler can use.
    package enum Use: Sendable {
        /// Nodes that can be called by RPC.
        case calls
        /// Nodes that speak plain HTTP.
        case proxying
        /// Nodes that speak gRPC, for clients that do so too.
        case grpc
    }

    private let resolver: any Resolver
    private let namespace: String
    private let use: Use
    private let view: CatalogView
    private let strategy: any Strategy
    private let health: NodeHealth
    private var rotations: [String: NodeRotation] = [:]
    private var memory = RouteMemory()
    private var generation: UInt64 = 0
    private let declared: DeclaredRoutes?
    /// Under which name the service of a declared route is registered.
    private var services: [ObjectIdentifier: Destination?] = [:]

    /// - Parameters:
    ///   - namespace: How the namespace is described in errors, such as `go.micro.api`.
    ///   - declared: Routes that go before the resolver. Default none.
    package init(
        resolver: any Resolver, namespace: String, use: Use, view: CatalogView, strategy: any Strategy,
        health: NodeHealth, declared: DeclaredRoutes? = nil
    ) {
        self.declared = declared
        self.resolver = resolver
        self.namespace = namespace
        self.use = use
        self.view = view
        self.strategy = strategy
        self.health = health
    }

    package func route(_ head: RequestHead) throws(GatewayError) -> Route {
        forgetOldCatalog()
        forgetOldDeclarations()
        if let known = memory.route(of: head) { return known }
        let route: Route
        if let declared = try declaredRoute(head) { route = declared } else { route = try resolvedRoute(head) }
        memory.remember(route, of: head)
        return route
    }

    private func resolvedRoute(_ head: borrowing RequestHead) throws(GatewayError) -> Route {
        do throws(GatewayError) {
            return try find(
                try resolver.resolve(head), derivedBy: "resolver \(resolver.name), namespace \(namespace)")
        } catch {
            throw declared?.explain(error, head) ?? error
        }
    }

    package func route(to destination: Destination) throws(GatewayError) -> Route {
        forgetOldCatalog()
        return try find(destination, derivedBy: nil)
    }

    private func forgetOldCatalog() {
        guard view.catalog.generation != generation else { return }
        generation = view.catalog.generation
        rotations.removeAll(keepingCapacity: true)
        services.removeAll()
        memory = RouteMemory()
        health.keep(only: Set(view.catalog.services.flatMap(\.nodes)))
    }

    // MARK: Declared routes

    private func forgetOldDeclarations() {
        guard let declared, declared.refresh() else { return }
        services.removeAll()
        memory = RouteMemory()
    }

    /// - Returns: Nil when no declared route fits, or its service is not registered: then the path may be another's.
    private func declaredRoute(_ head: borrowing RequestHead) throws(GatewayError) -> Route? {
        guard let binding = declared?.binding(of: head), let destination = destination(of: binding.rule) else {
            return nil
        }
        let route = try find(destination, derivedBy: nil)
        return Route(destination: destination, nodes: route.nodes, isStream: binding.rule.isStream, binding: binding)
    }

    private func destination(of rule: RouteRule) -> Destination? {
        if let known = services[ObjectIdentifier(rule)] { return known }
        let found = find(rule)
        services[ObjectIdentifier(rule)] = .some(found)
        return found
    }

    /// A service is registered under the name of its package, as those of Go Micro are, or under its own; or it is the
    /// only one whose record has such an endpoint.
    private func find(_ rule: RouteRule) -> Destination? {
        if let name = rule.services.first(where: { !view.catalog.versions(of: $0).isEmpty }) {
            return Destination(service: name, endpoint: name == rule.services[0] ? rule.endpoint : rule.path)
        }
        let owners = view.catalog.names.filter { view.catalog.endpoint(rule.endpoint, of: $0) != nil }
        return owners.count == 1 ? Destination(service: owners[0], endpoint: rule.endpoint) : nil
    }

    private func find(_ destination: Destination, derivedBy rule: String?) throws(GatewayError) -> Route {
        if let rotation = rotations[destination.service] { return route(to: destination, over: rotation) }
        let versions = view.catalog.versions(of: destination.service)
        let service = destination.service
        guard !versions.isEmpty else { throw unknown(destination, derivedBy: rule).concerning(service) }
        let all = versions.flatMap(\.nodes)
        guard !all.isEmpty else { throw .noNodes(of: service).concerning(service) }
        let usable = all.filter { isUsable($0.wireProtocol) }
        guard !usable.isEmpty else { throw mismatch(destination, speaks: all[0].wireProtocol).concerning(service) }
        let rotation = NodeRotation(nodes: usable, strategy: strategy, health: health)
        rotations[destination.service] = rotation
        return route(to: destination, over: rotation)
    }

    private func route(to destination: Destination, over rotation: NodeRotation) -> Route {
        let endpoint = view.catalog.endpoint(destination.endpoint, of: destination.service)
        return Route(destination: destination, nodes: rotation, isStream: endpoint?.isStream)
    }

    private func isUsable(_ spoken: WireProtocol) -> Bool {
        switch use {
        case .calls: spoken != .http
        case .proxying: spoken == .http
        case .grpc: spoken == .grpc
        }
    }

    private func unknown(_ destination: Destination, derivedBy rule: String?) -> GatewayError {
        var sentence = "service \(destination.service) is not registered"
        if let rule { sentence += "; it was derived, with endpoint \(destination.endpoint), by \(rule)" }
        let near = NearestWord.all(to: destination.service, in: view.catalog.names)
        if !near.isEmpty {
            sentence += "; the nearest registered names are \(near.joined(separator: ", "))"
        } else if view.catalog.names.isEmpty {
            sentence += "; nothing is registered at all"
        }
        return GatewayError(.notFound, sentence)
    }

    private func mismatch(_ destination: Destination, speaks spoken: WireProtocol) -> GatewayError {
        switch use {
        case .calls:
            GatewayError(
                .upstreamRefused,
                "service \(destination.service) speaks plain HTTP and cannot be called; use the handler http")
        case .proxying:
            GatewayError(
                .upstreamRefused,
                "service \(destination.service) speaks \(spoken.name) and cannot be proxied; use the handler rpc")
        case .grpc:
            GatewayError(
                .upstreamRefused, "service \(destination.service) speaks \(spoken.name) and cannot be called by gRPC")
        }
    }
}

/// Routes by method, host and path: a table with one place for each hash value. What falls on a place that is taken
/// replaces what was there.
struct RouteMemory {
    private static let size = 1_024
    /// Longer paths and hosts are not worth the memory.
    private static let maximumLength = 256

    private struct Entry {
        let method: Method
        let host: [UInt8]
        let path: [UInt8]
        let route: Route
    }

    private var entries: [Entry?] = []

    func route(of head: borrowing RequestHead) -> Route? {
        guard !entries.isEmpty else { return nil }
        let host = head.authoritySpan
        let path = head.pathSpan
        guard let entry = entries[Self.place(host, path)], entry.method == head.method,
            entry.path.span.isIdentical(toBytesOf: path), entry.host.span.isIdentical(toBytesOf: host)
        else { return nil }
        return entry.route
    }

    mutating func remember(_ route: Route, of head: borrowing RequestHead) {
        let host = head.authoritySpan
        let path = head.pathSpan
        guard host.count <= Self.maximumLength, path.count <= Self.maximumLength else { return }
        if entries.isEmpty { entries = [Entry?](repeating: nil, count: Self.size) }
        entries[Self.place(host, path)] = Entry(method: head.method, host: host.copy, path: path.copy, route: route)
    }

    /// FNV-1a. Whoever makes paths collide only makes us decide anew.
    private static func place(_ host: Span<UInt8>, _ path: Span<UInt8>) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in path.indices { hash = (hash ^ UInt64(path[index])) &* 0x100_0000_01b3 }
        for index in host.indices { hash = (hash ^ UInt64(host[index])) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: (hash ^ (hash >> 32)) & UInt64(size - 1))
    }
}

extension Span<UInt8> {
    fileprivate var copy: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { target, used in
            for index in indices { target.initializeElement(at: index, to: self[index]) }
            used = count
        }
    }

    fileprivate func isIdentical(toBytesOf other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }
}
