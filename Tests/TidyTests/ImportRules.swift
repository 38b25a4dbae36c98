/// Modules that every module may import without a word in `Package.swift`.
private let systemModules = ["Glibc", "Synchronization"]
/// Only from this level on, since it adds megabytes to the program and a second opinion on every type.
private let lowestLevelWithFoundation = 4
/// Built by a script of its own, with a sanitizer that no other part is built with.
private let builtApart = "Tests/Fuzz/"
private let foundation = ["Foundation", "FoundationEssentials", "FoundationNetworking", "Dispatch"]

enum ImportRules {
    /// Imports that `Package.swift` does not give to the module of the file, and Foundation where it may not be.
    static func undeclared(in file: SourceFile, manifest: Manifest) -> [Violation] {
        guard !file.path.hasPrefix(builtApart) else { return [] }
        guard let module = manifest.module(of: file.path) else {
            return [Violation(file.path, "belongs to no target; move it into a folder that Package.swift names")]
        }
        let isTest = file.path.hasPrefix("Tests/")
        var violations: [Violation] = []
        for (number, name) in imports(of: file) {
            if foundation.contains(name) {
                guard !isTest, (module.level ?? 0) < lowestLevelWithFoundation else { continue }
                violations.append(
                    Violation(file.path, number, "imports \(name) below level 4; use the standard library or Glibc"))
            } else if !systemModules.contains(name), !(isTest && name == "Testing"), !module.dependencies.contains(name)
            {
                violations.append(
                    Violation(file.path, number, "imports \(name), which Package.swift does not give to \(module.name)")
                )
            }
        }
        return violations
    }

    /// Modules that use one of their own level or of a higher one.
    static func upward(in manifest: Manifest) -> [Violation] {
        manifest.modules.flatMap { module in
            module.dependencies.compactMap { name in
                guard let level = module.level, let other = manifest.module(named: name)?.level, other >= level else {
                    return nil
                }
                // Modules of the lowest level build on the bytes and on C.
                if level == 0, ["Bytes", "CLinux", "CZlib"].contains(name) { return nil }
                return Violation(
                    "Package.swift",
                    "\(module.name) on level \(level) uses \(name) on level \(other); put a contract on a lower level")
            }
        }
    }

    /// Line and module of each import.
    static func imports(of file: SourceFile) -> [(line: Int, module: String)] {
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        return file.code.enumerated().compactMap { offset, line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), words[..<place].allSatisfy(isImportPrefix) else {
                return nil
            }
            let names = words[(place + 1)...].drop { kinds.contains($0) }
            return names.first.map { (offset + 1, String($0.prefix { $0 != "." })) }
        }
    }

    private static func isImportPrefix(_ word: Substring) -> Bool {
        word.hasPrefix("@") || ["package", "internal", "fileprivate", "private", "public"].contains(word)
    }
}
