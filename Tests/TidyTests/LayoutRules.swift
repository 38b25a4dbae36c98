/// What may stand at the root of the repository, and nothing else.
private let rootAllowed: Set<String> = [
    "Package.swift", "Sources", "Tests", "Public", "Resolvers", "Handlers", "deploy",
    "README.md", "LICENSE", "CHANGELOG.md", "Makefile", ".ci", ".gitignore", ".swift-format",
]
/// Packages that bring a second event loop, or code of one.
private let foreignLoops = ["swift-nio"]

enum LayoutRules {
    static func strangers(at root: [String]) -> [Violation] {
        root.filter { !rootAllowed.contains($0) }.map {
            Violation($0, "stands at the root, which has a fixed list; put it into a folder, or into .gitignore")
        }
    }

    /// Modules that the map of the sources does not mention, as `Name` in code font.
    static func unmapped(in map: String?, manifest: Manifest) -> [Violation] {
        let path = "Sources/README.md"
        guard let map else { return [Violation(path, "is missing; it is the map of the modules")] }
        return manifest.modules.filter { !$0.folder.hasPrefix("Tests/") && !map.contains("`\($0.name)`") }.map {
            Violation(path, "does not mention the module `\($0.name)`; say what it is for")
        }
    }

    /// Files of a folder that its README does not mention by name, of those whose name ends so.
    static func unlisted(in readme: String?, folder: String, files: [SourceFile], ending: String) -> [Violation] {
        guard let readme, readme.count > 100 else {
            return [Violation("\(folder)/README.md", "is missing or says nothing; list what is in the folder")]
        }
        return files.filter { $0.path.hasPrefix("\(folder)/") && $0.path.hasSuffix(ending) }.compactMap { file in
            let name = file.path.dropFirst(folder.count + 1)
            guard !readme.contains(name.dropLast(".swift".count)) else { return nil }
            return Violation("\(folder)/README.md", "does not mention \(name)")
        }
    }

    /// Packages that may not be in what the package manager resolved: by way of dependencies too.
    static func bannedPackages(in text: String, path: String) -> [Violation] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { offset, line in
            foreignLoops.filter { line.lowercased().contains($0) }.map {
                Violation(path, offset + 1, "\($0) is in the graph of packages; drop the package that brings it")
            }
        }
    }
}
