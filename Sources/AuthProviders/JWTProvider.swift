package import Gateway

/// Accounts by tokens that prove themselves (`JSONWebToken`), and rules that the operator has written down, or else those of
/// Go Micro. It asks nobody.
package final class JWTProvider: AuthProvider {
    private let key: OpenSSLKey?
    private let rules: AccessRules
    private let clock: () -> Int
    private var known = TokenCache<JSONWebToken>()

    /// - Parameters:
    ///   - rules: Of every namespace.
    ///   - clock: The seconds since 1970.
    package init(_ key: PublicKey, rules: AccessRules = .standard, clock: @escaping () -> Int) {
        self.key = OpenSSLKey(key.pem)
        self.rules = rules
        self.clock = clock
    }

    package var name: String { "jwt" }

    package func rules(of namespace: String) -> AccessRules? { rules }

    package func account(of token: String, in namespace: String) -> TokenAnswer {
        do throws(BadToken) {
            let read: JSONWebToken
            if let known = known[token] {
                read = known
            } else {
                guard let key else { throw BadToken("cannot be checked") }
                read = try JSONWebToken(token, signedBy: key)
                known.keep(read, for: token)
            }
            if let problem = read.problem(at: clock()) { throw problem }
            return .account(read.account)
        } catch {
            return .refused(error.reason)
        }
    }
}
