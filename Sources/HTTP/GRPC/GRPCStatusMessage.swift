/// The text in `grpc-message`: percent-encoded, so that any text can stand in a field.
package enum GRPCStatusMessage {
    /// As it is sent: bytes outside 0x20 to 0x7e and the percent sign are encoded, so no line can end in it.
    package static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if (0x20...0x7e).contains(byte), byte != .percent {
                encoded.append(byte)
            } else {
                encoded.append(.percent)
                for digit in [byte >> 4, byte & 0x0f] { encoded.append(digit < 10 ? digit + 0x30 : digit + 0x37) }
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// The text that was meant. It never fails, as the standard asks: a percent sign without two digits stands for
    /// itself, and what is not UTF-8 becomes U+FFFD. The text may have line ends in it, and is never put into a field
    /// as it is.
    package static func decode(_ value: Span<UInt8>) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(value.count)
        var index = 0
        while index < value.count {
            if value[index] == .percent, index + 2 < value.count, let high = value[index + 1].hexadecimalValue,
                let low = value[index + 2].hexadecimalValue
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(value[index])
                index += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}
