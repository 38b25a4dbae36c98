package import HTTP

/// What is declared for some requests, each by a condition, so that the one for a request is found at a cost that does not
/// grow with their number. Made once, and then only read.
///
/// What is for the host goes before what is for `*.` and its domain, and that before what is for every host. Among those,
/// the most special path goes first (`PathTrie`), and among the same paths the first. Regular expressions go last, in their
/// order; of those only the ones are tried that begin with the path's first segment, or with none.
struct ConditionIndex<Value: AnyObject & Sendable>: Sendable {
    /// What never gets a request for one of its methods and hosts, and what takes it.
    private(set) var shadowed: [(value: Value, by: Value)] = []
    private var count = 0
    private var anyHost = HostConditions<Value>()
    private var exact: [String: HostConditions<Value>] = [:]
    private var below: [String: HostConditions<Value>] = [:]

    var isEmpty: Bool { count == 0 }

    /// Adds what goes after all that is in it, where both are for the same requests.
    mutating func insert(_ value: Value, on condition: RouteRule.Condition) {
        if condition.hosts.isEmpty { anyHost.insert(value, condition, count, &shadowed) }
        for host in condition.hosts {
            switch host {
            case .exact(let name):
                exact[name, default: HostConditions()].insert(value, condition, count, &shadowed)
            case .below(let suffix):
                below[suffix, default: HostConditions()].insert(value, condition, count, &shadowed)
            }
        }
        count += 1
    }

    /// What is for a request, and what its path says. Nil when nothing is.
    func match(_ head: borrowing RequestHead) -> PathTrie<Value>.Match? {
        guard !isEmpty, let path = PathParts(head.routedSpan) else { return nil }
        var found: PathTrie<Value>.Match?
        forEachHost(for: head) { conditions in
            found = conditions.match(path, head.method)
            return found == nil
        }
        return found
    }

    /// The methods with which something is for a path and host, sorted. For what to tell a client that asked with another
    /// one.
    func methods(for head: borrowing RequestHead) -> [String] {
        guard !isEmpty, let path = PathParts(head.routedSpan) else { return [] }
        var names: Set<String> = []
        forEachHost(for: head) { conditions in
            names.formUnion(conditions.methods(for: path))
            return true
        }
        return names.sorted()
    }

    /// Shows what may be for the host of a request, the most special first, while `look` wants more.
    private func forEachHost(for head: borrowing RequestHead, _ look: (borrowing HostConditions<Value>) -> Bool) {
        if !exact.isEmpty || !below.isEmpty {
            let host = head.host
            if let conditions = exact[host], !look(conditions) { return }
            var rest = host[...]
            while let dot = rest.dropFirst().firstIndex(of: ".") {
                rest = rest[dot...]
                if let conditions = below[String(rest)], !look(conditions) { return }
            }
        }
        _ = look(anyHost)
    }
}

/// What is declared for one host.
private struct HostConditions<Value: AnyObject & Sendable>: Sendable {
    private var trie = PathTrie<Value>()
    /// By the segment that their paths begin with.
    private var expressions: [String: [Ordered]] = [:]
    private var otherExpressions: [Ordered] = []

    /// What is for the paths that an expression matches, and its place in the list of all.
    private typealias Ordered = (
        order: Int, value: Value, condition: RouteRule.Condition, expression: PathExpression
    )

    mutating func insert(
        _ value: Value, _ condition: RouteRule.Condition, _ order: Int, _ shadowed: inout [(value: Value, by: Value)]
    ) {
        switch condition.pattern {
        case .template(let template):
            let methods: [Method?] = condition.methods.isEmpty ? [nil] : condition.methods
            for method in methods {
                let earlier = trie.insert(value, method: method, at: template)
                if let earlier, earlier !== value { shadowed.append((value, earlier)) }
            }
        case .expression(let expression):
            let ordered = (order, value, condition, expression)
            guard let first = expression.firstSegment else { return otherExpressions.append(ordered) }
            expressions[first, default: []].append(ordered)
        }
    }

    func match(_ path: PathParts, _ method: Method) -> PathTrie<Value>.Match? {
        if let match = trie.match(method, path) { return match }
        let candidates = candidates(for: path)
        guard !candidates.isEmpty else { return nil }
        let text = path.text
        for (_, value, condition, expression) in candidates
        where condition.accepts(method) && expression.matches(text) {
            return PathTrie<Value>.Match(value: value, fields: [])
        }
        return nil
    }

    func methods(for path: PathParts) -> [String] {
        let text = path.text
        let names = candidates(for: path).filter { $0.expression.matches(text) }.flatMap { candidate in
            candidate.condition.methods.map(\.description)
        }
        return trie.methods(path) + names + (names.contains("GET") ? ["HEAD"] : [])
    }

    /// What has expressions that may match, in its order.
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
