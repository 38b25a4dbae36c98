extension Span<UInt8> {
    /// How many bytes the character at `offset` has, if its first is 0x80 or more and it is in the only permitted form
    /// (RFC 3629, section 4); 0 if it is none.
    package func multibyteCharacterLength(at offset: Int) -> Int {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch self[offset] {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: return 0
        }
        guard count - offset >= length, second.contains(self[offset + 1]) else { return 0 }
        for index in 2..<length where self[offset + index] & 0xC0 != 0x80 { return 0 }
        return length
    }
}
