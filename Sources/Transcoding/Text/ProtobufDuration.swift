import Bytes

/// A time span as `google.protobuf.Duration` has it. Both parts have one sign.
struct ProtobufDuration: Equatable {
    var seconds: Int64
    var nanoseconds: Int32

    /// Ten thousand years.
    static let range: ClosedRange<Int64> = -315_576_000_000...315_576_000_000

    var isValid: Bool {
        Self.range.contains(seconds) && (-999_999_999...999_999_999).contains(nanoseconds)
            && (seconds == 0 || nanoseconds == 0 || (seconds < 0) == (nanoseconds < 0))
    }

    init(seconds: Int64, nanoseconds: Int32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Reads `-1.000340012s`; nil for anything else.
    init?(_ text: Span<UInt8>) {
        var scanner = DigitScanner(text)
        let isNegative = scanner.takeByte(0x2D)
        guard let whole = scanner.takeNumber(), let fraction = scanner.takeFraction(), scanner.takeByte(0x73),
            scanner.isAtEnd
        else { return nil }
        seconds = Int64(isNegative ? -whole : whole)
        nanoseconds = Int32(isNegative ? -fraction : fraction)
        guard isValid else { return nil }
    }

    /// Appends it, which must be valid, without quotation marks.
    func append(to buffer: inout ByteBuffer) {
        if seconds < 0 || nanoseconds < 0 { buffer.append(0x2D) }
        buffer.append(decimal: Int(seconds.magnitude))
        buffer.appendFraction(Int32(nanoseconds.magnitude), .shortest)
        buffer.append(0x73)
    }
}

extension Moment {
    /// From the first second of the year 1 to the last of 9999: what `google.protobuf.Timestamp` allows.
    var isProtobufTimestamp: Bool {
        (-62_135_596_800...253_402_300_799).contains(seconds) && (0...999_999_999).contains(nanoseconds)
    }
}
