/// A place in a text. Both numbers count from 1, and columns are Unicode scalars.
struct FilePlace: Sendable, Hashable {
    let line: Int
    let column: Int
}

/// The text of a configuration file, for sentences about places in it.
struct FileText: Sendable {
    /// Of a longer line only what is around the place is shown.
    private static let maximumShown = 100

    /// As the operator named the file.
    let path: String
    private let lines: [Substring]

    init(path: String, _ text: String) {
        self.path = path
        lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    }

    /// `FILE:LINE`, for whoever wants to know where a value came from.
    func name(of place: FilePlace) -> String { "\(path):\(place.line)" }

    /// One line, without its end. Empty when there is no such line.
    func scalars(ofLine number: Int) -> [Unicode.Scalar] {
        lines.indices.contains(number - 1) ? Array(lines[number - 1].unicodeScalars) : []
    }

    /// A sentence about a place, with its line and a mark under what is meant.
    ///
    /// - Parameter length: How many scalars are meant. What goes beyond the line is not marked.
    func problem(_ sentence: String, at place: FilePlace, length: Int = 1) -> Problem {
        Problem(
            kind: .configuration, sentence: "\(path):\(place.line):\(place.column): \(sentence)",
            excerpt: excerpt(at: place, length: length))
    }

    private func excerpt(at place: FilePlace, length: Int) -> String {
        // A text that ends too early is wrong behind its last line.
        guard lines.indices.contains(place.line - 1) else { return "" }
        let scalars = scalars(ofLine: place.line)
        let column = min(place.column - 1, scalars.count)
        let start = scalars.count <= Self.maximumShown ? 0 : max(0, column - Self.maximumShown / 2)
        let shown = scalars[start..<min(scalars.count, start + Self.maximumShown)]
        let number = String(place.line)
        let margin = String(repeating: " ", count: number.count)
        let end = min(column + max(1, length), shown.endIndex)
        // Tabs stay, so that the mark stands where the eye expects it.
        let before = shown[..<column].map { $0 == "\t" ? "\t" : " " }.joined()
        let marks = String(repeating: "^", count: max(1, end - column))
        return " \(number) | \(Self.printable(shown))\n \(margin) | \(before)\(marks)\n"
    }

    /// Without what would command a terminal.
    private static func printable(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = ""
        for scalar in scalars {
            let isControl = scalar.properties.generalCategory == .control && scalar != "\t"
            text.unicodeScalars.append(isControl ? "\u{fffd}" : scalar)
        }
        return text
    }
}
