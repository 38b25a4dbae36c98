package import HTTP

/// All declared routes, so that the one for a request is found at a cost that does not grow with their number. Immutable:
/// the control plane makes a new one for each change and publishes it to all loops.
///
/// A route for the host goes before one for `*.` and its domain, and that before one for every host. Among those, the most
/// special path goes first (`PathTrie`), and among the same paths the rule that stands first in the list. Regular expressions
/// go last, in the order of the list; of those only the ones are tried that begin with the path's first segment, or with
/// none.
package struct RouteIndex: Sendable {
    /// In the order of their registration.
    package let rules: [RouteRule]
    /// Rules that never get a request for one of their methods and hosts, and the rules that take it.
    package private(set) var shadowed: [(rule: RouteRule, by: RouteRule)] = []
    private var anyHost = HostRoutes()
    private var exact: [String: HostRoutes] = [:]
    private var below: [String: HostRoutes] = [:]

    /// - Parameter rules: Those that go first where two are for the same requests, first.
    package init(_ rules: [RouteRule] = []) {
        self.rules = rules
        for (order, rule) in rules.enumerated() {
            let hosts = rule.condition.hosts
            if hosts.isEmpty { anyHost.insert(rule, order, &shadowed) }
            for host in hosts {
                switch host {
                case .exact(let name): exact[name, default: HostRoutes()].insert(rule, order, &shadowed)
                case .below(let suffix): below[suffix, default: HostRoutes()].insert(rule, order, &shadowed)
                }
            }
        }
    }

    package var isEmpty: Bool { rules.isEmpty }

    /// The rule for a request, and what its path says. Nil when none is for it.
    package func binding(of head: borrowing RequestHead) -> RouteBinding? {
        guard !isEmpty, let path = PathParts(head.routedSpan) else { return nil }
        var found: RouteBinding?
        forEachHost(for: head) { routes in
            found = routes.binding(of: path, head.method)
            return found == nil
        }
        return found
    }

    /// The methods with which rules are for a path and host, sorted. For what to tell a client that asked with another one.
    package func methods(for head: borrowing RequestHead) -> [String] {
        guard !isEmpty, let path = PathParts(head.routedSpan) else { return [] }
        var names: Set<String> = []
        forEachHost(for: head) { routes in
            names.formUnion(routes.methods(for: path))
            return true
        }
        return names.sorted()
    }

    /// Shows what may be for the host of a request, the most special first, while `look` wants more.
    private func forEachHost(for head: borrowing RequestHead, _ look: (borrowing HostRoutes) -> Bool) {
        if !exact.isEmpty || !below.isEmpty {
            let host = head.host
            if let routes = exact[host], !look(routes) { return }
            var rest = host[...]
            while let dot = rest.dropFirst().firstIndex(of: ".") {
                rest = rest[dot...]
                if let routes = below[String(rest)], !look(routes) { return }
            }
        }
        _ = look(anyHost)
    }
}

/// The rules for one host.
private struct HostRoutes: Sendable {
    private var trie = PathTrie<RouteRule>()
    /// By the segment that their paths begin with.
    private var expressions: [String: [Ordered]] = [:]
    private var otherExpressions: [Ordered] = []

    /// A rule, and its place in the list of all.
    private typealias Ordered = (order: Int, rule: RouteRule, expression: PathExpression)

    mutating func insert(
        _ rule: RouteRule, _ order: Int, _ shadowed: inout [(rule: RouteRule, by: RouteRule)]
    ) {
        switch rule.condition.pattern {
        case .template(let template):
            let methods: [Method?] = rule.condition.methods.isEmpty ? [nil] : rule.condition.methods
            for method in methods {
                let earlier = trie.insert(rule, method: method, at: template)
                if let earlier, earlier !== rule { shadowed.append((rule, earlier)) }
            }
        case .expression(let expression):
            let ordered = (order, rule, expression)
            guard let first = expression.firstSegment else { return otherExpressions.append(ordered) }
            expressions[first, default: []].append(ordered)
        }
    }

    func binding(of path: PathParts, _ method: Method) -> RouteBinding? {
        if let match = trie.match(method, path) { return RouteBinding(rule: match.value, fields: match.fields) }
        let candidates = candidates(for: path)
        guard !candidates.isEmpty else { return nil }
        let text = path.text
        for (_, rule, expression) in candidates where rule.condition.accepts(method) && expression.matches(text) {
            return RouteBinding(rule: rule)
        }
        return nil
    }

    func methods(for path: PathParts) -> [String] {
        let text = path.text
        let names = candidates(for: path).filter { $0.expression.matches(text) }.flatMap { candidate in
            candidate.rule.condition.methods.map(\.description)
        }
        return trie.methods(path) + names + (names.contains("GET") ? ["HEAD"] : [])
    }

    /// The rules with expressions that may match, in their order.
    private func candidates(for path: PathParts) -> [Ordered] {
        guard !expressions.isEmpty, let first = path.segments.first, let near = expressions[first] else {
            return otherExpressions
        }
        return otherExpressions.isEmpty ? near : (near + otherExpressions).sorted { $0.order < $1.order }
    }
}

extension RouteRule.Condition {
    /// Whether it is for that method. `HEAD` is `GET` where it is not named itself.
    package func accepts(_ method: Method) -> Bool {
        methods.isEmpty || methods.contains(method) || (method == .head && methods.contains(.get))
    }
}
