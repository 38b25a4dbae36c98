package import HTTP

/// What became of one declared route when the route of a request was looked for.
package enum RouteVerdict: Sendable, Equatable {
    case wins
    /// It is for other hosts.
    case otherHost
    /// It is for other methods.
    case otherMethod
    /// Its path is another one.
    case otherPath
    /// It fits, but its service is not registered, nor any version that has declared it; so the resolver is asked. Never a
    /// route of the operator.
    case unregistered
    /// It would fit, but that route is for fewer requests, or was declared first.
    case yields(to: String)
}

/// A look at every route by itself, one after the other, with rules so plain that they can be read.
///
/// It is for explanations, and the measure of `RouteIndex`, which finds the same without looking at all.
package enum RouteComparison {
    /// The rules that are worth telling of, the winner first, then those that fit, then those that nearly do.
    ///
    /// - Parameter limit: How many are told of.
    package static func verdicts(
        on rules: [RouteRule], for head: borrowing RequestHead, limit: Int
    ) -> [(rule: RouteRule, verdict: RouteVerdict)] {
        guard let path = PathParts(head.routedSpan) else { return [] }
        let host = head.host
        var fitting: [(rule: RouteRule, rank: [Int])] = []
        var near: [(rule: RouteRule, verdict: RouteVerdict)] = []
        var far: [(rule: RouteRule, verdict: RouteVerdict)] = []
        for (order, rule) in rules.enumerated() {
            let condition = rule.condition
            guard let shape = condition.shape(matching: path, head.method) else {
                if far.count < limit, condition.isNear(path) { far.append((rule, .otherPath)) }
                continue
            }
            guard let hostRank = condition.hostRank(host) else {
                near.append((rule, .otherHost))
                continue
            }
            guard condition.accepts(head.method) else {
                near.append((rule, .otherMethod))
                continue
            }
            fitting.append((rule, [hostRank] + shape + [order]))
        }
        fitting.sort { $0.rank.lexicographicallyPrecedes($1.rank) }
        guard let winner = fitting.first else { return Array((near + far).prefix(limit)) }
        let losers = fitting.dropFirst().map { ($0.rule, RouteVerdict.yields(to: winner.rule.origin)) }
        return Array(([(winner.rule, .wins)] + losers + near + far).prefix(limit))
    }
}

extension RouteRule.Condition {
    /// Smaller for what is more special: a name, then the longest domain, then any host. Nil for no match.
    fileprivate func hostRank(_ host: String) -> Int? {
        guard !hosts.isEmpty else { return 1_000 }
        return hosts.filter { $0.matches(host) }.map { pattern in
            switch pattern {
            case .exact: 0
            case .below(let suffix): 500 - suffix.utf8.count
            }
        }.min()
    }

    /// Smaller for a method that is named, where paths are the same.
    private func methodRank(_ method: Method) -> Int {
        if methods.contains(method) { return 0 }
        return methods.isEmpty ? 2 : 1
    }

    /// How special the path is, to be compared number by number, smaller ones first. Nil when it does not match.
    fileprivate func shape(matching path: PathParts, _ method: Method) -> [Int]? {
        switch pattern {
        // Which of two expressions is for fewer paths nobody can tell, so their order decides.
        case .expression(let expression): expression.matches(path.text) ? [2] : nil
        case .template(let template): template.shape(matching: path).map { $0 + [methodRank(method)] }
        }
    }

    /// Whether it begins like the path.
    fileprivate func isNear(_ path: PathParts) -> Bool {
        guard case .template(let template) = pattern, let first = path.segments.first else { return false }
        return template.segments.first == .literal(first)
    }
}

extension PathTemplate {
    /// A verb goes before none; then for each segment a literal goes before `*`, and that before `**`, of which the one with
    /// more behind it goes first.
    fileprivate func shape(matching path: PathParts) -> [Int]? {
        let parts: PathParts
        if let verb {
            guard let (found, rest) = path.withoutVerb, found == verb else { return nil }
            parts = rest
        } else {
            parts = path
        }
        guard matches(parts.segments) else { return nil }
        var shape = [verb == nil ? 1 : 0]
        for (index, segment) in segments.enumerated() {
            switch segment {
            case .literal: shape.append(0)
            case .one: shape.append(1)
            case .rest: shape.append(1_000 - (segments.count - index))
            }
        }
        return shape
    }

    private func matches(_ path: [String]) -> Bool {
        func fits(_ pattern: Segment, _ segment: String) -> Bool {
            switch pattern {
            case .literal(let text): text == segment
            case .one: !segment.isEmpty
            case .rest: false
            }
        }
        guard let rest = segments.firstIndex(of: .rest) else {
            return segments.count == path.count && zip(segments, path).allSatisfy(fits)
        }
        let tail = segments[(rest + 1)...]
        guard path.count >= rest + tail.count else { return false }
        return zip(segments[..<rest], path).allSatisfy(fits)
            && zip(tail, path.suffix(tail.count)).allSatisfy(fits)
    }
}
