/// Reads the line with a chunk's size (RFC 9112, 7.1). Bytes in, a size out.
///
/// It is strict, for lenient readers of this line disagree about where a message ends: hexadecimal digits, then
/// extensions of the exact form `;name` or `;name=value` where the value is a token or quoted, then CR LF. Extensions
/// are read and forgotten.
struct ChunkSizeReader: Sendable {
    private enum State {
        /// Before the size line of the first chunk, and of every other one.
        case start, chunkEnd, chunkEndLineFeed
        case digits, blankBefore, extensionName, name, blankAfterName, valueStart, value, quoted, escaped, quotedEnd
        case lineFeed
    }

    /// The most digits, leading zeros included: a size fits in 60 bits.
    private static let maximumDigits = 15
    /// The longest line.
    private static let maximumLine = 256
    /// How many bytes of lines a whole content may have beyond what its chunks justify, which is 16 bytes and their
    /// own size again.
    private static let maximumOverhead = 16_384

    private var state = State.start
    private var size = 0
    private var digits = 0
    private var line = 0
    private var overhead = 0

    /// Takes one byte. Returns the size when its line is complete, nil while it is not; then expects the CR LF after
    /// the chunk.
    @inline(__always)
    mutating func take(_ byte: UInt8) throws(BodyProblem) -> Int? {
        line += 1
        guard line <= Self.maximumLine else { throw .longExtensions }
        switch (state, byte) {
        case (.start, _), (.digits, 0x30...0x39), (.digits, 0x41...0x46), (.digits, 0x61...0x66): try grow(byte)
        case (.digits, .carriageReturn): state = .lineFeed
        case (.lineFeed, .lineFeed): return try complete()
        case (.chunkEnd, .carriageReturn): state = .chunkEndLineFeed
        case (.chunkEndLineFeed, .lineFeed): (state, line) = (.start, 0)
        case (.chunkEnd, _), (.chunkEndLineFeed, _), (.lineFeed, _): throw .malformedChunk
        default: try takeExtension(byte)
        }
        return nil
    }

    private mutating func grow(_ byte: UInt8) throws(BodyProblem) {
        guard let digit = byte.hexadecimalValue, digits < Self.maximumDigits else { throw .malformedChunk }
        state = .digits
        digits += 1
        size = size << 4 | Int(digit)
    }

    private mutating func complete() throws(BodyProblem) -> Int {
        overhead = max(0, overhead + line - 16 - min(size, 1 << 20))
        guard overhead <= Self.maximumOverhead else { throw .longExtensions }
        defer { (state, size, digits, line) = (.chunkEnd, 0, 0, 0) }
        return size
    }

    /// Blanks are legal around the equals sign and the semicolon, though nobody sends them, except right after the size.
    private mutating func takeExtension(_ byte: UInt8) throws(BodyProblem) {
        switch (state, byte) {
        case (.digits, .semicolon), (.name, .semicolon), (.blankAfterName, .semicolon), (.value, .semicolon),
            (.quotedEnd, .semicolon), (.blankBefore, .semicolon):
            state = .extensionName
        case (.name, .carriageReturn), (.value, .carriageReturn), (.quotedEnd, .carriageReturn): state = .lineFeed
        case (.name, .equals), (.blankAfterName, .equals): state = .valueStart
        case (.extensionName, .space), (.extensionName, .tab), (.valueStart, .space), (.valueStart, .tab): break
        case (.name, .space), (.name, .tab), (.blankAfterName, .space), (.blankAfterName, .tab):
            state = .blankAfterName
        case (.value, .space), (.value, .tab), (.quotedEnd, .space), (.quotedEnd, .tab), (.blankBefore, .space),
            (.blankBefore, .tab):
            state = .blankBefore
        case (.valueStart, .quote): state = .quoted
        case (.quoted, .quote): state = .quotedEnd
        case (.quoted, .backslash): state = .escaped
        case (.escaped, _):
            guard !byte.isControl || byte == .tab else { throw .malformedChunk }
            state = .quoted
        case (.quoted, _):
            guard !byte.isControl || byte == .tab else { throw .malformedChunk }
        case (.extensionName, _), (.name, _):
            guard byte.isTokenByte else { throw .malformedChunk }
            state = .name
        case (.valueStart, _), (.value, _):
            guard byte.isTokenByte else { throw .malformedChunk }
            state = .value
        default: throw .malformedChunk
        }
    }
}
