internal import HTTP

/// The routes of all versions of one service.
struct SharedRoutes {
    /// What the versions say of one path that leads to one endpoint. They may differ in methods.
    fileprivate struct Group {
        var declarations: [(rule: RouteRule, version: String)]
    }
    private struct Key: Hashable {
        let endpoint: String
        let path: String
        let hosts: String
        let kind: HandlerKind
    }

    private var groups: [Group] = []
    private var places: [Key: Int] = [:]

    mutating func add(_ rule: RouteRule, of version: String) {
        let condition = rule.condition
        let key = Key(
            endpoint: rule.endpoint, path: condition.text,
            hosts: condition.hosts.map(\.description).joined(separator: ","),
            kind: rule.kind)
        guard let place = places[key] else {
            places[key] = groups.count
            return groups.append(Group(declarations: [(rule, version)]))
        }
        // An endpoint may say the same in both encodings, of which the first says more.
        let isKnown = groups[place].declarations.contains { $0.version == version && $0.rule.condition == condition }
        if !isKnown { groups[place].declarations.append((rule, version)) }
    }

    var rules: [RouteRule] { groups.flatMap(\.rules) }
}

extension SharedRoutes.Group {
    /// One rule for all methods that the same versions take.
    fileprivate var rules: [RouteRule] {
        guard declarations.count > 1 else { return declarations.map(\.rule) }
        var rules: [(versions: Set<String>, methods: [Method], first: RouteRule)] = []
        var seen: [Method] = []
        for method in declarations.flatMap(\.rule.condition.methods) where !seen.contains(method) {
            seen.append(method)
            guard let first = declarations.first(where: { $0.rule.condition.methods.contains(method) })?.rule else {
                continue
            }
            let versions = Set(declarations.filter { $0.rule.condition.accepts(method) }.map(\.version))
            if let place = rules.firstIndex(where: { $0.versions == versions && $0.first === first }) {
                rules[place].methods.append(method)
            } else {
                rules.append((versions, [method], first))
            }
        }
        var all = rules.map { $0.first.declared(by: $0.versions, for: $0.methods) }
        let open = declarations.filter(\.rule.condition.methods.isEmpty)
        if let first = open.first { all.append(first.rule.declared(by: Set(open.map(\.version)), for: [])) }
        return all
    }
}

extension RouteRule {
    /// The same rule for other methods, of other versions.
    fileprivate func declared(by versions: Set<String>, for methods: [Method]) -> RouteRule {
        var condition = condition
        condition.methods = methods
        return RouteRule(
            on: condition, without: strippedPrefix, kind: kind, services: services, endpoint: endpoint, path: path,
            isStream: isStream, body: body, answer: answer, answersBytes: answersBytes, request: request,
            declarer: .versions(versions), origin: origin)
    }
}
