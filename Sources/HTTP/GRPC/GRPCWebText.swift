package import Bytes

/// The text form of a gRPC-Web body, `application/grpc-web-text`: base64 that may be padded in the middle, where the
/// sender had no more to say for the time being.
package struct GRPCWebTextReader: Sendable {
    private var group: UInt32 = 0
    private var digits = 0
    private var padding = 0

    package init() {}

    /// Reads all of a piece of text, and appends the bytes that are complete with it.
    ///
    /// - Throws: `malformedText` for what is no base64. After that the reader must not be used again.
    package mutating func read(_ text: Span<UInt8>, to buffer: inout ByteBuffer) throws(GRPCMessageProblem) {
        for index in text.indices {
            if text[index] == .equals {
                guard digits + padding >= 2 else { throw .malformedText }
                padding += 1
            } else {
                guard padding == 0, let value = Base64.value(of: text[index]) else { throw .malformedText }
                group = group << 6 | UInt32(value)
                digits += 1
                if digits > 1 { buffer.append(UInt8(truncatingIfNeeded: group >> UInt32(8 - 2 * digits))) }
            }
            if digits + padding == 4 { (group, digits, padding) = (0, 0, 0) }
        }
    }

    /// Tells that no text will follow.
    ///
    /// - Throws: `truncated` when a group of four is begun and not complete.
    package func endOfInput() throws(GRPCMessageProblem) {
        guard digits == 0, padding == 0 else { throw .truncated }
    }
}

/// Writes the text form of a gRPC-Web body.
package enum GRPCWebTextWriter {
    /// Appends a piece, padded, so that the receiver has all of it at once. Whole frames make the fewest signs.
    package static func write(_ bytes: Span<UInt8>, to buffer: inout ByteBuffer) {
        Base64.encode(bytes, to: &buffer)
    }
}
