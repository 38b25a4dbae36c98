/// Durations as Go writes them.
enum GoDuration {
    private static let units: [String: Double] = [
        "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3_600,
    ]

    /// `30s`, `1m30s`, `1.5h`. A number without a unit, which Go refuses, is in seconds. At most 64 bytes.
    static func parse(_ text: String) -> Duration? {
        guard text.utf8.count <= 64 else { return nil }
        if let seconds = Int32(text) { return .seconds(Int(seconds)) }
        var rest = text[...]
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0 == "." || ("0"..."9").contains($0) }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { $0 != "." && !("0"..."9").contains($0) }
            rest = rest.dropFirst(unit.count)
            guard let value = Double(number), let length = units[String(unit)] else { return nil }
            total += value * length
        }
        return total.isFinite && total < 1e12 ? .seconds(total) : nil
    }
}
