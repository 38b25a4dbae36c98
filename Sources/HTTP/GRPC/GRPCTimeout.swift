/// The value of `grpc-timeout`: one to eight digits and a unit, the time that is left for a call.
package enum GRPCTimeout {
    private static let attosecondsPerNanosecond: Int128 = 1_000_000_000
    /// The finest first, in nanoseconds.
    private static let units: [(letter: UInt8, nanoseconds: Int128)] = [
        (UInt8(ascii: "n"), 1), (UInt8(ascii: "u"), 1_000), (UInt8(ascii: "m"), 1_000_000),
        (UInt8(ascii: "S"), 1_000_000_000), (UInt8(ascii: "M"), 60_000_000_000), (UInt8(ascii: "H"), 3_600_000_000_000),
    ]

    /// The time a value stands for, at most 99,999,999 hours. 0 is a time too, and over at once.
    ///
    /// - Returns: Nil when it is not one to eight digits and a unit.
    package static func decode(_ value: Span<UInt8>) -> Duration? {
        guard (2...9).contains(value.count) else { return nil }
        let letter = value[value.count - 1]
        guard let unit = units.first(where: { $0.letter == letter }) else { return nil }
        var number: Int128 = 0
        for index in 0..<(value.count - 1) {
            guard value[index].isDigit else { return nil }
            number = number * 10 + Int128(value[index] &- 0x30)
        }
        let (seconds, rest) = (number * unit.nanoseconds).quotientAndRemainder(dividingBy: 1_000_000_000)
        return .seconds(Int64(seconds)) + .nanoseconds(Int64(rest))
    }

    /// The value for a time, in the finest unit that fits. What does not fit is cut off, never rounded up, so that a
    /// deadline does not grow from hop to hop. `0n` for a time that is over, 99,999,999 hours for longer ones.
    package static func encode(_ time: Duration) -> String {
        let (seconds, attoseconds) = time.components
        let nanoseconds = Int128(seconds) * 1_000_000_000 + Int128(attoseconds) / attosecondsPerNanosecond
        guard nanoseconds > 0 else { return "0n" }
        for unit in units where nanoseconds / unit.nanoseconds <= 99_999_999 {
            return "\(nanoseconds / unit.nanoseconds)\(Character(UnicodeScalar(unit.letter)))"
        }
        return "99999999H"
    }
}
