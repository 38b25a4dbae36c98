package import Gateway
package import Reactor

/// Accounts by tokens that are `issuer:id:scope`. What it does not know it learns when it is told to, or never.
///
/// Unchecked because a test and its hand-turned loop share one thread.
package final class ScriptedProvider: AuthProvider, @unchecked Sendable {
    package let name = "scripted"
    private let given: AccessRules
    private var knows: Bool
    private let answers: Bool

    /// - Parameters:
    ///   - knowsAtOnce: Whether it need not learn anything. Default true.
    ///   - answers: Whether it can learn. Default true.
    package init(_ rules: [AccessRule], knowsAtOnce: Bool = true, answers: Bool = true) {
        given = AccessRules(rules)
        knows = knowsAtOnce
        self.answers = answers
    }

    package func rules(of namespace: String) -> AccessRules? { knows ? given : nil }

    package func account(of token: String, in namespace: String) -> TokenAnswer {
        guard knows else { return .unknown }
        let parts = token.split(separator: ":").map(String.init)
        guard parts.count == 3 else { return .refused("is none") }
        return .account(Account(id: parts[1], issuer: parts[0], scopes: [parts[2]]))
    }

    nonisolated(nonsending) package func learn(
        _ token: String?, in namespace: String, wakeup: Wakeup
    ) async throws(GatewayError) {
        guard answers else { throw GatewayError(.noNodes, "nobody answers") }
        knows = true
    }
}
