import Testing

/// Each rule on small inputs: it finds what it is for, and nothing else.
struct RuleTests {
    private static let manifest = Manifest(
        """
        let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
        func module(_ name: String) -> Target { .target(name: name) }
        let package = Package(
            targets: [
                // Level 0: bytes.
                .target(name: "CLinux"),
                module("Bytes"),
                module("HTTP", ["Bytes"]),
                // Level 4: implementations.
                module("Resolvers", ["HTTP"], path: "Resolvers"),
                module(
                    "Registries",
                    ["Bytes", logging]),
                module("Server", ["Resolvers"]),
                // Tests.
                tests("HTTP", ["HTTP"]),
            ])
        """)

    private func file(_ text: String, at path: String = "Sources/HTTP/A.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test func `the manifest gives name, folder, dependencies and level of each module`() {
        let modules = Self.manifest.modules
        #expect(modules.map(\.name) == ["CLinux", "Bytes", "HTTP", "Resolvers", "Registries", "Server", "HTTPTests"])
        #expect(modules.map(\.level) == [0, 0, 0, 4, 4, 4, nil])
        #expect(Self.manifest.module(named: "Registries")?.dependencies == ["Bytes", "Logging"])
        #expect(Self.manifest.module(of: "Resolvers/A.swift")?.name == "Resolvers")
        #expect(Self.manifest.module(of: "Tests/HTTPTests/A.swift")?.name == "HTTPTests")
    }

