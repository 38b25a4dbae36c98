package import HTTP

/// A look at every route by itself, one after the other, with rules so plain that they can be read.
///
/// It is for explanations, and the measure of `RouteIndex`, which finds the same without looking at all.
package struct RouteComparison {
    private let candidates: [Candidate]

    package init(_ rules: [RouteRule]) {
        candidates = rules.enumerated().map { Candidate($1, order: $0) }
    }

    /// The rules that are worth telling of, the winner first, then those that fit, then those that nearly do.
    ///
    /// - Parameter limit: How many are told of.
    package func verdicts(for head: borrowing RequestHead, limit: Int) -> [(rule: RouteRule, verdict: RouteVerdict)] {
        guard let request = ComparedRequest(head) else { return [] }
        var near: [(rule: RouteRule, verdict: RouteVerdict)] = []
        var far: [(rule: RouteRule, verdict: RouteVerdict)] = []
        for candidate in candidates {
            switch candidate.obstacle(for: request) {
            case nil: continue
            case .otherPath?:
                if far.count < limit, candidate.isNear(request.path) { far.append((candidate.rule, .otherPath)) }
            case let verdict?: near.append((candidate.rule, verdict))
            }
        }
        let fitting = fitting(request)
        guard let winner = fitting.first else { return Array((near + far).prefix(limit)) }
        let losers = fitting.dropFirst().map { ($0, RouteVerdict.yields(to: winner.origin)) }
        return Array(([(winner, .wins)] + losers + near + far).prefix(limit))
    }

    /// The rules that are for a request, the most special first.
    func fitting(_ request: ComparedRequest) -> [RouteRule] {
        var fitting: [Candidate] = []
        for candidate in candidates where candidate.isFor(request) { fitting.append(candidate) }
        guard fitting.count > 1 else { return fitting.map(\.rule) }
        let ranked = fitting.map { (rank: $0.rank(for: request), rule: $0.rule) }
        return ranked.sorted { $0.rank.lexicographicallyPrecedes($1.rank) }.map(\.rule)
    }
}

/// What routes are compared with.
struct ComparedRequest {
    let path: PathParts
    /// The whole path, decoded.
    let text: String
    let beforeVerb: (verb: String, parts: PathParts)?
    let host: String
    let method: Method

    /// Nil for a path that no route can be for.
    init?(_ head: borrowing RequestHead) {
        guard let path = PathParts(head.routedSpan) else { return nil }
        self.path = path
        text = path.text
        beforeVerb = path.withoutVerb
        host = head.host
        method = head.method
    }
}

/// A rule, and its place in the list of all.
private struct Candidate {
    let rule: RouteRule
    private let order: Int
    private let condition: RouteRule.Condition

    init(_ rule: RouteRule, order: Int) {
        self.rule = rule
        self.order = order
        condition = rule.condition
    }

    func isFor(_ request: ComparedRequest) -> Bool {
        condition.accepts(request.method) && hostRank(request.host) != nil && isForPath(of: request)
    }

    /// Why the rule is not for a request: because of its path, or else its host, or else its method. Nil when it is.
    func obstacle(for request: ComparedRequest) -> RouteVerdict? {
        guard isForPath(of: request) else { return .otherPath }
        guard hostRank(request.host) != nil else { return .otherHost }
        return condition.accepts(request.method) ? nil : .otherMethod
    }

    private func isForPath(of request: ComparedRequest) -> Bool {
        switch condition.pattern {
        case .expression(let expression): expression.matches(request.text)
        case .template(let template): template.matches(request)
        }
    }

    /// How special the rule is, to be compared number by number, smaller ones first.
    func rank(for request: ComparedRequest) -> [Int] {
        let host = [hostRank(request.host) ?? Int.max]
        switch condition.pattern {
        // Which of two expressions is for fewer paths nobody can tell, so their order decides.
        case .expression: return host + [2, order]
        case .template(let template): return host + template.rank + [methodRank(request.method), order]
        }
    }

    /// Smaller for what is more special: a name, then the longest domain, then any host. Nil for no match.
    private func hostRank(_ host: String) -> Int? {
        guard !condition.hosts.isEmpty else { return 1_000 }
        return condition.hosts.filter { $0.matches(host) }.map { pattern in
            switch pattern {
            case .exact: 0
            case .below(let suffix): 500 - suffix.utf8.count
            }
        }.min()
    }

    /// Smaller for a method that is named, where paths are the same.
    private func methodRank(_ method: Method) -> Int {
        if condition.methods.contains(method) { return 0 }
        return condition.methods.isEmpty ? 2 : 1
    }

    /// Whether it begins like the path.
    func isNear(_ path: PathParts) -> Bool {
        guard case .template(let template) = condition.pattern, let first = path.segments.first else { return false }
        return template.segments.first == .literal(first)
    }
}

extension PathTemplate {
    /// A verb goes before none; then for each segment a literal goes before `*`, and that before `**`, of which the one with
    /// more behind it goes first.
    fileprivate var rank: [Int] {
        var rank = [verb == nil ? 1 : 0]
        for (index, segment) in segments.enumerated() {
            switch segment {
            case .literal: rank.append(0)
            case .one: rank.append(1)
            case .rest: rank.append(1_000 - (segments.count - index))
            }
        }
        return rank
    }

    fileprivate func matches(_ request: ComparedRequest) -> Bool {
        guard let verb else { return matches(request.path.segments) }
        guard let (found, parts) = request.beforeVerb, found == verb else { return false }
        return matches(parts.segments)
    }

    /// What is before `**` must be like the beginning of the path, and what is behind it like its end.
    private func matches(_ path: [String]) -> Bool {
        let surplus = path.count - segments.count
        var hasRest = false
        for (index, segment) in segments.enumerated() {
            let place = hasRest ? index + surplus : index
            switch segment {
            case .rest:
                guard surplus >= -1 else { return false }
                hasRest = true
            case .literal(let text): guard place < path.count, path[place] == text else { return false }
            case .one: guard place < path.count, !path[place].isEmpty else { return false }
            }
        }
        return hasRest || surplus == 0
    }
}
