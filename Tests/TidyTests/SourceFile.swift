/// A Swift file of the tree, as text and as code without its comments and texts.
struct SourceFile: Sendable {
    /// Relative to the root of the repository: `Sources/HTTP/Method.swift`.
    let path: String
    /// The lines as they are.
    let lines: [Substring]
    /// The lines with comments and the inside of string literals as blanks; quotation marks stay.
    let code: [Substring]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = CodeReader.code(in: text).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// Lines of the file, not counting what follows the last line break.
    var lineCount: Int { lines.last == "" ? lines.count - 1 : lines.count }
}

/// Something that a house rule forbids: where, and what to do.
struct Violation: Sendable, Equatable, CustomStringConvertible {
    let path: String
    /// Counted from 1; nil when the file as a whole is meant.
    let line: Int?
    let advice: String

    init(_ path: String, _ advice: String) { self.init(path, nil, advice) }

    init(_ path: String, _ line: Int?, _ advice: String) {
        (self.path, self.line, self.advice) = (path, line, advice)
    }

    var description: String { "\(path):\(line.map { "\($0):" } ?? "") \(advice)" }
}