    @Test(
        "code is what is left without comments and texts",
        arguments: [
            ("a // try!", "a        "),
            ("a /* b /* c */ d */ e", "a                   e"),
            (#"f("try!") + g"#, #"f("    ") + g"#),
            (#"f("a\(b("c"))d") // e"#, ##"f(" \(b(" ")) ")     "##),
            (#"f("a\"b") c"#, #"f("    ") c"#),
            (##"f(#"a"b"#) c"##, ##"f(#"   "#) c"##),
            (#"f(/a"\/(b/, c / d)"#, #"f(/      /, c / d)"#),
            ("f(\"\"\"\n  \"a\" try!\n  \"\"\") b", "f(\"\"\"\n          \n  \"\"\") b"),
        ])
    func findsCode(text: String, code: String) {
        #expect(file(text).code.joined(separator: "\n") == code)
    }

    @Test(
        "an import that the manifest does not give is found, with its line",
        arguments: [
            ("import Bytes\npackage import HTTP\n@testable import struct Bytes.A", "Sources/Registries/A.swift", [2]),
            ("import Foundation", "Sources/HTTP/A.swift", [1]),
            ("\ninternal import FoundationEssentials", "Sources/HTTP/A.swift", [2]),
            ("import FoundationEssentials", "Sources/Registries/A.swift", []),
            ("import Foundation\nimport Testing\nimport HTTP", "Tests/HTTPTests/A.swift", []),
            ("import Testing", "Sources/HTTP/A.swift", [1]),
            ("import Glibc\nimport Synchronization\n// import HTTP", "Sources/Bytes/A.swift", []),
            ("import Bytes", "Tests/HTTPTests/A.swift", [1]),
            ("", "Sources/Unknown/A.swift", [nil]),
        ] as [(String, String, [Int?])])
    func findsImports(text: String, path: String, lines: [Int?]) {
        #expect(ImportRules.undeclared(in: file(text, at: path), manifest: Self.manifest).map(\.line) == lines)
    }

    @Test func `a module beside the user, rather than below it, is found`() {
        let violations = ImportRules.upward(in: Self.manifest)
        #expect(
            violations.map(\.advice) == ["Server on level 4 uses Resolvers on level 4; put a contract on a lower level"]
        )
    }

    @Test(
        "a banned word is found in code, unless its file is in the table",
        arguments: [
            ("try! a()", "Sources/HTTP/A.swift", [1]),
            ("// try!\nlet a = \"try!\"", "Sources/HTTP/A.swift", []),
            ("\nTask { a }", "Sources/HTTP/A.swift", [2]),
            ("Task(executorPreference: a) { b }\nTask.immediate { c }", "Handlers/A.swift", [1, 2]),
            ("Task { a }", "Sources/Server/Worker.swift", []),
            ("Task { a }", "Sources/micro/Commands/A.swift", []),
            ("Task { a }", "Tests/HTTPTests/A.swift", []),
            ("MyTask { a }\nwithTask(b)", "Sources/HTTP/A.swift", []),
            ("await Task.sleep(for: a)", "Tests/HTTPTests/A.swift", [1]),
            ("usleep(1)\nsleep(1)\nloop.sleep(for: a)\nfunc sleep(for: B)", "Sources/HTTP/A.swift", [1, 2]),
            ("usleep(1)", "Sources/micro/Logging/LogWriter.swift", []),
            ("getaddrinfo(a)", "Sources/Transports/HostLookup.swift", []),
            ("getaddrinfo(a)\nfreeaddrinfo(b)", "Sources/Transports/A.swift", [1]),
            ("@concurrent func a()", "Sources/HTTP/A.swift", [1]),
            ("DispatchQueue.main", "Sources/HTTP/A.swift", [1]),
            ("class A: @unchecked Sendable {}\nnonisolated(unsafe) var b", "Sources/HTTP/A.swift", [1, 2]),
            ("class A: @unchecked Sendable {}", "Sources/Reactor/EpollEventLoop.swift", []),
            ("fatalError()\nfatalError(\"oops\")\nfatalError(message)", "Sources/HTTP/A.swift", [1, 2, 3]),
            ("fatalError(\"a loop has one thread\")\npreconditionFailure(\n  \"a b\")", "Sources/HTTP/A.swift", []),
        ])
    func findsWords(text: String, path: String, lines: [Int]) {
        #expect(BannedWords.uses(in: file(text, at: path)).map(\.line) == lines)
    }

    @Test func `a file over the limit is found, and so are too many long ones`() {
        let short = file("a\n")
        let long = file(String(repeating: "a\n", count: 301), at: "Long.swift")
        let tooLong = file(String(repeating: "a\n", count: 501), at: "TooLong.swift")
        let ordinary = Array(repeating: short, count: 9)
        #expect(SizeRules.longFiles(in: ordinary + [long]) == [])
        #expect(SizeRules.longFiles(in: ordinary + [tooLong]).map(\.path) == ["TooLong.swift"])
        #expect(SizeRules.longFiles(in: ordinary + [long, long]).map(\.path) == ["Long.swift"])
        #expect(SizeRules.longFiles(in: [file(String(repeating: "a\n", count: 300))]) == [])
    }

    @Test func `functions are measured from their name to their end`() {
        let text = """
            protocol P {
                func required(a: Int)
                var b: Int { get }
            }
            struct S {
                init(
                    a: () -> Void = { b() }
                ) {
                    self.init { c }
                }
                func `a b`() {
                    func inner() { if a { b } }
                }
                var c: Int { 1 }
                deinit {}
            }
            """
        let functions = SizeRules.functions(of: file(text))
        #expect(functions.map(\.name) == ["init", "inner", "`a b`", "deinit"])
        #expect(functions.map(\.line) == [6, 12, 11, 15])
        #expect(functions.map(\.length) == [5, 1, 3, 1])
    }

    @Test func `a function over the limit is found`() {
        let body = String(repeating: "    a()\n", count: 68)
        #expect(SizeRules.longFunctions(in: file("func fits() {\n\(body)}\n")) == [])
        let violations = SizeRules.longFunctions(in: file("\nfunc big() {\n\(body)    a()\n}\n"))
        #expect(violations.map(\.line) == [2])
    }

    @Test func `a type or function for other modules without a comment is found`() {
        let text = """
            /// A contract.
            package protocol P: Sendable {
                func ask(a: Int)
            }
            package struct S {
                package let a: Int
                package init() {}
                package func ask(a: Int) {}
                package static func bare<T>() {}
                /// Does something.
                @inline(__always)
                package mutating func told() {}
                package func == (a: S, b: S) {}
                func inside() {}
            }
            package import A
            """
        let requirements = DocumentationRules.requirements(in: [file(text)])
        #expect(requirements == ["ask"])
        let violations = DocumentationRules.undocumented(in: file(text), requirements: requirements)
        #expect(violations.map(\.line) == [5, 9])
        #expect(violations.last?.description.hasPrefix("Sources/HTTP/A.swift:9: func bare has no comment") == true)
    }

    @Test func `a test without a sentence is found`() {
        let text = """
            @Test func works() {}
            @Test func `it works`() {}
            @Test("works") func a() {}
            @Test("it works", arguments: [1]) func b(c: Int) {}
            @Test(
                "it works too",
                arguments: ["a b"])
            func c() {}
            @Test(arguments: ["a b"]) func d(e: String) {}
            """
        #expect(DocumentationRules.unnamedTests(in: file(text)).map(\.line) == [1, 3, 9])
    }

    @Test func `a stranger at the root is found`() {
        #expect(LayoutRules.strangers(at: ["Package.swift", "Sources", "notes.txt"]).map(\.path) == ["notes.txt"])
    }

    @Test func `a module without a word in the map is found, and so is a missing map`() {
        let map = "`CLinux` `Bytes` `HTTP` `Resolvers` Registries `Server`"
        #expect(LayoutRules.unmapped(in: map, manifest: Self.manifest).count == 1)
        #expect(LayoutRules.unmapped(in: nil, manifest: Self.manifest).count == 1)
    }

    @Test func `a file that the list of its folder leaves out is found`() {
        let files = [file("", at: "Resolvers/AResolver.swift"), file("", at: "Resolvers/Rest.swift")]
        let find = { (readme: String?) in
            LayoutRules.unlisted(in: readme, folder: "Resolvers", files: files, ending: "Resolver.swift").count
        }
        let padding = String(repeating: ".", count: 100)
        #expect(find("AResolver" + padding) == 0)
        #expect(find("BResolver" + padding) == 1)
        #expect(find("AResolver") == 1)
        #expect(find(nil) == 1)
    }

    @Test func `a second event loop is found by its package`() {
        let violations = LayoutRules.bannedPackages(
            in: "{\n\"identity\": \"swift-nio-ssl\"\n}", path: "Package.resolved")
        #expect(violations.map(\.line) == [2])
        #expect(LayoutRules.bannedPackages(in: "\"swift-log\"", path: "Package.resolved") == [])
    }
}
