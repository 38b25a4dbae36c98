package import HTTP

/// All declared routes, so that the one for a request is found fast (`ConditionIndex`). Immutable: the control plane makes a
/// new one for each change and publishes it to all loops.
package struct RouteIndex: Sendable {
    /// In the order of their registration.
    package let rules: [RouteRule]
    private let index: ConditionIndex<RouteRule>

    /// - Parameter rules: Those that go first where two are for the same requests, first.
    package init(_ rules: [RouteRule] = []) {
        self.rules = rules
        var index = ConditionIndex<RouteRule>()
        for rule in rules { index.insert(rule, on: rule.condition) }
        self.index = index
    }

    /// Rules that never get a request for one of their methods and hosts, and the rules that take it.
    package var shadowed: [(rule: RouteRule, by: RouteRule)] { index.shadowed.map { ($0.value, $0.by) } }

    package var isEmpty: Bool { rules.isEmpty }

    /// The rule for a request, and what its path says. Nil when none is for it.
    package func binding(of head: borrowing RequestHead) -> RouteBinding? {
        index.match(head).map { RouteBinding(rule: $0.value, fields: $0.fields) }
    }

    /// The methods with which rules are for a path and host, sorted. For what to tell a client that asked with another one.
    package func methods(for head: borrowing RequestHead) -> [String] { index.methods(for: head) }
}
