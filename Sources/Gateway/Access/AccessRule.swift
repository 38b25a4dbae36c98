/// Grants or denies access to resources, to everyone or to accounts.
package struct AccessRule: Sendable, Equatable {
    /// What operators call it.
    package let id: String
    package let scope: Scope
    /// False for one that denies.
    package let isGranted: Bool
    /// Of the rules that concern a request, the one with the highest number decides. Default 0.
    package let priority: Int
    package let resource: Pattern

    package init(id: String, scope: Scope, isGranted: Bool = true, priority: Int = 0, resource: Pattern) {
        self.id = id
        self.scope = scope
        self.isGranted = isGranted
        self.priority = priority
        self.resource = resource
    }

    /// Whom a rule concerns.
    package enum Scope: Sendable, Equatable, CustomStringConvertible {
        /// Everyone, with or without an account.
        case everyone
        /// Every account.
        case accounts
        /// Accounts that have this scope, whatever its case.
        case scope(String)

        /// - Parameter text: As Go Micro writes it: empty for everyone, `*` for every account. `<public>`, as its lists
        ///   show the former, is the same.
        package init(_ text: String) {
            self =
                switch text {
                case "", "<public>": .everyone
                case "*": .accounts
                default: .scope(text)
                }
        }

        package var description: String {
            switch self {
            case .everyone: "everyone"
            case .accounts: "every account"
            case .scope(let scope): "accounts with the scope \(scope)"
            }
        }

        func concerns(_ account: Account?) -> Bool {
            switch self {
            case .everyone: true
            case .accounts: account != nil
            case .scope(let scope):
                account?.scopes.contains { $0.lowercased() == scope.lowercased() } ?? false
            }
        }
    }

    /// Which resources a rule is for: `type:name:endpoint`, each of which may be `*` for any. An endpoint that is a path
    /// may end in `/*`, for it and everything below it.
    package struct Pattern: Sendable, Equatable, CustomStringConvertible {
        package let type: String
        package let name: String
        package let endpoint: String
        private let lowerName: String
        private let lowerEndpoint: String

        package init(type: String = AccessResource.type, name: String, endpoint: String) {
            (self.type, self.name, self.endpoint) = (type, name, endpoint)
            lowerName = name.lowercased()
            let isPath = endpoint.hasPrefix("/")
            let decoded = isPath ? PathPattern.decoded(endpoint.utf8.span, slashes: false) : Array(endpoint.utf8)
            lowerEndpoint = PathPattern.normal(String(decoding: decoded, as: UTF8.self))
        }

        /// - Returns: Nil for a text of another form.
        package init?(_ text: String) {
            let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
            self.init(type: parts[0], name: parts[1], endpoint: parts[2])
        }

        package var description: String { "\(type):\(name):\(endpoint)" }

        /// Whether the rule is for a service's endpoint, in lower case.
        func matches(_ name: String, _ endpoint: String) -> Bool {
            (type == "*" || type.lowercased() == AccessResource.type) && (lowerName == "*" || lowerName == name)
                && matches(endpoint)
        }

        private func matches(_ endpoint: String) -> Bool {
            if lowerEndpoint == "*" || lowerEndpoint == endpoint { return true }
            guard lowerEndpoint.hasPrefix("/"), lowerEndpoint.hasSuffix("/*") else { return false }
            let folder = lowerEndpoint.dropLast()
            return endpoint.hasPrefix(folder) || endpoint == folder.dropLast()
        }
    }
}

extension AccessRule: CustomStringConvertible {
    package var description: String {
        "the rule \(id), which \(isGranted ? "grants" : "denies") \(scope) \(resource)"
    }
}
