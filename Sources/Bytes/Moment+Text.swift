/// How logs, protocols and people write moments (RFC 3339).
extension Moment {
    /// How much of a second is written.
    package enum Precision: Sendable {
        /// `2026-11-21T06:49:20Z`.
        case seconds
        /// `2026-11-21T06:49:20.123Z`.
        case milliseconds
        /// As many digits as there are, in groups of three: none, three, six or nine.
        case shortest
    }

    /// In UTC, such as `2026-11-21T06:49:20Z`.
    package func text(_ precision: Precision = .seconds) -> String {
        var buffer = ByteBuffer()
        append(to: &buffer, precision)
        return buffer.text
    }

    /// The day in UTC, such as `2026-11-21`.
    package var day: String {
        var buffer = ByteBuffer()
        appendDate(to: &buffer)
        return buffer.text
    }

    /// The time of day in UTC with milliseconds, such as `06:49:20.123`.
    package var clock: String {
        var buffer = ByteBuffer()
        appendClock(to: &buffer)
        buffer.appendFraction(nanoseconds, .milliseconds)
        return buffer.text
    }

    /// Appends what `text(_:)` returns, without quotation marks.
    package func append(to buffer: inout ByteBuffer, _ precision: Precision = .seconds) {
        appendDate(to: &buffer)
        buffer.append("T")
        appendClock(to: &buffer)
        buffer.appendFraction(nanoseconds, precision)
        buffer.append("Z")
    }

    private func appendDate(to buffer: inout ByteBuffer) {
        let date = date
        buffer.append(decimal: date.year, digits: 4)
        buffer.append("-")
        buffer.append(decimal: date.month, digits: 2)
        buffer.append("-")
        buffer.append(decimal: date.day, digits: 2)
    }

    /// Appends the time of day without a fraction, such as `06:49:20`.
    package func appendClock(to buffer: inout ByteBuffer) {
        let second = secondOfDay
        buffer.append(decimal: second / 3_600, digits: 2)
        buffer.append(":")
        buffer.append(decimal: second / 60 % 60, digits: 2)
        buffer.append(":")
        buffer.append(decimal: second % 60, digits: 2)
    }

    /// Reads `1972-01-01T10:00:20.021Z` or `...+01:00` (RFC 3339, 5.6); nil for anything else. Letters are capitals,
    /// fractions have at most nine digits, and leap seconds are refused.
    package init?(rfc3339 text: Span<UInt8>) {
        var scanner = DigitScanner(text)
        guard let year = scanner.takeDigits(4), scanner.takeByte(0x2d), let month = scanner.takeDigits(2),
            scanner.takeByte(0x2d), let day = scanner.takeDigits(2), scanner.takeByte(0x54),
            let second = scanner.takeClock(), let fraction = scanner.takeFraction(), let zone = scanner.takeZone(),
            scanner.isAtEnd, let moment = Moment(year: year, month: month, day: day, secondOfDay: second)
        else { return nil }
        self.init(seconds: moment.seconds - zone, nanoseconds: Int32(fraction))
    }
}

extension ByteBuffer {
    /// Appends the digits of a fraction of a second and the point before them; nothing where there are none.
    ///
    /// - Parameter nanoseconds: 0 to 999,999,999.
    package mutating func appendFraction(_ nanoseconds: Int32, _ precision: Moment.Precision) {
        let fraction = Int(nanoseconds)
        let digits =
            switch precision {
            case .seconds: 0
            case .milliseconds: 3
            case .shortest where fraction == 0: 0
            case .shortest: fraction % 1_000_000 == 0 ? 3 : fraction % 1_000 == 0 ? 6 : 9
            }
        guard digits > 0 else { return }
        append(".")
        append(decimal: fraction / (digits == 3 ? 1_000_000 : digits == 6 ? 1_000 : 1), digits: digits)
    }
}
