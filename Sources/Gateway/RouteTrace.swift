/// What was seen while the route of one request was decided. Handed through the decision when someone wants to know why;
/// nil, and so without cost, when a request is served.
package final class RouteTrace {
    /// The declared routes that were tried, and what became of each; at most twenty.
    package var rules: [(rule: RouteRule, verdict: RouteVerdict)] = []
    /// The most rules that are told of.
    package static let maximumRules = 20
    /// What the resolver made of the request. Nil when it was not asked, or found nothing.
    package var resolved: Destination?
    /// The nodes of the service, and whether each can be asked.
    package var nodes: [(node: Node, version: String, state: NodeState)] = []

    package init() {}

    /// Notes that a rule fits, but that nothing is registered under its service's name.
    package func passOver(_ rule: RouteRule) {
        if let index = rules.firstIndex(where: { $0.rule === rule }) { rules[index].verdict = .unregistered }
    }

    /// Whether a node can be asked.
    package enum NodeState: Sendable, Equatable {
        case candidate
        /// It failed of late, and is asked again after this time.
        case resting(Duration)
        /// It does not speak what is wanted.
        case unfit
        /// Its version has not declared the route, others have.
        case undeclared
        /// Its version does not describe the endpoint, others do.
        case undescribed
    }
}
