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
        code = Self.blankingTexts(in: text).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// Lines of the file, not counting what follows the last line break.
    var lineCount: Int { lines.last == "" ? lines.count - 1 : lines.count }

    private enum Mode: Equatable {
        case code(parentheses: Int)
        case lineComment
        case blockComment(depth: Int)
        case text(quotes: Int, hashes: Int)
    }

    /// A small lexer: enough to know what is code. Interpolations are code; regular expression literals are not known.
    private static func blankingTexts(in text: String) -> String {
        let bytes = Array(text.utf8) + [0, 0, 0]
        let end = bytes.count - 3
        var output: [UInt8] = []
        output.reserveCapacity(end)
        var modes = [Mode.code(parentheses: 0)]
        var index = 0

        /// Copies that many bytes, or as many blanks.
        func take(_ count: Int, asBlanks: Bool) {
            for byte in bytes[index..<min(index + count, end)] { output.append(asBlanks && byte != 10 ? 32 : byte) }
            index += count
        }
        func begins(_ word: StaticString) -> Bool {
            for offset in 0..<word.utf8CodeUnitCount
            where index + offset >= end || bytes[index + offset] != word.utf8Start[offset] {
                return false
            }
            return true
        }

        while index < end {
            switch modes[modes.count - 1] {
            case .code(let parentheses):
                var hashes = 0
                while bytes[index + hashes] == UInt8(ascii: "#") { hashes += 1 }
                if begins("//") {
                    modes.append(.lineComment)
                    take(2, asBlanks: true)
                } else if begins("/*") {
                    modes.append(.blockComment(depth: 1))
                    take(2, asBlanks: true)
                } else if bytes[index + hashes] == UInt8(ascii: "\"") {
                    take(hashes, asBlanks: false)
                    let quotes = begins("\"\"\"") ? 3 : 1
                    modes.append(.text(quotes: quotes, hashes: hashes))
                    take(quotes, asBlanks: false)
                } else {
                    let byte = bytes[index]
                    if byte == UInt8(ascii: "(") { modes[modes.count - 1] = .code(parentheses: parentheses + 1) }
                    if byte == UInt8(ascii: ")") {
                        // The closing parenthesis of an interpolation belongs to the text around it.
                        if parentheses == 0, modes.count > 1 {
                            modes.removeLast()
                        } else {
                            modes[modes.count - 1] = .code(parentheses: parentheses - 1)
                        }
                    }
                    take(1, asBlanks: false)
                }
            case .lineComment:
                if bytes[index] == 10 { modes.removeLast() }
                take(1, asBlanks: true)
            case .blockComment(let depth):
                let change = begins("/*") ? 1 : begins("*/") ? -1 : 0
                take(change == 0 ? 1 : 2, asBlanks: true)
                modes[modes.count - 1] = .blockComment(depth: depth + change)
                if depth + change == 0 { modes.removeLast() }
            case .text(let quotes, let hashes):
                let delimiter = Array(repeating: UInt8(ascii: "#"), count: hashes)
                let escape = [UInt8(ascii: "\\")] + delimiter
                if bytes[index...].starts(with: Array(repeating: UInt8(ascii: "\""), count: quotes) + delimiter) {
                    modes.removeLast()
                    take(quotes + hashes, asBlanks: false)
                } else if bytes[index...].starts(with: escape) {
                    let isInterpolation = bytes[index + escape.count] == UInt8(ascii: "(")
                    take(escape.count + 1, asBlanks: !isInterpolation)
                    if isInterpolation { modes.append(.code(parentheses: 0)) }
                } else {
                    take(1, asBlanks: true)
                }
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
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
