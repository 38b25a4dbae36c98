/// Why there is no certificate, for the operator.
package struct ACMEFailure: Error, Equatable {
    /// Who or what stands in the way.
    package enum Kind: Sendable, Equatable {
        /// The server could not be reached, or broke off.
        case unreachable
        /// The server says no, or something that cannot be understood.
        case refused
        /// The server has asked the host for the proof and has not got it. Another kind of proof may do better.
        case unproven
        /// Something on this machine: files, keys.
        case local
    }

    package let kind: Kind
    /// What, where and what to do; a sentence without a period. It never holds a key.
    package let sentence: String
    /// How long the server wants to be left alone, in seconds. Nil when it does not say.
    package let retryAfter: Int?

    package init(_ kind: Kind, _ sentence: String, retryAfter: Int? = nil) {
        self.kind = kind
        self.sentence = sentence
        self.retryAfter = retryAfter
    }
}
