package import HTTP

/// Which of the routes, or limits, of one path are meant: each one by its methods and hosts, which together with the path are
/// what tells them apart.
package struct RouteSelection: Sendable, Equatable {
    /// What routes are told apart by.
    package enum Words<Word: Sendable & Equatable>: Sendable, Equatable {
        /// All routes, whatever they name.
        case any
        /// Those that name none, and so are for every one: `*`.
        case unnamed
        /// Those that name one of these, as far as they do.
        case named([Word])
    }

    /// As it was written in the declaration.
    package let path: String
    package let methods: Words<Method>
    package let hosts: Words<HostPattern>

    package init(path: String, methods: Words<Method> = .any, hosts: Words<HostPattern> = .any) {
        self.path = path
        self.methods = methods
        self.hosts = hosts
    }

    /// Whether the route, or a part of it, is meant.
    package func includes(_ condition: RouteRule.Condition) -> Bool { rest(of: condition) != nil }

    /// What is left of a route without what is meant of it: nothing, or a part, or two, where only some of its methods with
    /// only some of its hosts are meant. Nil when nothing of it is meant.
    func rest(of condition: RouteRule.Condition) -> [RouteRule.Condition]? {
        guard condition.text == path, let (methods, otherMethods) = methods.split(condition.methods),
            let (_, otherHosts) = hosts.split(condition.hosts)
        else { return nil }
        var rest: [RouteRule.Condition] = []
        if !otherMethods.isEmpty {
            var part = condition
            part.methods = otherMethods
            rest.append(part)
        }
        if !otherHosts.isEmpty {
            var part = condition
            part.methods = methods
            part.hosts = otherHosts
            rest.append(part)
        }
        return rest
    }
}

extension RouteSelection.Words {
    /// The words of a route that are meant, and the others. Nil when it is not meant at all.
    fileprivate func split(_ words: [Word]) -> (meant: [Word], others: [Word])? {
        switch self {
        case .any: return (words, [])
        case .unnamed: return words.isEmpty ? ([], []) : nil
        case .named(let names):
            let meant = words.filter(names.contains)
            return meant.isEmpty ? nil : (meant, words.filter { !names.contains($0) })
        }
    }
}
