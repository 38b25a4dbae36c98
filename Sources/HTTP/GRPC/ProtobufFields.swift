/// Walks the fields of one protobuf message, as far as gRPC's own few messages need it. Values with a length, and numbers;
/// what else there is gets skipped.
package struct ProtobufFields: Sendable {
    /// A field: its number, and either its bytes or its value.
    package struct Field: Equatable, Sendable {
        package var number: Int
        /// Where its bytes are; empty for a number.
        package var content = 0..<0
        package var value: UInt64 = 0
    }

    private var position = 0
    private var isMalformed = false

    package init() {}

    /// Whether all bytes were read, and are a message. To be asked after the last field.
    package func hasReadAll(of bytes: Span<UInt8>) -> Bool { !isMalformed && position == bytes.count }

    /// The next field; nil at the end, and as soon as the bytes are no message.
    package mutating func next(in bytes: Span<UInt8>) -> Field? {
        while position < bytes.count {
            guard !isMalformed, let key = number(in: bytes) else { return nil }
            var field = Field(number: Int(truncatingIfNeeded: key >> 3))
            switch key & 7 {
            case 0:
                guard let value = number(in: bytes) else { return nil }
                field.value = value
                return field
            case 2:
                guard let length = number(in: bytes), length <= UInt64(bytes.count - position) else {
                    isMalformed = true
                    return nil
                }
                field.content = position..<(position + Int(length))
                position += Int(length)
                return field
            case 1: position += 8
            case 5: position += 4
            default:
                isMalformed = true
                return nil
            }
        }
        return nil
    }

    private mutating func number(in bytes: Span<UInt8>) -> UInt64? {
        var (value, shift): (UInt64, UInt64) = (0, 0)
        while position < bytes.count, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        isMalformed = true
        return nil
    }
}
