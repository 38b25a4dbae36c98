import Gateway
import Logging
import Synchronization

/// The one place where all declared routes come together. Whoever learns of routes hands them over; the book makes one index
/// of them, and publishes it to all loops.
final class RouteBook: Sendable {
    /// What all loops look into.
    let index = Published(RouteIndex())
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var rules: [RouteSource: [RouteRule]] = [:]
        /// What was said already, so that it is not said with each new catalog.
        private var warned: Set<String> = []
        /// More warnings are not remembered, and so are said again.
        private static let maximumWarnings = 1_000

        mutating func unsaid(_ warnings: [String]) -> [String] {
            if warned.count > Self.maximumWarnings { warned = [] }
            return warnings.filter { warned.insert($0).inserted }
        }
    }

    init(logger: Logger) { self.logger = logger }

    /// Replaces what this source has declared, and publishes the whole. Does nothing when nothing has changed.
    func replace(_ source: RouteSource, with rules: [RouteRule], warnings: [String] = []) {
        let new: [String] = state.withLock { state in
            let old = state.rules[source] ?? []
            guard !old.isSame(as: rules) else { return state.unsaid(warnings) }
            state.rules[source] = rules
            let published = RouteIndex(RouteSource.allCases.flatMap { state.rules[$0] ?? [] })
            index.replace(with: published)
            return state.unsaid(
                warnings
                    + published.shadowed.filter { !$0.rule.isSameCall(as: $0.by) }.map { rule, winner in
                        "the route \(rule.condition) of \(rule.origin) gets no requests: \(winner.origin) has the same"
                    })
        }
        for warning in new { logger.warning("\(warning)") }
    }

    /// Takes the routes that the endpoints in a catalog declare. To be called before any loop gets the catalog.
    func replace(from catalog: Catalog) {
        let found = EndpointRoutes.read(catalog)
        replace(.registry, with: found.rules, warnings: found.warnings)
    }

    var rules: [RouteRule] { index.current.rules }

    /// All of them, by who has declared them.
    var listing: RouteListing {
        state.withLock { state in
            RouteListing(
                RouteSource.allCases.compactMap { source in state.rules[source].map { (source, $0) } },
                shadowed: index.current.shadowed)
        }
    }
}

extension [RouteRule] {
    fileprivate func isSame(as other: [RouteRule]) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0 === $1 || $0.isSame(as: $1) }
    }
}

extension RouteRule {
    /// Whether both call the same method of gRPC on the same service, as when a file and reflection tell of it.
    fileprivate func isSameCall(as other: RouteRule) -> Bool {
        !path.isEmpty && path == other.path && services.contains { other.services.contains($0) }
    }
}
