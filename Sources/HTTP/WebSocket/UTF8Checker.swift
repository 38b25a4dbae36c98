/// Checks that bytes are UTF-8 (RFC 3629), however they are cut: a character may begin in one piece and end in the next.
///
/// It refuses at the first byte that cannot be right. ASCII is read eight bytes at a time.
package struct UTF8Checker: Sendable {
    /// How many bytes the begun character still needs.
    private var missing = 0
    /// Between which the next of them must lie; after it, the whole range of continuations.
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xbf

    package init() {}

    /// Whether no character is begun and unfinished, so that the text may end here.
    package var isComplete: Bool { missing == 0 }

    /// Goes on with these bytes. False when they are not UTF-8; then the checker must not be used again.
    package mutating func take(_ bytes: Span<UInt8>) -> Bool {
        let raw = bytes.bytes
        var index = 0
        while index < bytes.count {
            if missing == 0, index <= bytes.count - 8,
                raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                index += 8
                continue
            }
            guard take(bytes[index]) else { return false }
            index += 1
        }
        return true
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard missing == 0 else {
            guard (lowest...highest).contains(byte) else { return false }
            (missing, lowest, highest) = (missing - 1, 0x80, 0xbf)
            return true
        }
        switch byte {
        case 0x00...0x7f: break
        case 0xc2...0xdf: missing = 1
        case 0xe0: (missing, lowest) = (2, 0xa0)  // Below it are two-byte characters in three bytes.
        case 0xed: (missing, highest) = (2, 0x9f)  // Above it are surrogates.
        case 0xe1...0xef: missing = 2
        case 0xf0: (missing, lowest) = (3, 0x90)
        case 0xf1...0xf3: missing = 3
        case 0xf4: (missing, highest) = (3, 0x8f)  // Above it is nothing.
        default: return false
        }
        return true
    }
}
