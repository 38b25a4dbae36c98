package import HTTP

/// All declared routes, so that the one for a request is found at a cost that does not grow with their number. Immutable:
/// the control plane makes a new one for each change and publishes it to all loops.
///
/// A route for the host goes before one for `*.` and its domain, and that before one for every host. Among those, the most
/// special path goes first (`PathTrie`), and among the same paths the rule that stands first in the list.
package struct RouteIndex: Sendable {
    /// In the order of their registration.
    package let rules: [RouteRule]
    /// Rules that never get a request for one of their methods and hosts, and the rules that take it.
    package private(set) var shadowed: [(rule: RouteRule, by: RouteRule)] = []
    private var anyHost = PathTrie<RouteRule>()
    private var exact: [String: PathTrie<RouteRule>] = [:]
    private var below: [String: PathTrie<RouteRule>] = [:]

    /// - Parameter rules: Those that go first where two are for the same requests, first.
    package init(_ rules: [RouteRule] = []) {
        self.rules = rules
        for rule in rules {
            let hosts = rule.condition.hosts
            if hosts.isEmpty { Self.insert(rule, into: &anyHost, &shadowed) }
            for host in hosts {
                switch host {
                case .exact(let name): Self.insert(rule, into: &exact[name, default: PathTrie()], &shadowed)
                case .below(let suffix): Self.insert(rule, into: &below[suffix, default: PathTrie()], &shadowed)
                }
            }
        }
    }

    private static func insert(
        _ rule: RouteRule, into trie: inout PathTrie<RouteRule>, _ shadowed: inout [(rule: RouteRule, by: RouteRule)]
    ) {
        let methods: [Method?] = rule.condition.methods.isEmpty ? [nil] : rule.condition.methods
        for method in methods {
            let earlier = trie.insert(rule, method: method, at: rule.condition.template)
            if let earlier, earlier !== rule { shadowed.append((rule, earlier)) }
        }
    }

    package var isEmpty: Bool { rules.isEmpty }

    /// The rule for a request, and what its path says. Nil when none is for it.
    package func binding(of head: borrowing RequestHead) -> RouteBinding? {
        guard !isEmpty else { return nil }
        var found: PathTrie<RouteRule>.Match?
        forEachTrie(for: head) { trie in
            found = trie.match(head.method, head.pathSpan)
            return found == nil
        }
        return found.map { RouteBinding(rule: $0.value, fields: $0.fields) }
    }

    /// The methods with which rules are for a path and host, sorted. For what to tell a client that asked with another one.
    package func methods(for head: borrowing RequestHead) -> [String] {
        var names: Set<String> = []
        forEachTrie(for: head) { trie in
            names.formUnion(trie.methods(head.pathSpan))
            return true
        }
        return names.sorted()
    }

    /// Shows what may be for the host of a request, the most special first, while `look` wants more.
    private func forEachTrie(
        for head: borrowing RequestHead, _ look: (borrowing PathTrie<RouteRule>) -> Bool
    ) {
        if !exact.isEmpty || !below.isEmpty {
            let host = head.host
            if let trie = exact[host], !look(trie) { return }
            var rest = host[...]
            while let dot = rest.dropFirst().firstIndex(of: ".") {
                rest = rest[dot...]
                if let trie = below[String(rest)], !look(trie) { return }
            }
        }
        if !anyHost.isEmpty { _ = look(anyHost) }
    }
}
