import HTTP
import TestSupport
import Testing

struct PathFormTests {
    private static func form(_ path: String, _ slashes: EncodedSlashes = .keep) -> PathForm {
        PathForm(of: path.utf8.span, encodedSlashes: slashes)
    }

    /// L01. What is decided on is what everyone reads.
    @Test(
        "steps up and aside are taken before anything is decided, however they are written",
        arguments: [
            ("/a/../b", "/b"), ("/a/%2e%2e/b", "/b"), ("/a/.%2E/b", "/b"), ("/a/./b", "/a/b"), ("/a//b", "/a/b"),
            ("//evil.example/..", "/"), ("/..//evil.example", "/evil.example"), ("/%2e", "/"),
        ])
    func redirected(path: String, canonical: String) {
        for slashes in EncodedSlashes.allCases {
            #expect(Self.form(path, slashes) == .other(canonical))
            #expect(Self.form(canonical, slashes) == .canonical)
        }
    }

    /// L02. Escapes are undone once: what is encoded twice is text.
    @Test(
        "what is no slash and no step is a part of its segment",
        arguments: [
            "/", "/a", "/a/", "/a%20b", "/%252e%252e/b", "/a%252fb", "/a%255cb", "/a;x=1/b", "/a;..;/b", "/...", "/a..",
            "/..a", "/%2e%2e%2e", "/a%3fb", "/a%23b", "/a%c3%a9", "/a%e9b", "/a%ff", "/%c0", "/%c3%af", "/%e0%a4%a0",
            "/%f0%9f%98%80", "/a.;b", "/.well-known/x", "/a%0ab", "/~user", "*", "",
        ])
    func canonical(path: String) {
        for slashes in EncodedSlashes.allCases { #expect(Self.form(path, slashes) == .canonical) }
    }

    /// L06. The bytes that are to blame are named, and nothing else of the path.
    @Test(
        "what servers read in different ways is refused, and its bytes are named",
        arguments: [
            ("/a/..%2fb", "..%2f"), ("/a/%2e%2e%2Fb", "%2e%2e%2F"), ("/a%2f..", "%2f.."), ("/a%2f./b", "%2f."),
            ("/a%2f..%2f..%2fetc", "%2f..%2f"), ("/a/..%5cb", "..%5c"), ("/a%5c..%5cb", "%5c..%5c"), ("/a\\b", "\\"),
            ("/./\\evil.example", "\\"), ("/..\\b", "\\"), ("/a/..;/b", "..;"), ("/a/..;x=1/b", "..;x=1"),
            ("/a/.;/b", ".;"), ("/a/%2e%2e%3b/b", "%2e%2e%3b"), ("/a%00b", "%00"), ("/a/%00", "%00"), ("/a%", "%"),
            ("/a%2", "%2"), ("/a%zz/b", "%zz"), ("/a%u0041", "%u0"), ("/%%41", "%%4"), ("/a%c0%afb", "%c0%af"),
            ("/%c0%ae%c0%ae/b", "%c0%ae"), ("/%c1%9c", "%c1%9c"), ("/a%e0%80%af", "%e0%80"),
            ("/%f0%80%80%af", "%f0%80"),
        ])
    func refused(path: String, bytes: String) {
        guard case .ambiguous(let problem) = Self.form(path) else {
            Issue.record("\(path) is \(Self.form(path))")
            return
        }
        #expect(problem.bytes == bytes)
        #expect(problem.description.hasPrefix("the path has \(bytes) in it, "))
    }

    @Test(
        "an encoded slash is kept, refused or a slash, as the operator says",
        arguments: [
            ("/a%2Fb", PathForm.canonical, "%2F", .decoded("/a/b")),
            ("/a%2fb/c%2F", .canonical, "%2f", .decoded("/a/b/c/")),
            ("/a/%2Fb", .canonical, "%2F", .other("/a/b")),
            ("/%2f%2fevil.example", .canonical, "%2f", .other("/evil.example")),
            ("/a%5Cb", .canonical, "%5C", .canonical),
        ] as [(String, PathForm, String, PathForm)])
    func slashes(path: String, kept: PathForm, refused: String, decoded: PathForm) {
        #expect(Self.form(path) == kept)
        if case .ambiguous(let problem) = Self.form(path, .reject) {
            #expect(problem.bytes == refused)
        } else {
            Issue.record("\(path) is not refused")
        }
        #expect(Self.form(path, .decode) == decoded)
    }

    @Test func `with slashes decoded, steps behind them are taken like any other`() {
        #expect(Self.form("/a%2f..%2fb", .decode) == .other("/b"))
        #expect(Self.form("/a/..%2fb", .decode) == .other("/b"))
        #expect(Self.form("/a%2f..;x", .decode) != .canonical)
        guard case .ambiguous = Self.form("/a%2f..%5cb", .decode) else {
            Issue.record("a backslash is no slash")
            return
        }
    }

    /// Whatever comes out begins with one slash, so that no redirect leads to another host.
    @Test func `random paths have a form of their own, which is canonical, and never another host`() {
        let pieces = [
            "/", ".", "%2e", "%2f", "%5c", "\\", ";", "a", "%", "%00", "%c0%af", "//", "..", "%2F", "evil.example",
        ]
        var random = SeededNumbers(seed: 7)
        for _ in 0..<20_000 {
            let path = "/" + (0..<6).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
            for slashes in EncodedSlashes.allCases {
                switch Self.form(path, slashes) {
                case .canonical, .ambiguous: break
                case .other(let other):
                    #expect(other.hasPrefix("/") && !other.hasPrefix("//") && !other.hasPrefix("/\\"), "\(path)")
                    // What becomes of it is settled: it is not sent on for ever.
                    if case .other(let again) = Self.form(other, slashes) { Issue.record("\(path) \(other) \(again)") }
                case .decoded(let text):
                    #expect(PercentEncoding.canonicalPath(text.utf8.span) == nil)
                    #expect(slashes == .decode)
                }
            }
        }
    }

    @Test func `the path to decide by is apart from the one that is passed on`() {
        var head = RequestHead(target: "/a%2Fb?c=d")
        #expect(String(head.routedSpan) == "/a%2Fb")
        head.decide(by: "/a/b")
        #expect(String(head.routedSpan) == "/a/b")
        #expect(head.path == "/a%2Fb")
        #expect(head.target == "/a%2Fb?c=d")
        #expect(head.query == "c=d")
        head.decide(by: "/x")
        #expect(String(head.routedSpan) == "/x")
    }
}
