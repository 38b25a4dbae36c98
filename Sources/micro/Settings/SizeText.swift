/// Sizes in bytes as people type them.
enum SizeText {
    private static let units: [(name: String, size: Int)] = [
        ("GIB", 1 << 30), ("MIB", 1 << 20), ("KIB", 1 << 10),
        ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("B", 1),
    ]

    /// Reads `4MiB`, `64 KiB`, `1MB`, `512B` or plain bytes, without regard to case. Nil for anything else.
    static func parse(_ text: String) -> Int? {
        let upper = text.uppercased()
        let unit = units.first { upper.hasSuffix($0.name) }
        let digits = upper.dropLast(unit?.name.count ?? 0).trimmingBlanks
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits) else {
            return nil
        }
        let (size, overflow) = number.multipliedReportingOverflow(by: unit?.size ?? 1)
        return overflow ? nil : size
    }

    /// In the largest binary unit that needs no fraction: `4MiB`, `1000B`.
    static func text(_ size: Int) -> String {
        for (name, unit) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] where size >= unit {
            if size % unit == 0 { return "\(size / unit)\(name)" }
        }
        return "\(size)B"
    }
}
