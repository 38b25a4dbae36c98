internal import Bytes
internal import Glibc

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
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        var parts = tm()
        gmtime_r(&wall.tv_sec, &parts)
        text.removeAll()
        text.append("Date: \(Self.days[Int(parts.tm_wday)]), \(Self.two(parts.tm_mday)) ")
        text.append("\(Self.months[Int(parts.tm_mon)]) \(parts.tm_year + 1_900) ")
        text.append("\(Self.two(parts.tm_hour)):\(Self.two(parts.tm_min)):\(Self.two(parts.tm_sec)) GMT\r\n")
        validUntil = now + .nanoseconds(1_000_000_000 - Int(wall.tv_nsec))
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
