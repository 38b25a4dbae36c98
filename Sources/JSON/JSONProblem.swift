/// Why a text is no JSON (RFC 8259), in words fit for the client that sent it.
package struct JSONProblem: Error, Equatable, CustomStringConvertible {
    /// Where it was noticed, in bytes from the start of the text, counted from 0.
    package let offset: Int

    /// What was found and what was expected instead. It quotes at most one character of the text.
    package let reason: String

    package init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    /// The reason and the place, as one phrase.
    package var description: String {
        reason == Self.emptyReason ? reason : "\(reason) at byte \(offset)"
    }

    /// A text with nothing but white space has a reason of its own: forgotten text is the commonest mistake.
    package static let emptyReason = "the text is empty"

    static let tooDeepReason = "arrays and objects nested too deeply"
    static let tooManyReason = "too many values"

    /// Whether the text may be JSON, but is nested deeper than `JSONLimits` allow.
    package var isTooDeep: Bool { reason == Self.tooDeepReason }

    /// Whether the text may be JSON, but has more values than `JSONLimits` allow.
    package var isTooMany: Bool { reason == Self.tooManyReason }
}
