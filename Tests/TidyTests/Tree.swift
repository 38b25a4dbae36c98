import Foundation

/// The repository that these tests were built from.
struct Tree: Sendable {
    let root: String
    let manifest: Manifest
    /// Every Swift file of the modules and the tests.
    let files: [SourceFile]

    static let project = Tree()

    private init() {
        root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL.path
        manifest = Manifest(Self.read("Package.swift", in: root) ?? "")
        var files: [SourceFile] = []
        for folder in ["Sources", "Resolvers", "Handlers", "Tests"] {
            guard let paths = FileManager.default.enumerator(atPath: "\(root)/\(folder)") else { continue }
            for case let path as String in paths where path.hasSuffix(".swift") {
                let path = "\(folder)/\(path)"
                if let text = Self.read(path, in: root) { files.append(SourceFile(path: path, text: text)) }
            }
        }
        self.files = files.sorted { $0.path < $1.path }
    }

    /// The files of the product, without its tests.
    var product: [SourceFile] { files.filter { !$0.path.hasPrefix("Tests/") } }

    /// What stands at the root, without what git ignores.
    var rootEntries: [String] {
        let patterns = (read(".gitignore") ?? "").split(separator: "\n").map {
            String($0.hasSuffix("/") ? $0.dropLast() : $0)
        }
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return entries.filter { entry in
            entry != ".git"
                && !patterns.contains { pattern in
                    pattern.hasSuffix("*") ? entry.hasPrefix(pattern.dropLast()) : pattern == entry
                }
        }.sorted()
    }

    /// Nil when there is no such file.
    func read(_ path: String) -> String? { Self.read(path, in: root) }

    private static func read(_ path: String, in root: String) -> String? {
        try? String(contentsOf: URL(filePath: "\(root)/\(path)"), encoding: .utf8)
    }
}
