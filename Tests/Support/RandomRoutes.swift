package import Gateway
package import HTTP

/// Routes and requests made at random of so few words that most requests are near some route.
package enum RandomRoutes {
    private static let hosts = ["localhost", "example.com", "a.example.com", "b.a.example.com"]
    private static let methods: [Method] = [.get, .post, .put, .head]
    /// The services that the routes are for.
    package static let services = ["go.micro.api.a", "go.micro.api.b", "go.micro.api.c", "go.micro.api.v1.a", "other"]
    private static let words = ["a", "b", "c", "v1"]

    private static func path(_ dice: inout SeededNumbers) -> String {
        var segments = (0...dice.roll(4)).map { _ in dice.pick(words + ["a%2Fb", "%61", ""]) }
        if dice.roll(6) == 0 { segments[segments.count - 1] += ":go" }
        return "/" + segments.joined(separator: "/") + (dice.roll(4) == 0 ? "?x=1" : "")
    }

    private static func pattern(_ dice: inout SeededNumbers) -> String {
        if dice.roll(8) == 0 {
            return dice.pick(["^/a/.*$", "^/[ab]/?$", "^/.*c$", "^/(a|b)/c$", "^/v1/[[:alpha:]]+$"])
        }
        var hasRest = false
        let segments = (0...dice.roll(4)).map { index in
            switch dice.roll(7) {
            case 0: return "*"
            case 1: return "{f\(index)}"
            case 2 where !hasRest:
                hasRest = true
                return dice.pick(["**", "{r=**}"])
            default: return dice.pick(words)
            }
        }
        return "/" + segments.joined(separator: "/") + (dice.roll(6) == 0 ? ":go" : "")
    }

    /// Up to eleven routes, with patterns of all kinds. Some take a prefix off, where they may.
    package static func rules(
        _ dice: inout SeededNumbers, of kinds: [HandlerKind] = HandlerKind.allCases
    ) throws -> [RouteRule] {
        try (0..<dice.roll(12)).map { number in
            let methods = dice.roll(3) == 0 ? [] : [dice.pick(methods), dice.pick(methods)]
            let hosts =
                dice.roll(2) == 0 ? [] : [try HostPattern(dice.pick(hosts + ["*.example.com", "*.a.example.com"]))]
            let condition = try RouteRule.Condition(path: pattern(&dice), methods: methods, hosts: hosts)
            let kind = dice.pick(kinds)
            let segments = condition.text.split(separator: "/").prefix(1 + dice.roll(2))
            return RouteRule(
                on: condition, without: try? condition.prefix(named: "/" + segments.joined(separator: "/"), for: kind),
                kind: kind, services: [dice.pick(services)], endpoint: "E.\(number)",
                declarer: dice.pick([.author, .operator, .versions(["1"]), .versions(["2", "3"]), .versions(["4"])]),
                origin: "rule \(number)")
        }
    }

    package static func head(_ dice: inout SeededNumbers) -> RequestHead {
        RequestHead(method: dice.pick(methods), target: path(&dice), authority: dice.pick(hosts))
    }
}
