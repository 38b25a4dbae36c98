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
        // Lines that are as we would write them are copied together, for a copy costs more than its bytes.
        var run = lines.start..<lines.start
        defer { fields.appendBytes(bytes.extracting(run)) }
        while let line = try lines.next(in: bytes) {
            guard lines.start - blockStart <= limits.headerBlock else { throw .longFields }
            if line.isEmpty { return lines.start }
            guard fields.count < limits.fields else { throw .manyFields }
            let parsed = try ParsedLine(bytes.extracting(line))
            if parsed.isAsWritten(bytes.extracting(line)) {
                fields.addEntry(parsed, offset: run.count)
                run = run.lowerBound..<lines.start
            } else {
                fields.appendBytes(bytes.extracting(run))
                run = lines.start..<lines.start
                fields.append(bytes.extracting(line), parsed)
            }
        }
        guard bytes.count - blockStart <= limits.headerBlock else { throw .longFields }
        return nil
    }
}

/// Where in a field line its name and its value are.
struct ParsedLine {
    let nameLength: Int
    let value: Range<Int>
    let known: FieldName

    init(nameLength: Int, value: Range<Int>, known: FieldName) {
        self.nameLength = nameLength
        self.value = value
        self.known = known
    }

    /// - Parameter line: Not empty, without CR and LF, and without control bytes other than tab.
    @inline(__always)
    init(_ line: Span<UInt8>) throws(RequestProblem) {
        guard !line[0].isBlank else { throw .folded }
        guard let colon = line.first(.colon) else { throw .badFieldName }
        let name = line.extracting(0..<colon)
        let known = FieldName.of(name)
        // Whoever is known is a token.
        guard known != .other || name.isToken else { throw .badFieldName }
        self.init(nameLength: colon, value: line.trimmingBlanks((colon + 1)..<line.count), known: known)
    }

    /// Whether the blanks around the value are those that we would write: one space before it.
    @inline(__always)
    func isAsWritten(_ line: Span<UInt8>) -> Bool {
        value.lowerBound == nameLength + 2 && value.upperBound == line.count && line[nameLength + 1] == .space
    }
}
