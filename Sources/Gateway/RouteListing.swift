internal import HTTP
package import JSON

/// Who declares routes. Of two that are for the same requests, the one that stands first here goes first. The raw values are
/// the words for it in the dashboard's API.
package enum RouteSource: String, CaseIterable, Sendable {
    /// The operator, while the program runs.
    case operatorCommand = "operator"
    case configurationFile = "file"
    /// The metadata of registered endpoints.
    case registry
    /// `google.api.http` in files of descriptors.
    case descriptorFiles = "descriptors"
    /// The same, as servers tell it by reflection.
    case reflection

    /// Where such a route is changed, as the end of a sentence.
    package var remedy: String {
        switch self {
        case .operatorCommand: "change it with micro api add route and micro api delete route"
        case .configurationFile: "change it there, and start micro again"
        case .registry: "change the metadata of that endpoint, which the service registers"
        case .descriptorFiles: "change the option google.api.http there, and the file that --descriptors names"
        case .reflection: "change the option google.api.http there, and start the service again"
        }
    }
}

/// All routes that the gateways know, for people and scripts.
package struct RouteListing: Sendable {
    /// No more routes are told at once.
    package static let maximumCount = 1_000

    /// Those that go first where two are for the same requests, first.
    package let sections: [(source: RouteSource, rules: [RouteRule])]
    /// What gets nothing of some requests, and what takes them.
    package let shadowed: [(rule: RouteRule, by: RouteRule)]

    package init(
        _ sections: [(source: RouteSource, rules: [RouteRule])] = [],
        shadowed: [(rule: RouteRule, by: RouteRule)] = []
    ) {
        self.sections = sections
        self.shadowed = shadowed
    }

    /// How many routes there are.
    package var count: Int { sections.reduce(0) { $0 + $1.rules.count } }

    /// What is asked for.
    package struct Question: Sendable {
        /// Nil for all of them.
        package var source: RouteSource?
        /// What the path begins with, as it was written.
        package var path = ""

        package init() {}
    }

    /// The members `routes`, at most so many of those that are asked for; `total`, how many there are; and `omitted`, how many
    /// of these are not told.
    package func json(_ question: Question) -> JSONObject {
        var told: [(RouteSource, RouteRule)] = []
        var total = 0
        for (source, rules) in sections where question.source == nil || question.source == source {
            for rule in rules where question.path.isEmpty || rule.condition.text.hasPrefix(question.path) {
                total += 1
                if told.count < Self.maximumCount { told.append((source, rule)) }
            }
        }
        let winners = winners(over: told.map(\.1))
        var object = JSONObject()
        object["routes"] = .array(
            told.map { source, rule in rule.json(from: source, yieldingTo: winners[ObjectIdentifier(rule)]) })
        object["total"] = .integer(total)
        object["omitted"] = .integer(total - told.count)
        return object
    }

    /// Whom others take requests from, by their origins.
    private func winners(over rules: [RouteRule]) -> [ObjectIdentifier: [String]] {
        let asked = Set(rules.map(ObjectIdentifier.init))
        var winners: [ObjectIdentifier: [String]] = [:]
        for (rule, winner) in shadowed where asked.contains(ObjectIdentifier(rule)) {
            let known = winners[ObjectIdentifier(rule)] ?? []
            if known.count < 8, !known.contains(winner.origin) {
                winners[ObjectIdentifier(rule)] = known + [winner.origin]
            }
        }
        return winners
    }

    /// A better refusal where operators want to delete what they have not declared, but somebody else has.
    package func explain(_ refusal: OperatorRefusal, of change: OperatorChange) -> OperatorRefusal {
        guard refusal.status == .notFound, case .deleteRoutes(let selection) = change else { return refusal }
        for (source, rules) in sections where source != .operatorCommand {
            guard let rule = rules.first(where: { selection.includes($0.condition) }) else { continue }
            return OperatorRefusal(
                .conflict,
                "the route \(rule.condition) was not declared by micro api add route, but by \(rule.origin):"
                    + " \(source.remedy)")
        }
        return refusal
    }
}

extension RouteRule {
    /// - Parameter winners: Origins of the routes that take requests from this one; nil or empty when none does.
    fileprivate func json(from source: RouteSource, yieldingTo winners: [String]?) -> JSONValue {
        var object = condition.members(takenBy: kind, without: strippedPrefix)
        object["service"] = .string(services.first ?? "")
        object["services"] = .array(services.map { .string($0) })
        object["endpoint"] = .string(endpoint)
        object["stream"] = .bool(isStream)
        object["source"] = .string(source.rawValue)
        object["origin"] = .string(origin)
        if let winners { object["yieldsTo"] = .array(winners.map { .string($0) }) }
        return .object(object)
    }
}
