/// Reads the head of a request (RFC 9112, 2 and 3). Sans I/O: it is shown the unread bytes, and more of them later.
///
/// Lines are judged as they become complete, so bad bytes are refused before the head ends, and every byte is looked at
/// once even if they come one by one.
package struct RequestParser: Sendable {
    /// How many empty lines are forgiven before a request (RFC 9112, 2.2).
    package static let maximumEmptyLines = 4

    private let limits: HeadLimits
    private let isSecure: Bool
    private var lines = LineReader()
    private var fieldReader: FieldReader?
    private var emptyLines = 0

    /// - Parameter isSecure: Whether the bytes come out of TLS. Decides which scheme a target may have.
    package init(limits: HeadLimits = HeadLimits(), isSecure: Bool = false) {
        self.limits = limits
        self.isSecure = isSecure
    }

    /// Reads on in the unread bytes, which must begin with those of the last call.
    ///
    /// The same head must be given until it is complete; what it held before is overwritten and its memory used again,
    /// so that reading a request into a used head allocates nothing.
    ///
    /// - Returns: How many bytes the head took, with empty lines before it; then the parser is ready for the next. Nil
    ///   when more bytes are needed.
    /// - Throws: What to answer. After that the parser must not be used again, and what the head holds means nothing: it
    ///   may be from the request before.
    package mutating func parse(
        _ bytes: Span<UInt8>, into head: inout RequestHead
    ) throws(RequestProblem) -> Int? {
        if fieldReader == nil {
            guard try parseFirstLine(bytes, into: &head) else { return nil }
            fieldReader = FieldReader(after: lines)
        }
        guard let length = try fieldReader?.read(bytes, limits: limits, into: &head.fields) else { return nil }
        try Self.check(head)
        reset()
        return length
    }

    /// Forgets what was begun.
    package mutating func reset() {
        lines = LineReader()
        fieldReader = nil
        emptyLines = 0
    }

    // MARK: First line

    private mutating func parseFirstLine(
        _ bytes: Span<UInt8>, into head: inout RequestHead
    ) throws(RequestProblem) -> Bool {
        if bytes.count > 1, bytes[0] == 0x16, bytes[1] == 0x03 { throw .secureBytes }
        if bytes.count == 1, bytes[0] == 0x16 { return false }  // Wait for the byte that tells TLS from noise.
        while let line = try lines.next(in: bytes) {
            guard line.isEmpty else {
                guard line.count <= limits.requestLine else { throw Self.tooLong(bytes.extracting(line)) }
                try readFirstLine(bytes.extracting(line), into: &head)
                return true
            }
            emptyLines += 1
            guard emptyLines <= Self.maximumEmptyLines else { throw .emptyLines }
        }
        // One byte may be the CR of the line end.
        if bytes.count - lines.start > limits.requestLine + 1 {
            throw Self.tooLong(bytes.extracting(lines.start..<bytes.count))
        }
        return false
    }

    private func readFirstLine(_ line: Span<UInt8>, into head: inout RequestHead) throws(RequestProblem) {
        guard let methodEnd = line.first(.space) else { throw Self.methodProblem(line) ?? .badRequestLine }
        guard let method = Method(line.extracting(0..<methodEnd)) else {
            throw Self.methodProblem(line.extracting(0..<methodEnd)) ?? .badMethod
        }
        guard let targetEnd = line.first(.space, from: methodEnd + 1) else { throw .badRequestLine }
        let version = try Self.version(line.extracting((targetEnd + 1)..<line.count))
        let target = line.extracting((methodEnd + 1)..<targetEnd)
        let parts = try TargetParts(checking: target, method: method, isSecure: isSecure)
        head.restart(method: method, target: target, parts: parts, version: version)
    }

    private static func version(_ text: Span<UInt8>) throws(RequestProblem) -> Version {
        if text.equals("HTTP/1.1") { return .http11 }
        if text.equals("HTTP/1.0") { return .http10 }
        guard text.count == 8, text.extracting(0..<5).equals("HTTP/"), text[6] == .dot, text[5].isDigit, text[7].isDigit
        else { throw .badRequestLine }
        // A later minor version is answered as the latest that we know (RFC 9110, 2.5).
        guard text[5] == 0x31 else { throw .unknownVersion }
        return .http11
    }

    /// What to say of a first line above the limit: the target is to blame unless the method is.
    private static func tooLong(_ line: Span<UInt8>) -> RequestProblem {
        methodProblem(line.extracting(0..<(line.first(.space) ?? line.count))) ?? .longTarget
    }

    private static func methodProblem(_ text: Span<UInt8>) -> RequestProblem? {
        guard text.isToken else { return .badMethod }
        return text.count > Method.maximumLength ? .longMethod : nil
    }

    // MARK: Whole head

    /// What can be said only when all fields are known: there is one host (RFC 9112, 3.2), nothing is expected that we
    /// cannot do, and what is for this hop alone can be told in good time.
    private static func check(_ head: borrowing RequestHead) throws(RequestProblem) {
        let hosts = head.fields.count(of: .host)
        guard hosts <= 1 else { throw .badHost }
        if let index = head.fields.firstIndex(of: .host) {
            guard Authority.isValid(head.fields.valueSpan(at: index)) else { throw .badHost }
        } else if head.version == .http11 {
            throw .noHost
        }
        if head.version == .http11, head.fields.contains(.expect), !head.expectsContinue { throw .unknownExpectation }
        try head.fields.checkOptions()
    }
}
