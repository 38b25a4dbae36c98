package import HTTP

/// Why something that an operator asked for is not done.
package struct OperatorRefusal: Error, Equatable {
    package let status: Status
    /// Without a period.
    package let sentence: String

    /// What was asked for makes no sense: 400.
    package init(_ sentence: String) { self.init(.badRequest, sentence) }

    package init(_ status: Status, _ sentence: String) {
        self.status = status
        self.sentence = sentence
    }
}

/// A route that the operator declares while the program runs.
package struct OperatorRoute: Sendable, Equatable {
    /// The longest path, in bytes.
    package static let maximumPath = 1_024
    /// What such routes are said to come from.
    package static let origin = "micro api add route"

    package fileprivate(set) var condition: RouteRule.Condition
    package let kind: HandlerKind
    /// As it was given. Empty for handlers that need none.
    package var service: String
    /// What the service's name may lack, such as `go.micro.api`. Nil until it is known, empty for none.
    package var namespace: String?
    /// Such as `User.Create`. Empty until it is known, and for handlers that need none.
    package var endpoint: String
    /// Whether the endpoint streams.
    package var isStream = false
    /// What is taken off the path of a request before it is passed on. Nil for nothing.
    package var strippedPrefix: PathPrefix?

    package init(
        on condition: RouteRule.Condition, kind: HandlerKind = .rpc, service: String, namespace: String? = nil,
        endpoint: String = ""
    ) {
        self.condition = condition
        self.kind = kind
        self.service = service
        self.namespace = namespace
        self.endpoint = endpoint
    }

    /// The names that the service may have: as given, if one is registered so, else in the namespace.
    package var services: [String] {
        guard !service.isEmpty else { return [] }
        guard let namespace, !namespace.isEmpty, !service.hasPrefix("\(namespace).") else { return [service] }
        return [service, "\(namespace).\(service)"]
    }

    /// What the gateways go by.
    package var rule: RouteRule {
        RouteRule(
            on: condition, without: strippedPrefix, kind: kind, services: services, endpoint: endpoint,
            isStream: isStream, declarer: .operator, origin: Self.origin)
    }
}

/// What an operator asks for.
package enum OperatorChange: Sendable, Equatable {
    /// In place of the one with the same path, methods and hosts, if there is one.
    case addRoute(OperatorRoute)
    case deleteRoutes(RouteSelection)
    /// In place of the one with the same path, if there is one.
    case setLimit(RateLimit)
    case deleteLimit(path: String)
}

/// Everything that operators have declared while the program runs.
package struct OperatorRules: Sendable, Equatable {
    /// The most routes, and the most limits.
    package static let maximumCount = 1_000

    package var routes: [OperatorRoute] = []
    package var limits: [RateLimit] = []

    package init() {}

    /// The rules after a change.
    package func applying(_ change: OperatorChange) throws(OperatorRefusal) -> OperatorRules {
        var new = self
        switch change {
        case .addRoute(let route): try new.add(route)
        case .deleteRoutes(let selection): try new.delete(selection)
        case .setLimit(let limit): try new.set(limit)
        case .deleteLimit(let path):
            new.limits.removeAll { $0.path == path }
            if new.limits.count == limits.count { throw Self.missing("limit", path, among: limits.map(\.path)) }
        }
        return new
    }

    private mutating func add(_ route: OperatorRoute) throws(OperatorRefusal) {
        if let index = routes.firstIndex(where: { $0.condition == route.condition }) { return routes[index] = route }
        guard routes.count < Self.maximumCount else {
            throw OperatorRefusal(.conflict, "there are \(Self.maximumCount) such routes already: delete some first")
        }
        routes.append(route)
        // One that gets nothing for one of its methods or hosts is a mistake.
        if let (_, winner) = RouteIndex(routes.map(\.rule)).shadowed.first {
            throw OperatorRefusal(
                .conflict,
                "requests for this already have a route: \(winner.condition); delete it first, with"
                    + " \(winner.condition.deletion)")
        }
    }

    private mutating func delete(_ selection: RouteSelection) throws(OperatorRefusal) {
        var isFound = false
        let rest = routes.flatMap { route in
            guard let parts = selection.rest(of: route.condition) else { return [route] }
            isFound = true
            return parts.map { part in
                var route = route
                route.condition = part
                return route
            }
        }
        guard isFound else { throw notFound(selection) }
        guard rest.count <= Self.maximumCount else {
            throw OperatorRefusal(.conflict, "the rest would be more than \(Self.maximumCount) routes")
        }
        routes = rest
    }

    private func notFound(_ selection: RouteSelection) -> OperatorRefusal {
        let known = routes.filter { $0.condition.text == selection.path }.map { "\($0.condition)" }
        guard !known.isEmpty else { return Self.missing("route", selection.path, among: routes.map(\.condition.text)) }
        let more = known.count > 8 ? " and \(known.count - 8) more" : ""
        return OperatorRefusal(
            .notFound,
            "no route of this path is for such a method and host; there is"
                + " \(known.prefix(8).joined(separator: "; "))\(more)")
    }

    private mutating func set(_ limit: RateLimit) throws(OperatorRefusal) {
        if let index = limits.firstIndex(where: { $0.path == limit.path }) { return limits[index] = limit }
        guard limits.count < Self.maximumCount else {
            throw OperatorRefusal(.conflict, "there are \(Self.maximumCount) limits already: delete some first")
        }
        let twin = limits.first {
            $0.template.segments == limit.template.segments && $0.template.verb == limit.template.verb
        }
        if let twin { throw OperatorRefusal(.conflict, "the same paths have a limit already: \(twin.path)") }
        limits.append(limit)
    }

    private static func missing(_ what: String, _ path: String, among known: [String]) -> OperatorRefusal {
        let near = NearestWord.one(to: path, in: known).map { "; did you mean \($0)?" } ?? ""
        return OperatorRefusal(.notFound, "no \(what) was declared here for the path \(path.prefix(64))\(near)")
    }
}

/// Where these rules are kept: the one place on the control plane that changes them.
package protocol OperatorRecords: Sendable {
    /// What is in effect.
    var current: OperatorRules { get }
    /// All routes that the gateways go by, whoever has declared them.
    var listing: RouteListing { get }

    /// Makes a change, keeps it for the next start, and publishes it to all loops.
    ///
    /// - Parameter catalog: Tells what endpoints a service has.
    /// - Returns: What is in effect afterwards. A refusal has changed nothing.
    nonisolated(nonsending) func apply(
        _ change: OperatorChange, knowing catalog: Catalog
    ) async -> Result<OperatorRules, OperatorRefusal>
}

extension RouteRule.Condition {
    /// The command that takes back this route, and no other one with its path.
    fileprivate var deletion: String {
        let methods = methods.isEmpty ? "any" : methods.map(\.description).joined(separator: ",")
        let hosts = hosts.isEmpty ? "any" : hosts.map(\.description).joined(separator: ",")
        return "micro api delete route --path=\(text) --method=\(methods) --host=\(hosts)"
    }
}
