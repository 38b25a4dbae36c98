import Testing

/// The rules, each over the whole tree. How they find what they look for is tried in `RuleTests`.
struct HouseRulesTests {
    private let tree = Tree.project

    /// Fails once for everything found, with one line for each.
    private func expectNone(_ violations: [Violation], sourceLocation: SourceLocation = #_sourceLocation) {
        guard !violations.isEmpty else { return }
        let list = violations.map(\.description).joined(separator: "\n")
        Issue.record("\(violations.count) to mend:\n\(list)", sourceLocation: sourceLocation)
    }

    @Test func `the tree and its manifest were read at all`() throws {
        #expect(tree.files.count > 50)
        #expect(tree.files.contains { $0.path == "Tests/TidyTests/HouseRulesTests.swift" })
        let server = try #require(tree.manifest.module(named: "Server"))
        #expect(server.level == 4)
        #expect(server.dependencies.contains("Logging"))
        #expect(tree.manifest.module(named: "Resolvers")?.folder == "Resolvers")
        #expect(tree.rootEntries.contains("Package.swift"))
    }

    @Test func `a file imports what the manifest gives to its module, and Foundation only high up`() {
        expectNone(tree.files.flatMap { ImportRules.undeclared(in: $0, manifest: tree.manifest) })
    }

    @Test func `a module uses only modules of lower levels`() {
        expectNone(ImportRules.upward(in: tree.manifest))
    }

    @Test func `words that block, hide errors or start tasks stand only where they are allowed`() {
        expectNone(tree.files.flatMap { BannedWords.uses(in: $0) })
    }

    @Test func `files and functions keep to their budgets`() {
        expectNone(SizeRules.longFiles(in: tree.files))
        expectNone(tree.files.flatMap { SizeRules.longFunctions(in: $0) })
    }

    @Test func `every type and function that other modules see has a comment`() {
        let requirements = DocumentationRules.requirements(in: tree.product)
        expectNone(tree.product.flatMap { DocumentationRules.undocumented(in: $0, requirements: requirements) })
    }

    @Test func `every test has a sentence for a name`() {
        expectNone(
            tree.files.filter { $0.path.hasPrefix("Tests/") }.flatMap { DocumentationRules.unnamedTests(in: $0) })
    }

    @Test func `the root has nothing but the fixed entries`() {
        expectNone(LayoutRules.strangers(at: tree.rootEntries))
    }

    @Test func `the map of the sources names every module`() {
        expectNone(LayoutRules.unmapped(in: tree.read("Sources/README.md"), manifest: tree.manifest))
    }

    @Test(
        "the folders at the root list what is in them",
        arguments: [("Resolvers", "Resolver.swift"), ("Handlers", "Handler.swift")])
    func lists(folder: String, ending: String) {
        let readme = tree.read("\(folder)/README.md")
        expectNone(LayoutRules.unlisted(in: readme, folder: folder, files: tree.files, ending: ending))
    }

    @Test(
        "no second event loop is in the graph of packages",
        arguments: ["Package.swift", "Package.resolved", ".build/workspace-state.json"])
    func hasOneLoop(path: String) {
        // The two that the package manager writes are missing where its folder has another name.
        guard let text = tree.read(path) else { return }
        expectNone(LayoutRules.bannedPackages(in: text, path: path))
    }
}
