/// How the end of a message's content is found (RFC 9112, 6.3).
package enum BodyFraming: Equatable, Sendable {
    /// There is no content, and no field that speaks of one.
    case none
    /// So many bytes, maybe 0.
    case length(Int)
    /// Chunks, the last of which is empty.
    case chunked
    /// All bytes until the peer closes the connection: responses only.
    case untilClose

    /// - Throws: 400 or 501 for every request whose end two servers might see at different places. None of them is
    ///   forwarded: RFC 9112 would let some be repaired, and repairs are what smuggling lives on.
    package static func ofRequest(_ head: borrowing RequestHead) throws(RequestProblem) -> BodyFraming {
        let framing = try requestFraming(head)
        guard framing != .none, framing != .length(0), head.fields.contains(.upgrade) else { return framing }
        // `h2c` is an offer, which nobody need take and we never do with content. Clients of the Java library make it.
        guard head.fields.hasOnlyToken("h2c", in: .upgrade) else { throw .bodyWithUpgrade }
        return framing
    }

    private static func requestFraming(_ head: borrowing RequestHead) throws(RequestProblem) -> BodyFraming {
        let hasLength = head.fields.contains(.contentLength)
        if head.fields.contains(.transferEncoding) {
            guard head.version == .http11 else { throw .codingInHTTP10 }
            guard !hasLength else { throw .badCoding }
            switch head.fields.coding {
            case .chunked: return .chunked
            case .unknown: throw .unknownCoding
            case .malformed: throw .badCoding
            }
        }
        guard hasLength else { return .none }
        guard let length = head.fields.contentLength else { throw .badLength }
        return .length(length)
    }

    /// - Parameter method: The method of the request, since a response to HEAD has no content and one to CONNECT is a
    ///   tunnel, for which `none` is returned as well.
    package static func ofResponse(
        _ head: borrowing ResponseHead, to method: Method
    ) throws(ResponseProblem) -> BodyFraming {
        if head.status.forbidsContent || method == .head { return .none }
        if method == .connect, head.status.isSuccess { return .none }
        if head.fields.contains(.transferEncoding) {
            guard head.version == .http11, head.fields.coding == .chunked else { throw .badCoding }
            return .chunked  // It wins over a length (RFC 9112, 6.3), which must not be passed on.
        }
        guard head.fields.contains(.contentLength) else { return .untilClose }
        guard let length = head.fields.contentLength else { throw .badLength }
        return .length(length)
    }
}

extension HeaderFields {
    enum Coding { case chunked, unknown, malformed }

    /// What `Transfer-Encoding` says: exactly one line with exactly one coding, or it is malformed.
    fileprivate var coding: Coding {
        guard count(of: .transferEncoding) == 1, let index = firstIndex(of: .transferEncoding) else {
            return .malformed
        }
        let value = valueSpan(at: index)
        if value.equalsIgnoringCase("chunked") { return .chunked }
        return value.isToken && !value.equalsIgnoringCase("identity") ? .unknown : .malformed
    }

    /// The one value of `Content-Length`, digits and nothing else. Nil when there is none, when there are several, even
    /// equal ones, and when it is malformed or above `Int.max`.
    package var contentLength: Int? {
        guard count(of: .contentLength) == 1, let index = firstIndex(of: .contentLength) else { return nil }
        let value = valueSpan(at: index)
        guard !value.isEmpty else { return nil }
        var length = 0
        for index in value.indices {
            guard value[index].isDigit else { return nil }
            let (product, tooLarge) = length.multipliedReportingOverflow(by: 10)
            let (sum, tooLargeStill) = product.addingReportingOverflow(Int(value[index] &- 0x30))
            guard !tooLarge, !tooLargeStill else { return nil }
            length = sum
        }
        return length
    }

    /// Whether this is the only token on all lines of this name.
    fileprivate func hasOnlyToken(_ token: StaticString, in name: FieldName) -> Bool {
        guard count(of: name) == 1, let index = firstIndex(of: name) else { return false }
        return valueSpan(at: index).equalsIgnoringCase(token)
    }
}
