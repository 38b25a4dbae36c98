internal import Bytes

/// The field `Retry-After` (RFC 9110, 10.2.3).
enum RetryAfter {
    /// Reads a date or a number of seconds. Returns how many seconds to wait, 0 for a date that is over; nil for what is
    /// neither.
    static func seconds(_ text: String, now: Int) -> Int? {
        if let seconds = Int(text) { return max(0, seconds) }
        // Such as `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that is still made. Its order is all that RFC 3339 has not.
        let words = text.split(separator: " ")
        guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT",
            let month = months.firstIndex(where: { $0 == words[2] })
        else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        let date = Moment.seconds("\(words[3])-\(number)-\(words[1])T\(words[4])Z")
        return date.map { max(0, $0 - now) }
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}

extension Moment {
    /// Reads a moment of RFC 3339, with any offset. Fractions of a second are left out.
    static func seconds(_ text: String) -> Int? { Moment(rfc3339: text.utf8.span)?.seconds }
}
