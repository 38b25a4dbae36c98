/// Declarations that speak for themselves where their type has a comment; the examples of our style leave them bare too.
private let selfExplaining: Set<Substring> = ["let", "var", "init", "case"]
/// Functions that Swift's own protocols ask for.
private let standardRequirements: Set<String> = [
    "==", "<", "hash", "encode", "enqueue", "next", "makeIterator", "makeAsyncIterator",
    "isIsolatingCurrentContext", "checkIsolated",
]

enum DocumentationRules {
    /// Types and functions that other modules see, without a comment. A function that a contract of ours asks for has
    /// its comment there.
    static func undocumented(in file: SourceFile, requirements: Set<String>) -> [Violation] {
        file.code.enumerated().compactMap { offset, line in
            guard let declaration = declaration(in: line), !selfExplaining.contains(declaration.kind) else {
                return nil
            }
            if requirements.contains(declaration.name) || standardRequirements.contains(declaration.name) { return nil }
            var above = offset - 1
            while above >= 0, file.lines[above].drop(while: { $0 == " " }).hasPrefix("@") { above -= 1 }
            guard above < 0 || !file.lines[above].drop(while: { $0 == " " }).hasPrefix("///") else { return nil }
            return Violation(
                file.path, offset + 1,
                "\(declaration.kind) \(declaration.name) has no comment; say what it is for, its limits and errors after ///"
            )
        }
    }

    /// The names of functions that protocols in these files ask for.
    static func requirements(in files: [SourceFile]) -> Set<String> {
        var names: Set<String> = []
        for file in files {
            var end: String?
            for line in file.code {
                let indentation = line.prefix { $0 == " " }
                if end == nil, declaration(in: line)?.kind == "protocol", !line.hasSuffix("}") {
                    end = indentation + "}"
                }
                if line == end ?? "" { end = nil }
                if end != nil, let range = line.firstRange(of: "func ") {
                    names.insert(String(line[range.upperBound...].prefix { $0 != "(" && $0 != "<" }))
                }
            }
        }
        return names
    }

    /// The kind and the name of what a line declares for other modules; nil when it declares nothing for them.
    private static func declaration(in line: Substring) -> (kind: Substring, name: String)? {
        let kinds: Set<Substring> = [
            "actor", "case", "class", "enum", "func", "init", "let", "protocol", "struct", "subscript", "typealias",
            "var",
        ]
        let words = line.split { " :(<{".contains($0) }
        guard let package = words.firstIndex(of: "package"), !words.contains("import"), !words.contains("extension"),
            let kind = words[package...].firstIndex(where: { kinds.contains($0) })
        else { return nil }
        let isClassFunction = words[kind] == "class" && kind + 1 < words.count && words[kind + 1] == "func"
        let place = isClassFunction ? kind + 1 : kind
        return (words[place], place + 1 < words.count ? String(words[place + 1]) : "")
    }

    /// Tests whose name is not a sentence.
    static func unnamedTests(in file: SourceFile) -> [Violation] {
        var violations: [Violation] = []
        for (offset, line) in file.code.enumerated() {
            guard let attribute = line.firstRange(of: "@Test") else { continue }
            let isLonger = line[attribute.upperBound...].first?.isLetter ?? false
            guard !isLonger, !line[..<attribute.lowerBound].hasSuffix("`") else { continue }
            // The attribute and the name of the function: what stands up to the word func.
            let text = file.lines[offset...].joined(separator: "\n")
            guard let start = text.firstRange(of: "@Test"),
                let function = text[start.upperBound...].firstRange(of: "func ")
            else { continue }
            let display = text[start.upperBound..<function.lowerBound].drop { "( \n".contains($0) }
            let name = text[function.upperBound...].prefix { $0 != "(" }
            let isSentence =
                display.hasPrefix("\"") ? display.dropFirst().prefix { $0 != "\"" }.contains(" ") : name.contains(" ")
            guard !isSentence else { continue }
            violations.append(
                Violation(
                    file.path, offset + 1, "test \(name) has no sentence for a name; say what holds, in backticks"))
        }
        return violations
    }
}
