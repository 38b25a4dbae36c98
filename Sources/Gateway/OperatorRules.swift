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
    /// In place of the one with the same path, methods and hosts, if there is one.
    case setLimit(RateLimit)
    case deleteLimits(RouteSelection)
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
        case .deleteRoutes(let selection):
            new.routes = try Self.rest("route", of: routes, without: selection, by: \.condition)
        case .setLimit(let limit): try new.set(limit)
        case .deleteLimits(let selection):
            new.limits = try Self.rest("limit", of: limits, without: selection, by: \.condition)
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
                    + " \(winner.condition.deletion("route"))")
        }
    }

    /// What is left of all routes, or limits, where some are deleted. Of one that is meant in part, that part is.
    private static func rest<Declaration>(
        _ what: String, of all: [Declaration], without selection: RouteSelection,
        by condition: WritableKeyPath<Declaration, RouteRule.Condition>
    ) throws(OperatorRefusal) -> [Declaration] {
        var isFound = false
        let rest = all.flatMap { declaration in
            guard let parts = selection.rest(of: declaration[keyPath: condition]) else { return [declaration] }
            isFound = true
            return parts.map { part in
                var declaration = declaration
                declaration[keyPath: condition] = part
                return declaration
            }
        }
        guard isFound else { throw notFound(what, selection, among: all.map { $0[keyPath: condition] }) }
        guard rest.count <= maximumCount else {
            throw OperatorRefusal(.conflict, "the rest would be more than \(maximumCount) \(what)s")
        }
        return rest
    }

    private static func notFound(
        _ what: String, _ selection: RouteSelection, among all: [RouteRule.Condition]
    ) -> OperatorRefusal {
        let known = all.filter { $0.text == selection.path }.map(\.description)
        guard !known.isEmpty else {
            let near = NearestWord.one(to: selection.path, in: all.map(\.text)).map { "; did you mean \($0)?" } ?? ""
            return OperatorRefusal(
                .notFound, "no \(what) was declared here for the path \(selection.path.prefix(64))\(near)")
        }
        let more = known.count > 8 ? " and \(known.count - 8) more" : ""
        return OperatorRefusal(
            .notFound,
            "no \(what) of this path is for such a method and host; there is"
                + " \(known.prefix(8).joined(separator: "; "))\(more)")
    }

    private mutating func set(_ limit: RateLimit) throws(OperatorRefusal) {
        if let index = limits.firstIndex(where: { $0.condition == limit.condition }) { return limits[index] = limit }
        guard limits.count < Self.maximumCount else {
            throw OperatorRefusal(.conflict, "there are \(Self.maximumCount) limits already: delete some first")
        }
        limits.append(limit)
        if let (_, winner) = RateLimits(limits).shadowed.first {
            throw OperatorRefusal(
                .conflict,
                "requests for this already have a limit: \(winner.name); delete it first, with"
                    + " \(winner.condition.deletion("limit"))")
        }
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
    /// The command that takes back what has this condition, and nothing else of its path.
    fileprivate func deletion(_ what: String) -> String {
        let methods = methods.isEmpty ? "any" : methods.map(\.description).joined(separator: ",")
        let hosts = hosts.isEmpty ? "any" : hosts.map(\.description).joined(separator: ",")
        return "micro api delete \(what) --path=\(text) --method=\(methods) --host=\(hosts)"
    }
}
