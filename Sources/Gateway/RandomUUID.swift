/// Identifiers that nobody else makes (RFC 9562, version 4).
package enum RandomUUID {
    /// A new one, such as `5f3a9d0e-8f3b-4c62-9b0a-7f0a4f4d2f11`, from the system's source of random numbers.
    package static func text() -> String { make().text }

    /// The same, without any memory.
    package static func make() -> InlineArray<36, UInt8> {
        var generator = SystemRandomNumberGenerator()
        return make(using: &generator)
    }

    /// The same of other numbers.
    package static func make(using generator: inout some RandomNumberGenerator) -> InlineArray<36, UInt8> {
        make(high: generator.next(), low: generator.next())
    }

    /// The identifier of these bits, but for those that say which kind it is.
    package static func text(high: UInt64, low: UInt64) -> String { make(high: high, low: low).text }

    private static func make(high: UInt64, low: UInt64) -> InlineArray<36, UInt8> {
        let high = high & ~0xf000 | 0x4000
        let low = low & ~(0xc000 << 48) | (0x8000 << 48)
        // The hyphens stay.
        var digits = InlineArray<36, UInt8>(repeating: 0x2d)
        write(high >> 32, in: &digits, 0..<8)
        write(high >> 16, in: &digits, 9..<13)
        write(high, in: &digits, 14..<18)
        write(low >> 48, in: &digits, 19..<23)
        write(low, in: &digits, 24..<36)
        return digits
    }

    /// Writes as many of the last hexadecimal digits of a number as there are places.
    @inline(__always)
    private static func write(_ number: UInt64, in digits: inout InlineArray<36, UInt8>, _ places: Range<Int>) {
        var rest = number
        for place in places.reversed() {
            let value = UInt8(truncatingIfNeeded: rest & 0xf)
            digits[place] = value &+ (value < 10 ? 0x30 : 0x57)
            rest >>= 4
        }
    }
}

extension InlineArray<36, UInt8> {
    fileprivate var text: String { span.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
}
