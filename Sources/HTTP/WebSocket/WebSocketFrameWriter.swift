package import Bytes

/// Writes frames (RFC 6455, 5.2), with lengths in the fewest bytes.
package enum WebSocketFrameWriter {
    /// Writes a whole frame.
    ///
    /// - Parameters:
    ///   - isFinal: False for the fragments of a message but the last; the first has the message's opcode, the others
    ///     are continuations. Default true.
    ///   - maskingKey: For a client, a new unpredictable number for each frame; its highest byte is sent first. Nil, the
    ///     default, for a server.
    /// - Precondition: A control frame is final and has at most 125 bytes.
    package static func write(
        _ opcode: WebSocketOpcode, _ payload: Span<UInt8>, isFinal: Bool = true, maskingKey: UInt32? = nil,
        to buffer: inout ByteBuffer
    ) {
        writeHeader(opcode, length: payload.count, isFinal: isFinal, maskingKey: maskingKey, to: &buffer)
        guard let maskingKey else { return buffer.append(payload) }
        var mask = WebSocketMask(key: maskingKey)
        mask.copy(payload, to: &buffer)
    }

    /// Writes the header of a frame whose payload the caller adds, through `WebSocketMask` if there is a key.
    ///
    /// - Precondition: As for `write`.
    package static func writeHeader(
        _ opcode: WebSocketOpcode, length: Int, isFinal: Bool = true, maskingKey: UInt32? = nil,
        to buffer: inout ByteBuffer
    ) {
        precondition(length >= 0, "a frame cannot be shorter than empty")
        precondition(!opcode.isControl || (isFinal && length <= 125), "a control frame is short and in one piece")
        let masked: UInt8 = maskingKey == nil ? 0 : 0x80
        buffer.append((isFinal ? 0x80 : 0) | opcode.rawValue)
        switch length {
        case ...125: buffer.append(masked | UInt8(length))
        case ...0xffff:
            buffer.append(masked | 126)
            append(UInt64(length), bytes: 2, to: &buffer)
        default:
            buffer.append(masked | 127)
            append(UInt64(length), bytes: 8, to: &buffer)
        }
        if let maskingKey { append(UInt64(maskingKey), bytes: 4, to: &buffer) }
    }

    /// Writes a close frame.
    ///
    /// - Parameter maskingKey: As for `write`.
    package static func write(_ close: WebSocketClose, maskingKey: UInt32? = nil, to buffer: inout ByteBuffer) {
        write(.close, close.payload.span, maskingKey: maskingKey, to: &buffer)
    }

    private static func append(_ number: UInt64, bytes: Int, to buffer: inout ByteBuffer) {
        for place in stride(from: bytes - 1, through: 0, by: -1) {
            buffer.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * place)))
        }
    }
}
