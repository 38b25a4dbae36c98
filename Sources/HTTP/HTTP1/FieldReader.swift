/// Reads field lines up to the empty line that ends them (RFC 9112, 5): those of a head, and trailers.
struct FieldReader: Sendable {
    private var lines: LineReader
    private let blockStart: Int

    /// - Parameter lines: Has read the first line of the head, if there is one.
    init(after lines: LineReader) {
        self.lines = lines
        blockStart = lines.start
    }

    /// Adds the lines that are complete.
    ///
    /// - Returns: How many bytes of `bytes` the head takes, once the empty line was seen; nil before.
    /// - Throws: 400 for what is malformed, 431 above a limit.
    mutating func read(
        _ bytes: Span<UInt8>, limits: HeadLimits, into fields: inout HeaderFields
    ) throws(RequestProblem) -> Int? {
        while let line = try lines.next(in: bytes) {
            guard lines.start - blockStart <= limits.headerBlock else { throw .longFields }
            if line.isEmpty { return lines.start }
            guard fields.count < limits.fields else { throw .manyFields }
            try Self.append(bytes.extracting(line.lowerBound..<lines.start), to: &fields)
        }
        guard bytes.count - blockStart <= limits.headerBlock else { throw .longFields }
        return nil
    }

    /// - Parameter line: With its CR and LF.
    @inline(__always)
    private static func append(_ line: Span<UInt8>, to fields: inout HeaderFields) throws(RequestProblem) {
        guard !line[0].isBlank else { throw .folded }
        guard let colon = line.first(.colon) else { throw .badFieldName }
        let name = line.extracting(0..<colon)
        let known = FieldName.of(name)
        // Whoever is known is a token.
        guard known != .other || name.isToken else { throw .badFieldName }
        let value = line.trimmingBlanks((colon + 1)..<(line.count - 2))
        fields.append(line: line, nameLength: colon, value: value, known: known)
    }
}
