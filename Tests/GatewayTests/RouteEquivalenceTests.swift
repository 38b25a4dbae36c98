import HTTP
import TestSupport
import Testing

@testable import Gateway

/// L12. The index and a search through all rules, which knows nothing of tries, come to the same.
struct RouteEquivalenceTests {
    /// A million pairs of random routes and requests: in each case, 200 sets of routes are asked 250 times. A case that
    /// fails is repeated by its seed alone.
    @Test(.serialized, arguments: 1...20)
    func `the index finds what a look at every route finds, over a million requests`(seed: UInt64) async throws {
        try await onOwnThread { try Self.compare(seed) }
    }

    private static func compare(_ seed: UInt64) throws {
        var dice = SeededNumbers(seed: seed)
        let heads = (0..<250).map { _ in RandomRoutes.head(&dice) }
        let requests = try heads.map { head in try #require(ComparedRequest(head)) }
        var matches = 0
        for _ in 0..<200 {
            let rules = try RandomRoutes.rules(&dice)
            let index = RouteIndex(rules)
            let comparison = RouteComparison(rules)
            for number in heads.indices {
                let fast = index.binding(of: heads[number])?.rule
                let slow = comparison.fitting(requests[number]).first
                if fast != nil { matches += 1 }
                if fast === slow { continue }
                Issue.record(
                    """
                    seed \(seed): \(heads[number].method) \(heads[number].host)\(heads[number].target): \
                    index \(fast?.origin ?? "none"), by looking \(slow?.origin ?? "none"), \
                    of \(rules.map(\.condition.description))
                    """)
            }
        }
        // Else the dice are bad, and nothing was tried.
        #expect(matches > 5_000)
    }

    private struct Candidate {
        let rule: RouteRule
        let template: PathTemplate
        let method: Method?
        let order: Int

        /// How special it is for a path, the most special first in order; nil when it is not for it. At each segment a
        /// literal goes before `*`, and that before `**`, of which the one with the most behind it goes first.
        func rank(_ path: [String], _ asked: Method) -> [Int]? {
            guard method == nil || method == asked, fits(template.segments[...], path[...]) else { return nil }
            var rank: [Int] = []
            for (index, segment) in template.segments.enumerated() {
                switch segment {
                case .literal: rank.append(0)
                case .one: rank.append(1)
                case .rest: rank.append(100 - (template.segments.count - index - 1))
                }
            }
            return rank + [-1, method == nil ? 1 : 0, order]
        }

        private func fits(_ segments: ArraySlice<PathTemplate.Segment>, _ path: ArraySlice<String>) -> Bool {
            guard let first = segments.first else { return path.isEmpty }
            switch first {
            case .literal(let text): return path.first == text && fits(segments.dropFirst(), path.dropFirst())
            case .one: return path.first?.isEmpty == false && fits(segments.dropFirst(), path.dropFirst())
            case .rest: return (0...path.count).contains { fits(segments.dropFirst(), path.dropFirst($0)) }
            }
        }
    }

    @Test(arguments: 1...40)
    func `random rules and random requests are decided in the same way by both`(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        var candidates: [Candidate] = []
        var rules: [RouteRule] = []
        for order in 0..<30 {
            var parts = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                ["a", "b", "c", "*", "a"].randomElement(using: &random) ?? "a"
            }
            if Bool.random(using: &random) {
                parts.insert("**", at: Int.random(in: 0...parts.count, using: &random))
            }
            let text = "/" + parts.joined(separator: "/")
            let method = [Method.get, .post, nil].randomElement(using: &random) ?? nil
            let rule = RouteRule(
                on: try RouteRule.Condition(path: text, methods: method.map { [$0] } ?? []), services: ["s"],
                origin: "\(order)")
            rules.append(rule)
            candidates.append(
                Candidate(rule: rule, template: try PathTemplate(text), method: method, order: order))
        }
        let index = RouteIndex(rules)
        for _ in 0..<1_000 {
            var path = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                ["a", "b", "c", "d"].randomElement(using: &random) ?? "a"
            }
            if !path.isEmpty, Int.random(in: 0..<5, using: &random) == 0 { path.append("") }
            let method = [Method.get, .post, .put].randomElement(using: &random) ?? .get
            let head = RequestHead(method: method, target: "/" + path.joined(separator: "/"))
            let ranked = candidates.compactMap { candidate in
                candidate.rank(path, method).map { (rank: $0, rule: candidate.rule) }
            }
            let best = ranked.min { $0.rank.lexicographicallyPrecedes($1.rank) }?.rule
            let found = index.binding(of: head)?.rule
            #expect(
                found === best, "seed \(seed): \(method) \(head.path): \(found?.origin ?? "-") \(best?.origin ?? "-")")
        }
    }
}
