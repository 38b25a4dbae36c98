/// All rules that hold at one time, and what they say.
package struct AccessRules: Sendable, Equatable {
    /// The most rules of one list.
    package static let maximumCount = 10_000

    /// The highest priority first; those with the same as they were given.
    package let ordered: [AccessRule]

    package init(_ rules: [AccessRule]) {
        ordered = rules.enumerated()
            .sorted { ($1.element.priority, $0.offset) < ($0.element.priority, $1.offset) }.map(\.element)
    }

    /// What Go Micro grants where nobody has said anything: everything to every account, and to everyone what services need
    /// to find each other and to get a token.
    package static let standard = AccessRules(
        [
            AccessRule(id: "default", scope: .accounts, resource: .init(type: "*", name: "*", endpoint: "*")),
            AccessRule(id: "auth-public", scope: .everyone, resource: .init(name: "go.micro.auth", endpoint: "*")),
        ]
            + ["Registry.GetService", "Registry.ListServices"].map { endpoint in
                AccessRule(
                    id: "registry-\(endpoint.lowercased())", scope: .everyone,
                    resource: .init(name: "go.micro.registry", endpoint: endpoint))
            })

    /// Who may use a resource: of the rules for it that concern the account, the first decides. Without one, nobody may.
    ///
    /// Every reading of the resource must be granted.
    ///
    /// - Parameter account: Nil for somebody unknown.
    package func verdict(on resource: AccessResource, for account: Account?) -> AccessVerdict {
        let name = resource.name.lowercased()
        var verdict = AccessVerdict.unruled
        for reading in resource.readings {
            let rule = ordered.first { $0.resource.matches(name, reading) && $0.scope.concerns(account) }
            guard let rule else { return .unruled }
            guard rule.isGranted else { return .denied(by: rule) }
            if verdict == .unruled { verdict = .granted(by: rule) }
        }
        return verdict
    }
}

/// Whether somebody may do something, and which rule says so.
package enum AccessVerdict: Sendable, Equatable {
    case granted(by: AccessRule)
    case denied(by: AccessRule)
    /// No rule says anything about it, so nobody may.
    case unruled

    package var isGranted: Bool {
        if case .granted = self { true } else { false }
    }

    /// Why, as a sentence without a period.
    package var sentence: String {
        switch self {
        case .granted(let rule), .denied(let rule): "\(rule)"
        case .unruled: "no rule grants it"
        }
    }
}
