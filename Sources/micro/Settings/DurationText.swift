/// Durations as people type them.
enum DurationText {
    /// Reads `5s`, `500ms`, `1m30s`, `1.5h` as Go does, or plain seconds. Nil for anything else, and for more than 290
    /// years. There are no negative durations.
    static func parse(_ text: String) -> Duration? {
        var rest = text[...]
        var total: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCIIDigit || $0 == "." }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !$0.isASCIIDigit && $0 != "." }
            rest = rest.dropFirst(unit.count)
            let isPlain = unit.isEmpty && number.count == text.count
            guard let size = isPlain ? 1_000_000_000 : nanoseconds(in: unit),
                let part = nanoseconds(number, unit: size)
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        return .nanoseconds(total)
    }

    /// Such as `1h`, `1m30s`, `5s`, `1.5s` or `500ms`: what `parse` takes.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = attoseconds / 1_000_000_000
        if seconds == 0, nanoseconds > 0 {
            if nanoseconds % 1_000_000 == 0 { return "\(nanoseconds / 1_000_000)ms" }
            return nanoseconds % 1_000 == 0 ? "\(nanoseconds / 1_000)us" : "\(nanoseconds)ns"
        }
        var text = ""
        if seconds >= 3_600 { text += "\(seconds / 3_600)h" }
        if seconds % 3_600 >= 60 { text += "\(seconds % 3_600 / 60)m" }
        if seconds % 60 > 0 || nanoseconds > 0 { text += "\(seconds % 60)\(fraction(nanoseconds))s" }
        return text.isEmpty ? "0s" : text
    }

    private static func fraction(_ nanoseconds: Int64) -> String {
        guard nanoseconds > 0 else { return "" }
        let digits = String(nanoseconds)
        var text = String(repeating: "0", count: 9 - digits.count) + digits
        while text.hasSuffix("0") { text.removeLast() }
        return ".\(text)"
    }

    private static func nanoseconds(in unit: Substring) -> Int64? {
        switch unit {
        case "ns": 1
        case "us", "µs", "μs": 1_000
        case "ms": 1_000_000
        case "s": 1_000_000_000
        case "m": 60_000_000_000
        case "h": 3_600_000_000_000
        default: nil
        }
    }

    /// Digits beyond the ninth of a fraction are dropped.
    private static func nanoseconds(_ number: Substring, unit: Int64) -> Int64? {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), !(parts.allSatisfy(\.isEmpty)) else { return nil }
        guard let whole = parts[0].isEmpty ? 0 : Int64(parts[0]) else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        var fraction: Int64 = 0
        var scale = unit
        for digit in parts.count == 2 ? parts[1].prefix(9) : "" {
            fraction += Int64(digit.wholeNumberValue ?? 0) * scale / 10
            // The remainder of the division is lost only below a nanosecond.
            scale /= 10
        }
        return product.addingReportingOverflow(fraction).overflow ? nil : product + fraction
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { "0" <= self && self <= "9" && isASCII }
}
