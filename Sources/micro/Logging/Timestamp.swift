import Glibc

/// A moment of the wall clock, in milliseconds since 1970, UTC.
struct Timestamp: Sendable, Equatable {
    let milliseconds: Int64

    init(milliseconds: Int64) { self.milliseconds = milliseconds }

    static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// RFC 3339 in UTC with milliseconds: `2026-11-21T06:49:20.123Z`.
    var rfc3339: String {
        let date = civilDate
        return "\(date.year.padded(4))-\(date.month.padded(2))-\(date.day.padded(2))T\(clock)Z"
    }

    /// The time of day in UTC: `06:49:20.123`.
    var clock: String {
        let ofDay = milliseconds.modulo(86_400_000)
        let (hour, minute, second) = (ofDay / 3_600_000, ofDay / 60_000 % 60, ofDay / 1_000 % 60)
        return "\(hour.padded(2)):\(minute.padded(2)):\(second.padded(2)).\((ofDay % 1_000).padded(3))"
    }

    /// The date in the Gregorian calendar, by days counted in eras of 400 years that begin on the first of March: leap
    /// days then come last, and the lengths of months follow one straight line.
    var civilDate: (year: Int64, month: Int64, day: Int64) {
        let daysInEra: Int64 = 146_097
        let daysFromYear0: Int64 = 719_468
        let day = (milliseconds - milliseconds.modulo(86_400_000)) / 86_400_000 + daysFromYear0
        let dayOfEra = day.modulo(daysInEra)
        let era = (day - dayOfEra) / daysInEra
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}

extension Int64 {
    /// The remainder that is never negative.
    fileprivate func modulo(_ divisor: Int64) -> Int64 {
        let rest = self % divisor
        return rest < 0 ? rest + divisor : rest
    }

    fileprivate func padded(_ width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}
