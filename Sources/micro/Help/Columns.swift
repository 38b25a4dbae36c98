/// Two columns of text, as help has them.
enum Columns {
    /// The left column is no wider than this; a longer entry gets a line of its own.
    private static let maximumLeft = 28

    /// How wide the left column must be for these entries.
    static func width(of entries: [String]) -> Int {
        entries.map(\.count).filter { $0 <= maximumLeft }.max() ?? maximumLeft
    }

    /// Rows indented by two blanks, the right column wrapped.
    static func lines(_ rows: [(left: String, right: String)], left: Int, width: Int) -> [String] {
        let indentation = String(repeating: " ", count: left + 4)
        var lines: [String] = []
        for row in rows {
            var right = wrapped(row.right, width: width - left - 4)[...]
            if row.left.count > left {
                lines.append("  \(row.left)")
            } else {
                let gap = String(repeating: " ", count: left - row.left.count + 2)
                lines.append("  \(row.left)\(gap)\(right.popFirst() ?? "")")
            }
            lines += right.map { indentation + $0 }
        }
        return lines
    }

    /// Broken at blanks; a word longer than the width stays whole.
    static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
