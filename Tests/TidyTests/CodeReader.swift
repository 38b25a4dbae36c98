/// Tells code from comments and texts, which become blanks. Line breaks and quotation marks stay, so that every line and
/// column is where it was.
///
/// Enough of a lexer for that: nested comments, raw and long literals, interpolations, which are code, and regular
/// expressions between slashes.
struct CodeReader {
    private enum Mode: Equatable {
        case code(parentheses: Int)
        case lineComment
        case blockComment(depth: Int)
        case text(quotes: Int, hashes: Int)
        case expression
    }

    private let bytes: [UInt8]
    private var index = 0
    private var output: [UInt8] = []
    /// The innermost last.
    private var modes = [Mode.code(parentheses: 0)]

    static func code(in text: String) -> String {
        var reader = CodeReader(bytes: Array(text.utf8))
        while reader.index < reader.bytes.count {
            reader.takeOrdinary()
            if reader.index < reader.bytes.count { reader.step() }
        }
        return String(decoding: reader.output, as: UTF8.self)
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        output.reserveCapacity(bytes.count)
    }

    /// Takes what means nothing special in any mode: nearly everything, so this is where the time goes.
    private mutating func takeOrdinary() {
        let isBlanked = if case .code = modes[modes.count - 1] { false } else { true }
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\n"), UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "("), UInt8(ascii: ")"),
                UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "\\"):
                return
            default:
                output.append(isBlanked ? UInt8(ascii: " ") : bytes[index])
                index += 1
            }
        }
    }

    private mutating func step() {
        switch modes[modes.count - 1] {
        case .code(let parentheses): stepInCode(parentheses: parentheses)
        case .lineComment:
            if bytes[index] == UInt8(ascii: "\n") { modes.removeLast() }
            take(1, asBlanks: true)
        case .blockComment(let depth):
            let change = begins("/*") ? 1 : begins("*/") ? -1 : 0
            take(change == 0 ? 1 : 2, asBlanks: true)
            if depth + change == 0 { modes.removeLast() } else { replaceMode(.blockComment(depth: depth + change)) }
        case .text(let quotes, let hashes): stepInText(quotes: quotes, hashes: hashes)
        case .expression:
            if begins("/") || begins("\n") { modes.removeLast() }
            take(begins("\\") ? 2 : 1, asBlanks: !begins("/"))
        }
    }

    private mutating func stepInCode(parentheses: Int) {
        let hashes = bytes[index...].prefix { $0 == UInt8(ascii: "#") }.count
        if begins("//") {
            modes.append(.lineComment)
        } else if begins("/*") {
            modes.append(.blockComment(depth: 1))
            take(2, asBlanks: true)
        } else if begins("\"", after: hashes) {
            let quotes = begins("\"\"\"", after: hashes) ? 3 : 1
            modes.append(.text(quotes: quotes, hashes: hashes))
            take(hashes + quotes, asBlanks: false)
        } else if begins("/"), beginsExpression {
            modes.append(.expression)
            take(1, asBlanks: false)
        } else {
            let change = begins("(") ? 1 : begins(")") ? -1 : 0
            // The parenthesis that closes an interpolation goes back to the text around it.
            if parentheses + change < 0, modes.count > 1 {
                modes.removeLast()
            } else {
                replaceMode(.code(parentheses: parentheses + change))
            }
            take(1, asBlanks: false)
        }
    }

    private mutating func stepInText(quotes: Int, hashes: Int) {
        let marks = String(repeating: "#", count: hashes)
        if begins(String(repeating: "\"", count: quotes) + marks) {
            modes.removeLast()
            take(quotes + hashes, asBlanks: false)
        } else if begins("\\" + marks) {
            let isInterpolation = begins("(", after: 1 + hashes)
            take(2 + hashes, asBlanks: !isInterpolation)
            if isInterpolation { modes.append(.code(parentheses: 0)) }
        } else {
            take(1, asBlanks: true)
        }
    }

    /// Whether a slash here is no division: it stands where a value begins, and right before something.
    private var beginsExpression: Bool {
        let before = output.last { $0 != UInt8(ascii: " ") }
        let isBeforeBlank = begins(" ", after: 1) || begins("\n", after: 1)
        return !isBeforeBlank && before.map { "(,=:[{\n".utf8.contains($0) } ?? true
    }

    private func begins(_ word: String, after distance: Int = 0) -> Bool {
        bytes[min(index + distance, bytes.count)...].starts(with: word.utf8)
    }

    private mutating func replaceMode(_ mode: Mode) { modes[modes.count - 1] = mode }

    /// Copies that many bytes, or a blank for each.
    private mutating func take(_ count: Int, asBlanks: Bool) {
        for byte in bytes[index..<min(index + count, bytes.count)] {
            output.append(asBlanks && byte != UInt8(ascii: "\n") ? UInt8(ascii: " ") : byte)
        }
        index += count
    }
}
