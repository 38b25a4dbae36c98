/// A number as JSON writes it: `digits` times ten to the power of `power`, with no zero at the end of the digits.
struct DecimalNumber {
    private(set) var isNegative = false
    private var digits: UInt64 = 0
    private var power = 0
    /// Whether all digits fit.
    private var isExact = true

    /// - Returns: Nil if the text is anything but one number of JSON (RFC 8259, section 6).
    init?(_ text: Span<UInt8>) {
        var offset = 0
        if offset < text.count, text[offset] == 0x2D {
            isNegative = true
            offset += 1
        }
        let start = offset
        var zeros = 0
        takeDigits(of: text, at: &offset, zeros: &zeros)
        guard offset > start, offset == start + 1 || text[start] != 0x30 else { return nil }
        if offset < text.count, text[offset] == 0x2E {
            offset += 1
            let start = offset
            takeDigits(of: text, at: &offset, zeros: &zeros)
            guard offset > start else { return nil }
            power = start - offset
        }
        power += zeros
        if offset < text.count, text[offset] | 0x20 == 0x65 {
            offset += 1
            guard let exponent = Self.exponent(of: text, at: &offset) else { return nil }
            power += exponent
        }
        guard offset == text.count else { return nil }
    }

    private mutating func takeDigits(of text: Span<UInt8>, at offset: inout Int, zeros: inout Int) {
        while offset < text.count, case let digit = text[offset] &- 0x30, digit < 10 {
            offset += 1
            if digit == 0 {
                if digits > 0 { zeros += 1 }
                continue
            }
            // Zeros within count only once a digit follows them.
            while zeros > 0, isExact {
                shift(adding: 0)
                zeros -= 1
            }
            if isExact { shift(adding: digit) }
        }
    }

    private mutating func shift(adding digit: UInt8) {
        let (tenfold, hasOverflown) = digits.multipliedReportingOverflow(by: 10)
        let (sum, hasOverflownToo) = tenfold.addingReportingOverflow(UInt64(digit))
        if hasOverflown || hasOverflownToo { isExact = false } else { digits = sum }
    }

    /// An exponent, cut where no number could use it.
    private static func exponent(of text: Span<UInt8>, at offset: inout Int) -> Int? {
        var isNegative = false
        if offset < text.count, text[offset] == 0x2B || text[offset] == 0x2D {
            isNegative = text[offset] == 0x2D
            offset += 1
        }
        let start = offset
        var exponent = 0
        while offset < text.count, case let digit = text[offset] &- 0x30, digit < 10 {
            if exponent < 1_000_000_000 { exponent = exponent * 10 + Int(digit) }
            offset += 1
        }
        guard offset > start else { return nil }
        return isNegative ? -exponent : exponent
    }

    /// Why a number is no whole one of the type wanted.
    enum Fault: Error { case isFraction, isOutOfRange }

    /// The number without its sign.
    func magnitude() throws(Fault) -> UInt64 {
        guard digits > 0 else { return 0 }
        guard isExact else { throw power < 0 ? .isFraction : .isOutOfRange }
        guard power >= 0 else { throw .isFraction }
        guard power < 20 else { throw .isOutOfRange }
        var value = digits
        for _ in 0..<power {
            let (product, hasOverflown) = value.multipliedReportingOverflow(by: 10)
            guard !hasOverflown else { throw .isOutOfRange }
            value = product
        }
        return value
    }

    /// The number, if both it and the power of ten are exact as doubles, so that one operation rounds right.
    var fastDouble: Double? {
        guard isExact, digits <= 1 << 53, (-22...22).contains(power) else { return digits == 0 ? signed(0.0) : nil }
        let value = Double(digits)
        return signed(power < 0 ? value / Self.powerOfTen(-power) : value * Self.powerOfTen(power))
    }

    /// The same for single precision.
    var fastFloat: Float? {
        guard isExact, digits <= 1 << 24, (-10...10).contains(power) else { return digits == 0 ? signed(0.0) : nil }
        let value = Float(digits)
        return signed(power < 0 ? value / Float(Self.powerOfTen(-power)) : value * Float(Self.powerOfTen(power)))
    }

    private func signed<Number: FloatingPoint>(_ value: Number) -> Number { isNegative ? -value : value }

    /// Exact up to 22.
    private static func powerOfTen(_ exponent: Int) -> Double {
        var value = 1.0
        for _ in 0..<exponent { value *= 10 }
        return value
    }
}

extension FieldType {
    /// A whole number as it is written on the wire: as 64 bits, of which forms of 4 bytes take the lower half.
    func wireBits(of number: DecimalNumber) throws(DecimalNumber.Fault) -> UInt64 {
        let magnitude = try number.magnitude()
        let limit: UInt64 =
            switch self {
            case .uint32, .fixed32: UInt64(UInt32.max)
            case .uint64, .fixed64: UInt64.max
            case .int64, .sint64, .sfixed64: UInt64(Int64.max)
            default: UInt64(Int32.max)
            }
        let isUnsigned = limit == UInt64(UInt32.max) || limit == UInt64.max
        guard magnitude <= limit || number.isNegative && !isUnsigned && magnitude == limit + 1,
            !isUnsigned || !number.isNegative || magnitude == 0
        else { throw .isOutOfRange }
        let bits = number.isNegative ? 0 &- magnitude : magnitude
        guard self == .sint32 || self == .sint64 else { return bits }
        // The sign goes to the lowest bit, so that small negative numbers are short.
        return bits << 1 ^ (number.isNegative && magnitude > 0 ? UInt64.max : 0)
    }
}
