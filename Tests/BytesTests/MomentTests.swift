import Bytes
import Testing

struct MomentTests {
    @Test(
        "a moment is written in UTC, on either side of leap days and of 1970, and read again",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_709_164_799_999, "2024-02-28T23:59:59.999Z"), (1_709_251_199_001, "2024-02-29T23:59:59.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (1_795_243_760_123, "2026-11-21T06:49:20.123Z"),
            (-2_208_988_800_000, "1900-01-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
        ])
    func text(milliseconds: Int, text: String) {
        let (seconds, rest) = milliseconds.dividedRoundingDown(by: 1_000)
        let moment = Moment(seconds: seconds, nanoseconds: Int32(rest) * 1_000_000)
        #expect(moment.text(.milliseconds) == text)
        #expect(moment.text() == text.prefix(19) + "Z")
        #expect(moment.day == text.prefix(10))
        #expect(moment.clock == text.dropFirst(11).dropLast())
        #expect(Moment(rfc3339: text.utf8.span) == moment)
    }

    @Test(
        "the shortest text has none, three, six or nine digits of a second",
        arguments: [
            (0, ""), (1, ".000000001"), (1_000, ".000001"), (20_000_000, ".020"), (123_456_000, ".123456"),
            (999_999_999, ".999999999"),
        ])
    func fraction(nanoseconds: Int32, digits: String) {
        let moment = Moment(seconds: 0, nanoseconds: nanoseconds)
        #expect(moment.text(.shortest) == "1970-01-01T00:00:00\(digits)Z")
        #expect(Moment(rfc3339: moment.text(.shortest).utf8.span) == moment)
    }

    @Test func `every day follows the one before, and is found again by its date`() {
        var before = Moment(seconds: -86_400).date
        for day in 0..<150_000 {
            let moment = Moment(seconds: day * 86_400)
            let date = moment.date
            let isNextDay = date.day == before.day + 1 && date.month == before.month && date.year == before.year
            let isNextMonth = date.day == 1 && date.month == before.month + 1 && date.year == before.year
            let isNextYear = date.day == 1 && date.month == 1 && before.month == 12 && date.year == before.year + 1
            guard isNextDay || isNextMonth || isNextYear, moment.daysSince1970 == day,
                Moment(year: date.year, month: date.month, day: date.day) == moment
            else {
                Issue.record("\(before) is followed by \(date)")
                return
            }
            before = date
        }
    }

    @Test(
        "each day has its place in the week",
        arguments: [
            (1970, 1, 1, 4), (1969, 12, 31, 3), (1969, 12, 28, 0), (1994, 11, 6, 0), (2000, 2, 29, 2),
            (2026, 11, 21, 6),
            (1, 1, 1, 1),
        ])
    func weekday(year: Int, month: Int, day: Int, weekday: Int) {
        #expect(Moment(year: year, month: month, day: day)?.weekday == weekday)
    }

    @Test(
        "what is in no calendar is no moment",
        arguments: [
            (0, 1, 1), (10_000, 1, 1), (2026, 0, 1), (2026, 13, 1), (2026, 4, 31), (2026, 2, 29), (1900, 2, 29),
        ])
    func noDate(year: Int, month: Int, day: Int) {
        #expect(Moment(year: year, month: month, day: day) == nil)
    }

    @Test(
        "offsets are taken off",
        arguments: [
            ("1970-01-01T01:00:10.75+01:00", 10), ("1970-01-01T00:00:10-00:30", 1_810),
            ("1969-12-31T23:59:59-23:59", 86_339),
        ])
    func offsets(text: String, seconds: Int) {
        #expect(Moment(rfc3339: text.utf8.span)?.seconds == seconds)
    }

    @Test(
        "other texts are no moments",
        arguments: [
            "1970-01-01t00:00:10z", "1970-01-01T00:00:10", "1970-01-01T00:00:10+1", "1970-01-01T24:00:00Z",
            "1970-01-01T00:60:00Z", "1970-01-01T23:59:60Z", "1970-1-1T00:00:00Z", "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00.1234567890Z", "1970-01-01T00:00:00+24:00", " 1970-01-01T00:00:00Z",
            "+970-01-01T00:00:00Z", "1970-01-01T00:00:00ZZ",
        ])
    func noMoment(text: String) {
        #expect(Moment(rfc3339: text.utf8.span) == nil)
    }

    @Test func `a text that is cut anywhere is no moment`() {
        let text = Array("2026-11-21T06:49:20.123+01:00".utf8)
        #expect(Moment(rfc3339: text.span) != nil)
        for length in text.indices { #expect(Moment(rfc3339: text.span.extracting(0..<length)) == nil) }
    }

    @Test func `now is after this was written`() { #expect(Moment.now().seconds > 1_795_000_000) }
}

extension Int {
    fileprivate func dividedRoundingDown(by divisor: Int) -> (Int, Int) {
        let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }
}
