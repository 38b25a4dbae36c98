package import Bytes

/// Writes the messages of a gRPC body.
package enum GRPCMessageWriter {
    /// Writes a whole message.
    ///
    /// - Parameter isCompressed: With the encoding that the head names. Default false.
    /// - Precondition: It is shorter than 4 GiB.
    package static func write(_ message: Span<UInt8>, isCompressed: Bool = false, to buffer: inout ByteBuffer) {
        writePrefix(length: message.count, isCompressed: isCompressed, to: &buffer)
        buffer.append(message)
    }

    /// Writes what stands before a message: the caller adds the message.
    ///
    /// - Precondition: As for `write`.
    package static func writePrefix(length: Int, isCompressed: Bool = false, to buffer: inout ByteBuffer) {
        writePrefix(flags: isCompressed ? 1 : 0, length: length, to: &buffer)
    }

    static func writePrefix(flags: UInt8, length: Int, to buffer: inout ByteBuffer) {
        precondition((0...0xffff_ffff).contains(length), "a message's length has 32 bits")
        buffer.append(flags)
        for shift in [24, 16, 8, 0] { buffer.append(UInt8(truncatingIfNeeded: length >> shift)) }
    }
}
