/// The payload of a close frame (RFC 6455, 5.5.1): nothing, or a code and a reason.
package struct WebSocketClose: Sendable, Equatable {
    /// The longest reason, in bytes.
    package static let maximumReason = 123

    /// Nil when the frame had no payload.
    package let code: WebSocketCloseCode?
    /// Empty without a code.
    package let reason: String

    /// A reason that is too long loses its end, at the border of a character's parts. Without a code there is none.
    package init(_ code: WebSocketCloseCode?, reason: String = "") {
        self.code = code
        var length = 0
        let scalars = reason.unicodeScalars.prefix { scalar in
            length += UTF8.width(scalar)
            return length <= Self.maximumReason
        }
        self.reason = code == nil ? "" : String(scalars)
    }

    /// Reads an unmasked payload.
    ///
    /// - Throws: `malformedClose` for a code that is cut or may not be sent, `invalidText` for a reason that is not
    ///   UTF-8.
    package init(_ payload: Span<UInt8>) throws(WebSocketProblem) {
        guard !payload.isEmpty else {
            code = nil
            reason = ""
            return
        }
        guard payload.count >= 2, let sent = WebSocketCloseCode(UInt16(payload[0]) << 8 | UInt16(payload[1])) else {
            throw .malformedClose
        }
        let text = payload.extracting(2..<payload.count)
        var checker = UTF8Checker()
        guard checker.take(text), checker.isComplete else { throw .invalidText }
        code = sent
        reason = String(text)
    }

    /// The bytes to send.
    package var payload: [UInt8] {
        guard let code else { return [] }
        return [UInt8(code.number >> 8), UInt8(truncatingIfNeeded: code.number)] + Array(reason.utf8)
    }
}
