/// Base64 with the standard alphabet (RFC 4648, 4).
package enum Base64 {
    /// The text for these bytes.
    ///
    /// - Parameter padded: Whether the last group is filled up with equals signs. Default true.
    package static func encode(_ bytes: Span<UInt8>, padded: Bool = true) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let length = min(3, bytes.count - index)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < length ? UInt32(bytes[index + offset]) : 0) }
            for place in 0..<4 {
                if place <= length {
                    text.append(digit(UInt8(truncatingIfNeeded: group >> UInt32(18 - 6 * place)) & 0x3f))
                } else if padded {
                    text.append(.equals)
                }
            }
            index += 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes that a text stands for, whether it is padded or not. Bits of the last digit that stand for nothing are
    /// not looked at, as most readers do not.
    ///
    /// - Returns: Nil when another byte than a digit is in it, or its length, its padding included, is none that
    ///   encoding makes.
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var end = text.count
        if end % 4 == 0 {
            var padding = 0
            while padding < 2, end > 0, text[end - 1] == .equals { (end, padding) = (end - 1, padding + 1) }
        }
        guard end % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(end * 3 / 4)
        var (group, digits): (UInt32, Int) = (0, 0)
        for index in 0..<end {
            guard let value = value(of: text[index]) else { return nil }
            group = group << 6 | UInt32(value)
            digits += 1
            // The first digit of four completes no byte, each of the others one.
            if digits > 1 { bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(8 - 2 * digits))) }
            if digits == 4 { (group, digits) = (0, 0) }
        }
        return bytes
    }

    /// The digit for a number below 64.
    static func digit(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: value + 0x41
        case 26..<52: value - 26 + 0x61
        case 52..<62: value - 52 + 0x30
        case 62: 0x2b
        default: 0x2f
        }
    }

    /// The number that a digit stands for; nil for another byte.
    static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case 0x41...0x5a: digit - 0x41
        case 0x61...0x7a: digit - 0x61 + 26
        case 0x30...0x39: digit - 0x30 + 52
        case 0x2b: 62
        case 0x2f: 63
        default: nil
        }
    }
}
