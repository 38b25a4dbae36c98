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
    /// One rule for all methods that the same versions take, and of which each wants the same made.
    fileprivate var rules: [RouteRule] {
        guard declarations.count > 1 else { return declarations.map(\.rule) }
        var rules: [(words: [Word], methods: [Method])] = []
        var seen: [Method] = []
        for method in declarations.flatMap(\.rule.condition.methods) where !seen.contains(method) {
            seen.append(method)
            let words = words(on: method)
            if let place = rules.firstIndex(where: { $0.words == words }) {
                rules[place].methods.append(method)
            } else {
                rules.append((words, [method]))
            }
        }
        var all = rules.map { shared($0.words, for: $0.methods) }
        let open = words(on: nil)
        if !open.isEmpty { all.append(shared(open, for: [])) }
        return all
    }

    /// What a version says of requests.
    fileprivate struct Word: Equatable {
        let version: String
        let rule: RouteRule

        static func == (one: Word, other: Word) -> Bool { one.version == other.version && one.rule === other.rule }
    }

    /// What each version says of a method, the first that names it first. Nil for all methods that nobody names.
    private func words(on method: Method?) -> [Word] {
        func names(_ rule: RouteRule) -> Bool {
            method.map { rule.condition.methods.contains($0) } ?? rule.condition.methods.isEmpty
        }
        let named = declarations.filter { names($0.rule) }
        let taking = method.map { method in declarations.filter { $0.rule.condition.accepts(method) } } ?? []
        let others = taking.filter { !$0.rule.condition.methods.isEmpty }
        let open = taking.filter(\.rule.condition.methods.isEmpty)
        var words: [Word] = []
        for (rule, version) in named + others + open where !words.contains(where: { $0.version == version }) {
            words.append(Word(version: version, rule: rule))
        }
        return words
    }

    private func shared(_ words: [Word], for methods: [Method]) -> RouteRule {
        var kinds: [(rule: RouteRule, versions: Set<String>)] = []
        for word in words {
            if let place = kinds.firstIndex(where: { $0.rule.makesTheSame(as: word.rule) }) {
                kinds[place].versions.insert(word.version)
            } else {
                kinds.append((word.rule, [word.version]))
            }
        }
        let variants = kinds.count > 1 ? kinds.map { $0.rule.declared(by: $0.versions, for: methods) } : []
        return words[0].rule.declared(by: Set(words.map(\.version)), for: methods, variants)
    }
}

extension RouteRule {
    /// The same rule for other methods, of other versions.
    fileprivate func declared(
        by versions: Set<String>, for methods: [Method], _ variants: [RouteRule] = []
    ) -> RouteRule {
        var condition = condition
        condition.methods = methods
        return RouteRule(
            on: condition, without: strippedPrefix, kind: kind, services: services, endpoint: endpoint, path: path,
            isStream: isStream, body: body, answer: answer, answersBytes: answersBytes, request: request,
            declarer: .versions(versions), variants: variants, origin: origin)
    }
}
