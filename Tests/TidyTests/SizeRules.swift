private let longestFile = 500
/// What nine of ten files stay under.
private let ordinaryFile = 300
private let longestFunction = 70

/// Functions that are longer for a reason.
///
/// Path and name, such as `Sources/HTTP/Method.swift known`, with the reason.
private let longFunctionsAllowed = [
    "Sources/HTTP/FieldName.swift candidate": "a table, written as a switch because that is what makes it fast"
]

enum SizeRules {
    static func longFiles(in files: [SourceFile]) -> [Violation] {
        let long = files.filter { $0.lineCount > longestFile }.map {
            Violation($0.path, "has \($0.lineCount) lines, the limit is \(longestFile); split it by subject")
        }
        let above = files.filter { $0.lineCount > ordinaryFile }.sorted { $0.lineCount > $1.lineCount }
        guard above.count * 10 > files.count, let longest = above.first else { return long }
        return long + [
            Violation(
                longest.path,
                "is one of \(above.count) files of \(files.count) with over \(ordinaryFile) lines; at most a tenth may be"
            )
        ]
    }

    static func longFunctions(in file: SourceFile) -> [Violation] {
        functions(of: file).filter { $0.length > longestFunction }
            .filter { function in !longFunctionsAllowed.keys.contains("\(file.path) \(function.name)") }
            .map { function in
                let excess = "has \(function.length) lines, the limit is \(longestFunction)"
                return Violation(file.path, function.line, "\(function.name) \(excess); give its steps names")
            }
    }

    struct Function: Equatable {
        let name: String
        let line: Int
        /// From the line with the name to the one with the closing brace.
        let length: Int
    }

    /// Every function, initializer and deinitializer that has a body, in the order in which they end.
    static func functions(of file: SourceFile) -> [Function] {
        var functions: [Function] = []
        var braces: [(name: String, line: Int)?] = []
        var pending: (name: String, line: Int, parentheses: Int)?
        var parentheses = 0
        var previous: Substring = ""
        for (offset, line) in file.code.enumerated() {
            for token in tokens(of: line) {
                switch token {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{":
                    let isBody = pending?.parentheses == parentheses
                    braces.append(isBody ? pending.map { ($0.name, $0.line) } : nil)
                    if isBody { pending = nil }
                case "}":
                    if let function = braces.popLast() ?? nil {
                        let length = offset + 2 - function.line
                        functions.append(Function(name: function.name, line: function.line, length: length))
                    }
                    if pending?.parentheses == parentheses { pending = nil }
                case "init" where previous != ".", "deinit": pending = (String(token), offset + 1, parentheses)
                // A requirement of a protocol has no body: what follows is not its.
                case "var", "subscript", "associatedtype": if pending?.parentheses == parentheses { pending = nil }
                default: if previous == "func" { pending = (String(token), offset + 1, parentheses) }
                }
                previous = token
            }
        }
        return functions
    }

    /// Words, names in backticks, and single other characters.
    private static func tokens(of line: Substring) -> [Substring] {
        var tokens: [Substring] = []
        var rest = line.drop { $0 == " " }
        while let first = rest.first {
            let isWord = { (character: Character) in character.isLetter || character.isNumber || character == "_" }
            let length =
                first == "`"
                ? (rest.dropFirst().firstIndex(of: "`").map { rest.distance(from: rest.startIndex, to: $0) } ?? 0) + 1
                : max(rest.prefix(while: isWord).count, 1)
            tokens.append(rest.prefix(length))
            rest = rest.dropFirst(length).drop { $0 == " " }
        }
        return tokens
    }
}
