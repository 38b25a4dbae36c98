internal import Glibc

/// A moment of the wall clock: seconds since 1970 and nanoseconds, without leap seconds. Dates are of the Gregorian
/// calendar and in UTC.
package struct Moment: Sendable, Equatable {
    /// Since 1970; negative before.
    package var seconds: Int
    /// Onwards from that second: 0 to 999,999,999.
    package var nanoseconds: Int32

    package init(seconds: Int, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// What the wall clock of the system shows.
    package static func now() -> Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Moment(seconds: time.tv_sec, nanoseconds: Int32(time.tv_nsec))
    }

    // MARK: The calendar

    /// How many days have begun since the first of January 1970, that day not counted; negative before.
    package var daysSince1970: Int { (seconds - secondOfDay) / Self.secondsOfDay }

    /// 0 to 86,399.
    package var secondOfDay: Int {
        let rest = seconds % Self.secondsOfDay
        return rest < 0 ? rest + Self.secondsOfDay : rest
    }

    /// 0 for a Sunday to 6 for a Saturday.
    package var weekday: Int {
        let day = (daysSince1970 + 4) % 7  // It began on a Thursday.
        return day < 0 ? day + 7 : day
    }

    /// Year, month and day, both counted from 1.
    ///
    /// Days are counted in eras of 400 years that begin on the first of March: leap days then come last, and the lengths
    /// of months follow one straight line.
    package var date: (year: Int, month: Int, day: Int) {
        let day = daysSince1970 + Self.daysBefore1970
        let era = (day >= 0 ? day : day - Self.daysOfEra + 1) / Self.daysOfEra
        let dayOfEra = day - era * Self.daysOfEra
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    /// The beginning of a day, or a second in it. Nil for what is in no calendar, and for years outside of 1 to 9999.
    package init?(year: Int, month: Int, day: Int, secondOfDay: Int = 0) {
        guard (1...9_999).contains(year), (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day),
            (0..<Self.secondsOfDay).contains(secondOfDay)
        else { return nil }
        let yearFromMarch = month <= 2 ? year - 1 : year
        let era = yearFromMarch / 400
        let yearOfEra = yearFromMarch - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * Self.daysOfEra + dayOfEra - Self.daysBefore1970
        self.init(seconds: days * Self.secondsOfDay + secondOfDay)
    }

    private static let secondsOfDay = 86_400
    private static let daysOfEra = 146_097
    /// Since the first of March of the year 0.
    private static let daysBefore1970 = 719_468

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
