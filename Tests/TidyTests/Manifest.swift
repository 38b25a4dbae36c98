/// What `Package.swift` says: the modules, what each may use, and on which level it is.
struct Manifest: Sendable {
    struct Module: Sendable, Equatable {
        let name: String
        let folder: String
        /// Names of modules and products.
        let dependencies: [String]
        /// From the comments `// Level 2: ...`; nil for tests.
        let level: Int?
    }

    let modules: [Module]

    /// Reads the calls that make targets, and the names given to products.
    init(_ text: String) {
        let products = Self.products(in: text)
        var modules: [Module] = []
        var level: Int?
        var rest = text[...]
        // The helpers themselves are declared before the list and are not targets.
        if let list = text.firstRange(of: "targets: [") { rest = text[list.upperBound...] }
        let starts = ["module(", "tests(", ".target(", ".systemLibrary(", ".executableTarget(", ".testTarget(", "// "]
        while !rest.isEmpty {
            guard let start = starts.first(where: { rest.hasPrefix($0) }) else {
                rest = rest.dropFirst()
                continue
            }
            if start == "// " {
                let comment = rest.prefix { $0 != "\n" }
                if comment.hasPrefix("// Level "), let digit = comment.dropFirst(9).first { level = Int(String(digit)) }
                if comment.hasPrefix("// Tests") { level = nil }
                rest = rest[comment.endIndex...]
            } else {
                let call = Self.call(at: rest)
                modules.append(Self.module(call, isTests: start == "tests(", level: level, products: products))
                rest = rest[call.endIndex...]
            }
        }
        self.modules = modules
    }

    /// The module a file belongs to: the one with the longest folder around it.
    func module(of path: String) -> Module? {
        modules.filter { path.hasPrefix($0.folder + "/") }.max { $0.folder.count < $1.folder.count }
    }

    func module(named name: String) -> Module? { modules.first { $0.name == name } }

    /// From the name to the parenthesis that closes it.
    private static func call(at text: Substring) -> Substring {
        var depth = 0
        for index in text.indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" {
                depth -= 1
                if depth == 0 { return text[...index] }
            }
        }
        return text
    }

    private static func module(
        _ call: Substring, isTests: Bool, level: Int?, products: [String: String]
    ) -> Module {
        let base = Self.texts(in: call).first ?? ""
        let name = isTests ? base + "Tests" : base
        var dependencies: [String] = []
        let takesList = !call.hasPrefix(".systemLibrary")
        if takesList, let open = call.firstIndex(of: "["), let close = call[open...].firstIndex(of: "]") {
            let words = call[open...close].split { "[], \n".contains($0) }
            dependencies = words.map { word in
                word.hasPrefix("\"") ? String(word.dropFirst().dropLast()) : products[String(word)] ?? String(word)
            }
        }
        var folder = isTests ? "Tests/\(name)" : "Sources/\(name)"
        if let path = call.firstRange(of: "path: \"") {
            folder = String(call[path.upperBound...].prefix { $0 != "\"" })
        }
        return Module(name: name, folder: folder, dependencies: dependencies, level: level)
    }

    /// `let logging = Target.Dependency.product(name: "Logging", ...)` makes `Logging` of `logging`.
    private static func products(in text: String) -> [String: String] {
        var products: [String: String] = [:]
        for line in text.split(separator: "\n") where line.contains("= Target.Dependency.product(") {
            let words = line.split(separator: " ")
            if words.count > 1, let product = Self.texts(in: line).first { products[String(words[1])] = product }
        }
        return products
    }

    private static func texts(in text: Substring) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
