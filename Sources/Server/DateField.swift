internal import Bytes

/// The line `Date: Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 6.6.1), made once a second for each loop.
final class DateField {
    private var text = ByteBuffer()
    private var validUntil: ContinuousClock.Instant?

    /// The line with its line end.
    ///
    /// - Parameter now: The loop's time, which tells whether a second has passed.
    func line(at now: ContinuousClock.Instant) -> ByteBuffer {
        if validUntil.map({ now >= $0 }) ?? true { update(now) }
        return text
    }

    private func update(_ now: ContinuousClock.Instant) {
        let wall = Moment.now()
        let date = wall.date
        text.removeAll()
        text.append("Date: ")
        text.append(Self.days[wall.weekday])
        text.append(", ")
        text.append(decimal: date.day, digits: 2)
        text.append(Self.months[date.month - 1])
        text.append(decimal: date.year, digits: 4)
        text.append(" ")
        wall.appendClock(to: &text)
        text.append(" GMT\r\n")
        validUntil = now + .nanoseconds(1_000_000_000 - Int(wall.nanoseconds))
    }

    private static let days: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months: [StaticString] = [
        " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec ",
    ]
}
