/// Something wrong with what the program was told. All are found before anything starts, and all are reported at once.
struct Problem: Error, Equatable {
    enum Kind: Sendable {
        /// An unknown command, flag or argument.
        case usage
        /// A value that cannot be.
        case configuration
    }

    let kind: Kind
    /// What is wrong and what to write instead, as a sentence without a period.
    let sentence: String
    /// Lines that show the place of it, when it has one. Empty or ending in a line feed.
    var excerpt = ""

    /// For standard error. What has a place begins with it, so that editors find it.
    var text: String { excerpt.isEmpty ? "micro: \(sentence)\n" : "\(sentence)\n\(excerpt)" }

    static func usage(_ sentence: String) -> Problem { Problem(kind: .usage, sentence: sentence) }

    static func configuration(_ sentence: String) -> Problem { Problem(kind: .configuration, sentence: sentence) }
}

/// How the program ends.
enum ExitCode {
    static let success: Int32 = 0
    /// It was tried and did not work.
    static let failure: Int32 = 1
    /// An unknown command, flag or argument.
    static let usage: Int32 = 2
    /// Nobody who could answer was reached.
    static let unavailable: Int32 = 69
    /// A setting with a value that cannot be.
    static let configuration: Int32 = 78
    /// Ended by Ctrl-C.
    static let interrupted: Int32 = 130

    /// The code for these problems: usage goes first, as a value may be wrong only because of it.
    static func code(for problems: [Problem]) -> Int32 {
        guard !problems.isEmpty else { return success }
        return problems.contains { $0.kind == .usage } ? usage : configuration
    }
}
