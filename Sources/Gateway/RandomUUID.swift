/// Identifiers that nobody else makes (RFC 9562, version 4).
package enum RandomUUID {
    /// A new one, such as `5f3a9d0e-8f3b-4c62-9b0a-7f0a4f4d2f11`, from the system's source of random numbers.
    package static func text() -> String {
        var generator = SystemRandomNumberGenerator()
        return text(high: generator.next(), low: generator.next())
    }

    /// The identifier of these bits, but for those that say which kind it is.
    package static func text(high: UInt64, low: UInt64) -> String {
        let high = high & ~0xf000 | 0x4000
        let low = low & ~(0xc000 << 48) | (0x8000 << 48)
        var digits: [UInt8] = []
        digits.reserveCapacity(36)
        for index in 0..<32 {
            if [8, 12, 16, 20].contains(index) { digits.append(0x2d) }
            let value = UInt8(truncatingIfNeeded: (index < 16 ? high : low) >> UInt64(60 - 4 * (index % 16))) & 0xf
            digits.append(value < 10 ? 0x30 + value : 0x57 + value)
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
