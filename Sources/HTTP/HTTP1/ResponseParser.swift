/// Why a response cannot be used. The connection it came from is closed, and the client is told 502 and no more.
package struct ResponseProblem: Error, Equatable {
    /// One sentence for the operator.
    package let reason: String

    /// - Parameter reason: It may name hosts, so no client ever sees it.
    package init(_ reason: String) { self.reason = reason }

    static var badLength: Self { Self("The node's Content-Length field is not one number.") }
    static var badCoding: Self { Self("The node's Transfer-Encoding field is not \"chunked\".") }
}

/// Reads the head of a response (RFC 9112, 4). As `RequestParser`, it is shown the unread bytes, and more of them later.
///
/// Interim responses (1xx) are heads like any other; who wants the final one calls again.
package struct ResponseParser: Sendable {
    private let limits: HeadLimits
    private var lines = LineReader()
    private var fieldReader: FieldReader?

    /// - Parameter limits: As for requests; `requestLine` is the limit of the status line.
    package init(limits: HeadLimits = HeadLimits()) { self.limits = limits }

    /// Reads on in the unread bytes, which must begin with those of the last call. The same head must be given until it
    /// is complete.
    ///
    /// - Returns: How many bytes the head took; then the parser is ready for the next. Nil when more are needed.
    /// - Throws: What is wrong. After that the parser must not be used again.
    package mutating func parse(
        _ bytes: Span<UInt8>, into head: inout ResponseHead
    ) throws(ResponseProblem) -> Int? {
        do throws(RequestProblem) {
            if fieldReader == nil {
                guard let line = try lines.next(in: bytes) else {
                    try Self.checkBeginning(bytes, limits: limits)
                    return nil
                }
                guard line.count <= limits.requestLine else { throw .longFields }
                try Self.parseStatusLine(bytes.extracting(line), into: &head)
                fieldReader = FieldReader(after: lines)
            }
            guard let length = try fieldReader?.read(bytes, limits: limits, into: &head.fields) else { return nil }
            try head.fields.checkOptions()
            reset()
            return length
        } catch {
            throw ResponseProblem("The node's head is refused: \(error.reason)")
        }
    }

    /// Forgets what was begun.
    package mutating func reset() {
        lines = LineReader()
        fieldReader = nil
    }

    /// Refuses what cannot become a status line, so that a node of another protocol is not waited for.
    private static func checkBeginning(_ bytes: Span<UInt8>, limits: HeadLimits) throws(RequestProblem) {
        guard bytes.count <= limits.requestLine + 1 else { throw .longFields }
        let expected: StaticString = "HTTP/1."
        for index in 0..<min(bytes.count, expected.utf8CodeUnitCount) {
            guard bytes[index] == expected.utf8Start[index] else { throw .badStatusLine }
        }
    }

    /// `HTTP/1.1 200 OK`. The phrase may be missing, and the space before it too.
    @inline(__always)
    private static func parseStatusLine(
        _ line: Span<UInt8>, into head: inout ResponseHead
    ) throws(RequestProblem) {
        guard line.count >= 12, line.extracting(0..<7).equals("HTTP/1."), line[7].isDigit, line[8] == .space else {
            throw .badStatusLine
        }
        guard line.count == 12 || line[12] == .space else { throw .badStatusLine }
        var code = 0
        for index in 9..<12 {
            guard line[index].isDigit else { throw .badStatusLine }
            code = code * 10 + Int(line[index] &- 0x30)
        }
        guard let status = Status(code) else { throw .badStatusLine }
        head.restart(status, version: line[7] == 0x30 ? .http10 : .http11)
    }
}
