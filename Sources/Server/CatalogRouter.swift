internal import Bytes
package import Gateway
package import HTTP

/// Finds routes: a declared route or else the resolver names the destination, the catalog knows its nodes, a selector picks
/// among them.
///
/// What was decided twice is remembered for each method, host and path until the catalog changes, so that a path asked for
/// often costs a comparison. The memory is a table of fixed size.
package final class CatalogRouter: Router {
    /// What becomes of requests for which no route was declared.
    package enum Mode: Sendable, Equatable {
        /// The declared kind, or else `rpc`; but `api` for an endpoint that takes whole requests. What `meta` means.
        case meta
        case kind(HandlerKind)
        /// Passed on to nodes that speak gRPC. Declared routes are not asked.
        case grpc

        /// What becomes of them.
        package var kind: HandlerKind {
            switch self {
            case .meta: .rpc
            case .kind(let kind): kind
            case .grpc: .http
            }
        }
    }

    private let resolver: any Resolver
    private let namespace: String
    private let reporter: Namespace?
    private let mode: Mode
    private let view: CatalogView
    private let strategy: any Strategy
    private let health: NodeHealth
    private var rotations: [RotationKey: NodeRotation] = [:]
    private let none: NodeRotation
    private var memory = RouteMemory()
    private var generation: UInt64 = 0
    private let declared: DeclaredRoutes?
    /// For explanations, and to choose among versions that want different things: else to decide takes no clock.
    private let clock: () -> ContinuousClock.Instant
    /// Under which name the service of a declared route is registered that is registered under none of its own.
    private var services: [ObjectIdentifier: Destination?] = [:]

    /// - Parameters:
    ///   - namespace: How the namespace is described in errors, such as `go.micro.api`.
    ///   - reporter: By whose name errors of `meta` go, as those of Micro v2 do: that of the request. Default nobody's.
    ///   - declared: Routes that go before the resolver. Default none.
    package init(
        resolver: any Resolver, namespace: String, reporter: Namespace? = nil, mode: Mode, view: CatalogView,
        strategy: any Strategy, health: NodeHealth, declared: DeclaredRoutes? = nil,
        clock: @escaping () -> ContinuousClock.Instant = { .now }
    ) {
        self.declared = declared
        self.clock = clock
        self.resolver = resolver
        self.namespace = namespace
        self.reporter = reporter
        self.mode = mode
        self.view = view
        self.strategy = strategy
        self.health = health
        none = NodeRotation(nodes: [], strategy: strategy, health: health)
    }

    package func route(_ head: RequestHead) throws(GatewayError) -> Route {
        forgetOldCatalog()
        forgetOldDeclarations()
        if let known = memory.route(of: head) { return turn(of: known) }
        let route = try decide(head, nil)
        memory.remember(route, of: head)
        return turn(of: route)
    }

    private func turn(of route: Route) -> Route { route.variants.isEmpty ? route : route.turn(at: clock()) }

    package func routes(_ head: RequestHead) throws(GatewayError) -> [Route] {
        forgetOldCatalog()
        forgetOldDeclarations()
        let route = try decide(head, nil)
        return route.variants.isEmpty ? [route] : route.variants
    }

    package func explain(_ head: RequestHead) -> Explanation {
        forgetOldCatalog()
        forgetOldDeclarations()
        var explanation = Explanation(of: head)
        explanation.resolver = resolver.name
        explanation.namespace = namespace
        explanation.declaredCount = declared?.rules.count ?? 0
        let trace = RouteTrace()
        do throws(GatewayError) {
            explanation.take(try decide(head, trace))
        } catch {
            explanation.problem = error
        }
        explanation.take(trace)
        return explanation
    }

    package func aim(of head: RequestHead) -> RouteAim? {
        forgetOldCatalog()
        forgetOldDeclarations()
        if let rule = declared?.binding(of: head)?.rule,
            rule.kind.nodeUse == nil || rule.declarer == .operator || destination(of: rule) != nil
        {
            let service = Destination(service: rule.services.first ?? "", endpoint: rule.endpoint)
            return RouteAim(destination(of: rule) ?? service, rule.kind, without: rule.strippedPrefix)
        }
        guard mode.kind.nodeUse != nil, let found = try? resolver.resolve(head) else { return nil }
        return RouteAim(found, kind(of: found))
    }

    /// The one decision, for those who serve and for those who ask why.
    private func decide(_ head: RequestHead, _ trace: RouteTrace?) throws(GatewayError) -> Route {
        if let trace, let declared {
            trace.rules = RouteComparison(declared.rules).verdicts(for: head, limit: RouteTrace.maximumRules)
        }
        do throws(GatewayError) {
            if let declared = try declaredRoute(head, trace) { return declared }
            return try resolvedRoute(head, trace)
        } catch {
            guard mode == .meta, let reporter else { throw error }
            throw error.reported(by: reporter.name(for: head))
        }
    }

    private func resolvedRoute(
        _ head: RequestHead, _ trace: RouteTrace?
    ) throws(GatewayError) -> Route {
        do throws(GatewayError) {
            guard let use = use(for: mode.kind) else {
                return Route(destination: Destination(service: "", endpoint: ""), kind: mode.kind, nodes: none)
            }
            let destination = try resolver.resolve(head)
            trace?.resolved = destination
            let nodes = try rotation(for: destination, use, isResolved: true, trace)
            return route(to: destination, for: kind(of: destination), over: nodes)
        } catch {
            throw declared?.explain(error, head) ?? error
        }
    }

    package func route(to destination: Destination) throws(GatewayError) -> Route {
        forgetOldCatalog()
        let nodes = try rotation(for: destination, use(for: mode.kind) ?? .calls, nil)
        return route(to: destination, for: mode.kind, over: nodes)
    }

    private func use(for kind: HandlerKind) -> NodeUse? { mode == .grpc ? .grpc : kind.nodeUse }

    /// An endpoint that takes a whole HTTP request is called so.
    private func kind(of destination: Destination) -> HandlerKind {
        guard mode == .meta, let endpoint = view.catalog.endpoint(destination.endpoint, of: destination.service),
            endpoint.takesHTTPRequest
        else { return mode.kind }
        return .api
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

    /// Whether a declared route is for the request, be its service registered or not.
    package func isDeclared(_ head: borrowing RequestHead) -> Bool {
        guard let declared else { return false }
        forgetOldDeclarations()
        return declared.binding(of: head) != nil
    }

    private func forgetOldDeclarations() {
        guard let declared, declared.refresh() else { return }
        services.removeAll()
        memory = RouteMemory()
    }

    /// - Returns: Nil when no declared route fits, or one whose service is not registered: then the path may be another's.
    /// - Throws: `.noNodes` for a route of the operator whose service is not registered, since it never means another.
    private func declaredRoute(
        _ head: borrowing RequestHead, _ trace: RouteTrace?
    ) throws(GatewayError) -> Route? {
        guard let binding = declared?.binding(of: head) else { return nil }
        let rule = binding.rule
        guard let use = use(for: rule.kind) else {
            let destination = Destination(service: rule.services.first ?? "", endpoint: rule.endpoint)
            return Route(destination: destination, kind: rule.kind, nodes: none, binding: binding)
        }
        guard let destination = destination(of: rule) else {
            if rule.declarer == .operator { throw unregistered(rule) }
            trace?.passOver(rule)
            return nil
        }
        let nodes = try rotation(for: destination, use, declaredBy: rule, trace)
        // What wants something of its own, and has nobody who could be asked, gets no turn.
        let variants = rule.variants.compactMap { variant in
            (try? rotation(for: destination, use, declaredBy: variant, nil)).map { own in
                Route(
                    destination: destination, kind: rule.kind, nodes: own, isStream: variant.isStream,
                    binding: RouteBinding(rule: variant, fields: binding.fields))
            }
        }
        if variants.count == 1 { return variants[0] }
        return Route(
            destination: destination, kind: rule.kind, nodes: nodes, isStream: rule.isStream, binding: binding,
            variants: variants)
    }

    private func destination(of rule: RouteRule) -> Destination? {
        if let named = rule.namedDestination(in: view.catalog) { return named }
        // To look at all services takes long.
        if let known = services[ObjectIdentifier(rule)] { return known }
        let found = rule.destination(in: view.catalog)
        services[ObjectIdentifier(rule)] = .some(found)
        return found
    }

    // MARK: Nodes

    /// - Parameter isResolved: Whether the resolver named the service, which an error then tells.
    private func rotation(
        for destination: Destination, _ use: NodeUse, declaredBy rule: RouteRule? = nil, isResolved: Bool = false,
        _ trace: RouteTrace?
    ) throws(GatewayError) -> NodeRotation {
        let service = destination.service
        let versions = view.catalog.versions(of: service)
        guard !versions.isEmpty else { throw unknown(destination, isResolved: isResolved).concerning(service) }
        let choice = VersionChoice(among: versions, for: destination, use, declaredBy: rule)
        if let trace { describe(versions, choice, use, declaredBy: rule, in: trace) }
        let key = RotationKey(service: service, use: use, versions: choice)
        if let known = rotations[key] { return known }
        let all = choice.nodes(of: versions)
        guard !all.isEmpty else { throw .noNodes(of: service).concerning(service) }
        let usable = all.filter { use.accepts($0.wireProtocol) }
        guard !usable.isEmpty else { throw mismatch(destination, use, speaks: all[0].wireProtocol).concerning(service) }
        let rotation = NodeRotation(nodes: usable, strategy: strategy, health: health)
        rotations[key] = rotation
        return rotation
    }

    private func route(to destination: Destination, for kind: HandlerKind, over rotation: NodeRotation) -> Route {
        let endpoint = view.catalog.endpoint(destination.endpoint, of: destination.service)
        return Route(destination: destination, kind: kind, nodes: rotation, isStream: endpoint?.isStream)
    }

    private func describe(
        _ versions: [Service], _ choice: VersionChoice, _ use: NodeUse, declaredBy rule: RouteRule?,
        in trace: RouteTrace
    ) {
        let now = clock()
        for (place, version) in versions.enumerated() {
            let isSkipped = !choice.contains(place)
            let isUndeclared = rule.map { !$0.isFor(version) } ?? false
            for node in version.nodes {
                let state: RouteTrace.NodeState =
                    if isSkipped {
                        isUndeclared ? .undeclared : .undescribed
                    } else if !use.accepts(node.wireProtocol) {
                        .unfit
                    } else {
                        health.rest(of: node, now: now).map { .resting($0) } ?? .candidate
                    }
                trace.nodes.append((node, version.version, state))
            }
        }
    }

    // MARK: Errors

    /// The operator has said whom the path belongs to, so it is not asked of anyone else.
    private func unregistered(_ rule: RouteRule) -> GatewayError {
        let service = rule.services.first ?? ""
        var sentence = "this path belongs to service \(service), which is not registered"
        let names = view.catalog.names
        if let near = rule.services.lazy.flatMap({ NearestWord.services(to: $0, in: names, limit: 1) }).first {
            sentence += "; the nearest registered name is \(near)"
        }
        return GatewayError(
            .noNodes, sentence, detail: "\(sentence); the route \(rule.condition) is of \(rule.origin)"
        ).concerning(service)
    }

    private func unknown(_ destination: Destination, isResolved: Bool) -> GatewayError {
        var sentence = "service \(destination.service) is not registered"
        if isResolved {
            // What is passed on has no endpoint.
            let endpoint = use(for: mode.kind) == .proxying ? "" : ", with endpoint \(destination.endpoint),"
            sentence += "; it was derived\(endpoint) by resolver \(resolver.name), namespace \(namespace)"
        }
        let near = NearestWord.services(to: destination.service, in: view.catalog.names)
        if !near.isEmpty {
            let names = near.count == 1 ? "name is" : "names are"
            sentence += "; the nearest registered \(names) \(near.joined(separator: ", "))"
        } else if view.catalog.names.isEmpty {
            sentence += "; nothing is registered at all"
        }
        return GatewayError(.notFound, sentence)
    }

    private func mismatch(_ destination: Destination, _ use: NodeUse, speaks spoken: WireProtocol) -> GatewayError {
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
