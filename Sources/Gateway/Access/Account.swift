/// Somebody, or a program, that has shown a good token.
package struct Account: Sendable, Equatable {
    /// Unique with its issuer.
    package let id: String
    /// The namespace that vouches for it, such as `go.micro`.
    package let issuer: String
    /// What rules grant access to.
    package let scopes: [String]

    package init(id: String, issuer: String, scopes: [String] = []) {
        self.id = id
        self.issuer = issuer
        self.scopes = scopes
    }
}
