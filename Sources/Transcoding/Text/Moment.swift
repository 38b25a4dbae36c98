import Bytes

/// Seconds and nanoseconds, as `google.protobuf.Timestamp` and `Duration` have them.
struct Moment: Equatable {
    var seconds: Int64
    var nanoseconds: Int32

    /// From the first second of the year 1 to the last of 9999, since 1970.
    static let timestamps: ClosedRange<Int64> = -62_135_596_800...253_402_300_799
    /// Ten thousand years.
    static let durations: ClosedRange<Int64> = -315_576_000_000...315_576_000_000

    var isTimestamp: Bool { Self.timestamps.contains(seconds) && (0...999_999_999).contains(nanoseconds) }

    var isDuration: Bool {
        Self.durations.contains(seconds) && (-999_999_999...999_999_999).contains(nanoseconds)
            && (seconds == 0 || nanoseconds == 0 || (seconds < 0) == (nanoseconds < 0))
    }

    init(seconds: Int64, nanoseconds: Int32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Reads `1972-01-01T10:00:20.021Z` (RFC 3339, section 5.6); nil for anything else. Leap seconds are refused.
    init?(timestamp text: Span<UInt8>) {
        var scanner = DigitScanner(text)
        guard let year = scanner.takeDigits(4), scanner.takeByte(0x2D), let month = scanner.takeDigits(2),
            scanner.takeByte(0x2D),
            let day = scanner.takeDigits(2), scanner.takeByte(0x54), let hour = scanner.takeDigits(2),
            scanner.takeByte(0x3A),
            let minute = scanner.takeDigits(2), scanner.takeByte(0x3A), let second = scanner.takeDigits(2),
            let fraction = scanner.takeFraction(), let zone = scanner.takeZone(), scanner.isAtEnd,
            year > 0, (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day), hour < 24,
            minute < 60, second < 60
        else { return nil }
        let days = Self.daysSince1970(year: year, month: month, day: day)
        seconds = Int64(days * 86_400 + hour * 3_600 + minute * 60 + second - zone)
        nanoseconds = Int32(fraction)
        guard isTimestamp else { return nil }
    }

    /// Reads `-1.000340012s`; nil for anything else.
    init?(duration text: Span<UInt8>) {
        var scanner = DigitScanner(text)
        let isNegative = scanner.takeByte(0x2D)
        guard let whole = scanner.takeNumber(), let fraction = scanner.takeFraction(), scanner.takeByte(0x73),
            scanner.isAtEnd
        else { return nil }
        seconds = Int64(isNegative ? -whole : whole)
        nanoseconds = Int32(isNegative ? -fraction : fraction)
        guard isDuration else { return nil }
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Counted in years from March on, so that the leap day is the last of its year.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Appends a timestamp, which must be one, without quotation marks.
    func appendTimestamp(to buffer: inout ByteBuffer) {
        let sinceMarch = Int(seconds) + 719_468 * 86_400
        let (days, second) = (sinceMarch / 86_400, sinceMarch % 86_400)
        let (era, dayOfEra) = (days / 146_097, days % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        buffer.append(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), digits: 4)
        buffer.append(month, digits: 2, after: 0x2D)
        buffer.append(dayOfYear - (153 * shifted + 2) / 5 + 1, digits: 2, after: 0x2D)
        buffer.append(second / 3_600, digits: 2, after: 0x54)
        buffer.append(second / 60 % 60, digits: 2, after: 0x3A)
        buffer.append(second % 60, digits: 2, after: 0x3A)
        appendFraction(to: &buffer)
        buffer.append(0x5A)
    }

    /// Appends a duration, which must be one, without quotation marks.
    func appendDuration(to buffer: inout ByteBuffer) {
        if seconds < 0 || nanoseconds < 0 { buffer.append(0x2D) }
        buffer.append(decimal: Int(seconds.magnitude))
        appendFraction(to: &buffer)
        buffer.append(0x73)
    }

    /// None, three, six or nine digits.
    private func appendFraction(to buffer: inout ByteBuffer) {
        let fraction = Int(nanoseconds.magnitude)
        guard fraction > 0 else { return }
        buffer.append(0x2E)
        if fraction % 1_000_000 == 0 {
            buffer.append(fraction / 1_000_000, digits: 3)
        } else if fraction % 1_000 == 0 {
            buffer.append(fraction / 1_000, digits: 6)
        } else {
            buffer.append(fraction, digits: 9)
        }
    }
}

/// Takes the parts of times from a text.
private struct DigitScanner: ~Escapable {
    private let text: Span<UInt8>
    private var offset = 0

    @_lifetime(copy text)
    init(_ text: Span<UInt8>) { self.text = text }

    var isAtEnd: Bool { offset == text.count }

    mutating func takeByte(_ byte: UInt8) -> Bool {
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
    mutating func takeNumber() -> Int? {
        let start = offset
        var number = 0
        while offset < text.count, case let digit = text[offset] &- 0x30, digit < 10, offset - start < 12 {
            number = number * 10 + Int(digit)
            offset += 1
        }
        return offset > start ? number : nil
    }

    /// In nanoseconds, 0 if there is none; nil if it has no or more than nine digits.
    mutating func takeFraction() -> Int? {
        guard takeByte(0x2E) else { return 0 }
        let start = offset
        guard var number = takeNumber(), offset - start <= 9 else { return nil }
        for _ in offset - start..<9 { number *= 10 }
        return number
    }

    /// The distance from UTC in seconds.
    mutating func takeZone() -> Int? {
        if takeByte(0x5A) { return 0 }
        let isEast = takeByte(0x2B)
        guard isEast || takeByte(0x2D), let hours = takeDigits(2), takeByte(0x3A), let minutes = takeDigits(2),
            hours < 24, minutes < 60
        else { return nil }
        return (isEast ? 1 : -1) * (hours * 3_600 + minutes * 60)
    }
}

extension ByteBuffer {
    /// Appends a number with zeros in front, to so many digits.
    fileprivate mutating func append(_ number: Int, digits: Int, after separator: UInt8? = nil) {
        if let separator { append(separator) }
        var scale = 1
        for _ in 1..<digits { scale *= 10 }
        while scale > 0 {
            append(UInt8(truncatingIfNeeded: number / scale % 10) + 0x30)
            scale /= 10
        }
    }
}
