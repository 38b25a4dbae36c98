package import Reactor

/// Knows accounts by their tokens, and which rules hold. One for each loop.
///
/// To ask it costs no waiting; what it does not know yet it is told to learn first.
package protocol AuthProvider: AnyObject {
    /// The name in the configuration.
    var name: String { get }

    /// Whose a token is.
    ///
    /// - Parameter namespace: In which the request was made, without type, such as `go.micro`.
    func account(of token: String, in namespace: String) -> TokenAnswer

    /// The rules of a namespace. Nil while they are not known.
    func rules(of namespace: String) -> AccessRules?

    /// Gets to know what is needed to answer both questions. Default nothing, for those that know everything.
    ///
    /// - Parameters:
    ///   - token: Nil for a request without one.
    ///   - wakeup: Of the task that waits.
    /// - Throws: `.noNodes` when those who know do not answer: then nobody may do anything.
    nonisolated(nonsending) func learn(
        _ token: String?, in namespace: String, wakeup: Wakeup
    ) async throws(GatewayError)
}

extension AuthProvider {
    nonisolated(nonsending) package func learn(
        _ token: String?, in namespace: String, wakeup: Wakeup
    ) async throws(GatewayError) {}
}

/// What is known of a token.
package enum TokenAnswer: Sendable, Equatable {
    case account(Account)
    /// It is not good. The reason ends a sentence that begins with "the token", and is for the client.
    case refused(String)
    /// Somebody else must be asked first.
    case unknown
}
