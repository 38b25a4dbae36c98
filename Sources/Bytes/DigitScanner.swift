/// Takes the parts of moments and durations from a text, in order. What does not fit is not taken.
package struct DigitScanner: ~Escapable {
    private let text: Span<UInt8>
    private var offset = 0

    @_lifetime(copy text)
    package init(_ text: Span<UInt8>) { self.text = text }

    package var isAtEnd: Bool { offset == text.count }

    /// Whether this byte was next.
    package mutating func takeByte(_ byte: UInt8) -> Bool {
        guard offset < text.count, text[offset] == byte else { return false }
        offset += 1
        return true
    }

    /// A number of exactly so many digits.
    mutating func takeDigits(_ count: Int) -> Int? {
        guard text.count - offset >= count else { return nil }
        var number = 0
        for _ in 0..<count {
            let digit = text[offset] &- 0x30
            guard digit < 10 else { return nil }
            number = number * 10 + Int(digit)
            offset += 1
        }
        return number
    }

    /// A number of 1 to 12 digits.
    package mutating func takeNumber() -> Int? {
        let start = offset
        var number = 0
        while offset < text.count, case let digit = text[offset] &- 0x30, digit < 10, offset - start < 12 {
            number = number * 10 + Int(digit)
            offset += 1
        }
        return offset > start ? number : nil
    }

    /// A point and up to nine digits, in nanoseconds. 0 where no point is; nil for no digits or more.
    package mutating func takeFraction() -> Int? {
        guard takeByte(0x2e) else { return 0 }
        let start = offset
        guard var number = takeNumber(), offset - start <= 9 else { return nil }
        for _ in offset - start..<9 { number *= 10 }
        return number
    }

    /// `23:59:59`, as seconds since midnight.
    mutating func takeClock() -> Int? {
        guard let hour = takeDigits(2), takeByte(0x3a), let minute = takeDigits(2), takeByte(0x3a),
            let second = takeDigits(2), hour < 24, minute < 60, second < 60
        else { return nil }
        return hour * 3_600 + minute * 60 + second
    }

    /// `Z` or `+01:00`, as seconds to the east of UTC.
    mutating func takeZone() -> Int? {
        if takeByte(0x5a) { return 0 }
        let isEast = takeByte(0x2b)
        guard isEast || takeByte(0x2d), let hours = takeDigits(2), takeByte(0x3a), let minutes = takeDigits(2),
            hours < 24, minutes < 60
        else { return nil }
        return (isEast ? 1 : -1) * (hours * 3_600 + minutes * 60)
    }
}
