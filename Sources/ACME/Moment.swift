internal import Glibc

/// Moments as ACME and HTTP write them; seconds since 1970.
package enum Moment {
    /// In UTC (RFC 3339), such as `2026-01-31T12:00:00Z`.
    package static func text(_ seconds: Int) -> String {
        var (moment, parts) = (time_t(seconds), tm())
        gmtime_r(&moment, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let length = strftime(&text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Reads a moment of RFC 3339, with any offset. Fractions of a second are left out.
    static func parse(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == 0x2d, bytes[7] == 0x2d, bytes[10] | 0x20 == 0x74, bytes[13] == 0x3a,
            bytes[16] == 0x3a, let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
            let day = number(bytes[8..<10]), let clock = clock(bytes[11..<19])
        else { return nil }
        var offset = text.dropFirst(19)
        if offset.first == "." { offset = offset.dropFirst().drop { $0.isNumber } }
        guard let shift = shift(offset) else { return nil }
        return seconds(year, month, day).map { $0 + clock - shift }
    }

    /// Reads `Retry-After` (RFC 9110, 10.2.3), a date or a number of seconds. Returns how many seconds to wait.
    static func parseRetryAfter(_ text: String, now: Int) -> Int? {
        if let seconds = Int(text) { return max(0, seconds) }
        // Such as `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that is still made.
        let words = text.split(separator: " ")
        guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT", words[4].utf8.count == 8,
            let day = number(words[1].utf8), let month = months.firstIndex(where: { $0 == words[2] }),
            let year = number(words[3].utf8), let clock = clock(Array(words[4].utf8)[...]),
            let date = seconds(year, month + 1, day)
        else { return nil }
        return max(0, date + clock - now)
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// The beginning of a day.
    private static func seconds(_ year: Int, _ month: Int, _ day: Int) -> Int? {
        guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (CInt(year - 1900), CInt(month - 1), CInt(day))
        return timegm(&parts)
    }

    /// `23:59:59`, in seconds.
    private static func clock(_ bytes: ArraySlice<UInt8>) -> Int? {
        let fields = bytes.split(separator: 0x3a, omittingEmptySubsequences: false)
        guard fields.count == 3, let hours = number(fields[0]), let minutes = number(fields[1]),
            let seconds = number(fields[2]), hours < 24, minutes < 60, seconds <= 60
        else { return nil }
        return hours * 3_600 + minutes * 60 + seconds
    }

    /// Digits and nothing else, which `Int` would not insist on.
    private static func number(_ digits: some Collection<UInt8>) -> Int? {
        guard (1...4).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// `Z` or `+01:00`, in seconds.
    private static func shift(_ text: Substring) -> Int? {
        if text == "Z" || text == "z" { return 0 }
        let fields = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
        guard let sign = text.first, sign == "+" || sign == "-", fields.count == 2, let hours = number(fields[0].utf8),
            let minutes = number(fields[1].utf8), hours < 24, minutes < 60
        else { return nil }
        return (hours * 3_600 + minutes * 60) * (sign == "-" ? -1 : 1)
    }
}
