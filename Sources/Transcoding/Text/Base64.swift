import Bytes

/// Base64 (RFC 4648) as ProtoJSON has it: read in both alphabets, with and without padding; written in the standard one
/// with padding.
enum Base64 {
    /// How many bytes the text stands for; nil if a text of this length and padding stands for none.
    static func decodedCount(_ text: Span<UInt8>) -> Int? {
        let digits = digitCount(text)
        guard digits == text.count || text.count % 4 == 0, digits % 4 != 1 else { return nil }
        return digits * 3 / 4
    }

    /// Appends what the text stands for.
    ///
    /// - Returns: False if there is a character of neither alphabet. Something may have been appended then.
    static func decode(_ text: Span<UInt8>, to buffer: inout ByteBuffer) -> Bool {
        let count = digitCount(text)
        buffer.reserve(count)
        var bits: UInt32 = 0
        for index in 0..<count {
            let digit = value(of: text[index])
            guard digit < 64 else { return false }
            bits = bits << 6 | UInt32(digit)
            switch index & 3 {
            case 1: buffer.append(UInt8(truncatingIfNeeded: bits >> 4))
            case 2: buffer.append(UInt8(truncatingIfNeeded: bits >> 2))
            case 3: buffer.append(UInt8(truncatingIfNeeded: bits))
            default: break
            }
        }
        return true
    }

    /// The same for what a buffer has.
    static func decode(_ text: borrowing ByteBuffer, to buffer: inout ByteBuffer) -> Bool {
        decode(text.span, to: &buffer)
    }

    /// The length without padding, of which there are at most two.
    private static func digitCount(_ text: Span<UInt8>) -> Int {
        var count = text.count
        while count > 0, text.count - count < 2, text[count - 1] == 0x3D { count -= 1 }
        return count
    }

    @inline(__always)
    private static func value(of digit: UInt8) -> UInt8 {
        switch digit {
        case 0x41...0x5A: digit - 0x41
        case 0x61...0x7A: digit - 0x61 + 26
        case 0x30...0x39: digit - 0x30 + 52
        case 0x2B, 0x2D: 62
        case 0x2F, 0x5F: 63
        default: 64
        }
    }

    /// Appends bytes as text.
    static func encode(_ bytes: Span<UInt8>, to buffer: inout ByteBuffer) {
        buffer.reserve((bytes.count + 2) / 3 * 4)
        var offset = 0
        while offset < bytes.count {
            let length = min(3, bytes.count - offset)
            var bits: UInt32 = 0
            for index in 0..<3 { bits = bits << 8 | (index < length ? UInt32(bytes[offset + index]) : 0) }
            for index in 0..<4 {
                let digit = UInt8(truncatingIfNeeded: bits >> UInt32(18 - index * 6)) & 0x3F
                buffer.append(index <= length ? character(of: digit) : 0x3D)
            }
            offset += length
        }
    }

    @inline(__always)
    private static func character(of digit: UInt8) -> UInt8 {
        switch digit {
        case ..<26: digit + 0x41
        case ..<52: digit - 26 + 0x61
        case ..<62: digit - 52 + 0x30
        case 62: 0x2B
        default: 0x2F
        }
    }
}
