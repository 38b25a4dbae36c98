import Gateway
import HTTP
import Testing

/// Templates for paths: how they are read, what they match, and which of several does.
struct PathTemplateTests {
    /// A template, a path, and the fields in order; nil for no match.
    struct Case: Sendable, CustomTestStringConvertible {
        let template: String
        let path: String
        let fields: [String]?
        var testDescription: String { "\(template) \(path)" }
        init(_ template: String, _ path: String, _ fields: [String]?) {
            (self.template, self.path, self.fields) = (template, path, fields)
        }
    }

    @Test(
        "a template matches what it says, segment by segment",
        arguments: [
            Case("/foo", "/foo", []),
            Case("/foo", "/foo/", nil),
            Case("/foo", "/Foo", nil),
            Case("/foo", "/foo/bar", nil),
            Case("/foo", "//foo", []),
            Case("/foo", "/x/../foo", []),
            Case("/foo/", "/foo/", []),
            Case("/foo/", "/foo", nil),
            Case("/", "/", []),
            Case("/", "/foo", nil),
            Case("/foo/.*", "/foo/x", nil),
            Case("/foo/.*", "/foo/.*", []),
            Case("/日本", "/%E6%97%A5%E6%9C%AC", []),
            Case("/foo/{id}", "/foo/1", ["id=1"]),
            Case("/foo/{id}", "/foo/", nil),
            Case("/foo/{id}", "/foo/1/2", nil),
            Case("/foo/{id}", "/foo", nil),
            Case("/foo/{id}", "/foo/a%2Fb", ["id=a/b"]),
            Case("/foo/{id}", "/foo/a%20b+c", ["id=a b+c"]),
            Case("/foo/{id}", "/foo/%FF", nil),
            Case("/foo/{id}", "/foo/%zz", nil),
            Case("/{a}/{b}", "/", nil),
            Case("/{a}/{b}", "/1/2", ["a=1", "b=2"]),
            Case("/foo/*", "/foo/x", []),
            Case("/foo/*", "/foo/", nil),
            Case("/foo/**", "/foo", []),
            Case("/foo/**", "/foo/", []),
            Case("/foo/**", "/foo/x/y", []),
            Case("/**", "/", []),
            Case("/foo/{p=**}", "/foo/x/y", ["p=x/y"]),
            Case("/foo/{p=**}", "/foo/x%2Fy/z%20", ["p=x%2Fy/z "]),
            Case("/foo/{p=**}", "/foo", []),
            Case("/foo/{p=**}/end", "/foo/end", []),
            Case("/foo/{p=**}/end", "/foo/x/y/end", ["p=x/y"]),
            Case("/foo/{p=**}/end", "/foo/x/y", nil),
            Case("/foo/**/{x}", "/foo/a/b/c", ["x=c"]),
            Case("/{name=shelves/*}/books/{b}", "/shelves/1/books/2", ["name=shelves/1", "b=2"]),
            Case("/{name=shelves/*}/books/{b}", "/shelves/1/mags/2", nil),
            Case("/v1/{name=projects/*/zones/*}", "/v1/projects/p/zones/z", ["name=projects/p/zones/z"]),
            Case("/v1/{name=a/**}/x/{b}", "/v1/a/1/2/x/3", ["name=a/1/2", "b=3"]),
            Case("/foo/{id=abc}", "/foo/abc", ["id=abc"]),
            Case("/foo/{id=abc}", "/foo/x", nil),
            Case("/foo/{user.id}", "/foo/1", ["user.id=1"]),
            Case("/foo/{id}/{id}", "/foo/1/2", ["id=1", "id=2"]),
            Case("/foo/{id}:cancel", "/foo/1:cancel", ["id=1"]),
            Case("/foo/{id}:cancel", "/foo/a:b:cancel", ["id=a:b"]),
            Case("/foo/{id}:cancel", "/foo/1", nil),
            Case("/foo/{id}:cancel", "/foo/1%3Acancel", nil),
            Case("/foo/{id}:cancel", "/foo/:cancel", nil),
            Case("/foo/{id}", "/foo/1:cancel", ["id=1:cancel"]),
            Case("/foo:cancel", "/foo:cancel", []),
            Case("/foo:cancel", "/foo", nil),
            Case("/a:b/c", "/a:b/c", []),
            Case("/foo/{p=**}:go", "/foo/x/y:go", ["p=x/y"]),
            Case("/foo%20bar", "/foo bar", nil),
            Case("/foo%20bar", "/foo%2520bar", []),
        ])
    func matches(_ example: Case) throws {
        var trie = PathTrie<Int>()
        try trie.add(1, .get, example.template)
        let match = trie.match(.get, example.path.utf8.span)
        #expect(match?.fields.map { "\($0.name)=\($0.value)" } == example.fields)
    }

    @Test(
        "what is no template is refused",
        arguments: [
            "", "foo", "/foo/:id", "/:id", "/foo/?", "/foo/[0-9]+", "/foo bar", "/foo/**/bar/**", "/foo/{user-id}",
            "/foo/{1a}", "/foo/{}", "/foo/{id", "/foo/id}", "/foo/{a={b}}", "/foo/{a=}", "/foo/{a}b", "/foo/b{a}",
            "/foo//bar", "/foo/{a=b/}", "/foo/{a.}", "/foo/{.a}", "/foo:", "/foo/{a=**/**}", "/foo#x", "^/foo$",
            String(repeating: "/a", count: 33),
        ])
    func refused(_ text: String) {
        #expect(throws: PathTemplate.Malformed.self) { try PathTemplate(text) }
    }

    @Test func `a template cut anywhere is read or refused`() throws {
        let text = "/v1/{name=shelves/*/books/**}/{a.b}:verb"
        for count in 0...text.utf8.count {
            guard let template = try? PathTemplate(String(text.prefix(count))) else { continue }
            #expect(template.segments.count <= 6)
        }
    }

    @Test func `changed templates and paths are refused, or found without harm`() {
        var random = SystemRandomNumberGenerator()
        let signs = Array("/*{}=:.%ab2F")
        var trie = PathTrie<Int>()
        for number in 0..<2_000 {
            let text = String((0..<Int.random(in: 1...24, using: &random)).compactMap { _ in signs.randomElement() })
            if let template = try? PathTemplate("/" + text) { _ = trie.insert(number, method: .get, at: template) }
            let match = trie.match(.get, "/\(text)".utf8.span)
            #expect(match?.fields.allSatisfy { !$0.name.isEmpty && !$0.value.isEmpty } != false, "\(text)")
        }
    }

    @Test(
        "of several templates the most special one is taken, from left to right, that has the method",
        arguments: [
            ("GET", "/items/me", "literal"), ("GET", "/items/7", "one"), ("GET", "/items/7/8", "rest"),
            ("POST", "/items/me", "posted"), ("PUT", "/items/me", "any"), ("GET", "/items/7/end", "rest to end"),
            ("GET", "/items/me/x/end", "rest to end"), ("HEAD", "/items/me", "literal"),
            ("GET", "/items/7:stop", "verb"),
            ("GET", "/items/7:other", "one"), ("GET", "/a/b/c", "a first"), ("GET", "/a/x/c", "c last"),
            ("GET", "/other", nil),
        ] as [(String, String, String?)])
    func precedence(method: String, path: String, expected: String?) throws {
        var trie = PathTrie<String>()
        for (method, template, value) in [
            ("GET", "/items/{id}", "one"), ("GET", "/items/**", "rest"), ("GET", "/items/**/end", "rest to end"),
            ("GET", "/items/me", "literal"), ("POST", "/items/{id}", "posted"), ("*", "/items/me", "any"),
            ("GET", "/items/{id}:stop", "verb"), ("GET", "/a/b/{x}", "a first"), ("GET", "/a/*/c", "c last"),
        ] where !(method == "*" && expected == "posted") {
            try trie.add(value, method == "*" ? nil : Method(method), template)
        }
        #expect(trie.match(try #require(Method(method)), path.utf8.span)?.value == expected)
    }

    @Test func `the methods of a path are those of every template that matches it`() throws {
        var trie = PathTrie<Int>()
        try trie.add(1, .get, "/a/{b}")
        try trie.add(2, .put, "/a/**")
        try trie.add(3, .post, "/a/{b}:go")
        try trie.add(4, .delete, "/b")
        #expect(trie.methods("/a/x".utf8.span) == ["GET", "HEAD", "PUT"])
        #expect(trie.methods("/a/x:go".utf8.span) == ["GET", "HEAD", "POST", "PUT"])
        #expect(trie.methods("/c".utf8.span) == [])
    }

    @Test func `a second value for the same path and method is refused, and the first stays`() throws {
        var trie = PathTrie<Int>()
        try trie.add(1, .get, "/a/{b}")
        let earlier = trie.insert(2, method: .get, at: try PathTemplate("/a/*"))
        #expect(earlier == 1)
        #expect(trie.match(.get, "/a/b".utf8.span)?.value == 1)
    }

    @Test func `among thousands of templates the right one is found`() throws {
        var trie = PathTrie<Int>()
        for number in 0..<5_000 {
            try trie.add(number, .get, "/v\(number % 7)/things\(number)/{id}")
        }
        #expect(trie.match(.get, "/v3/things4000/x".utf8.span)?.value == 4_000)
        #expect(trie.match(.get, "/v4/things4000/x".utf8.span) == nil)
    }
}

extension PathTrie {
    fileprivate mutating func add(_ value: Value, _ method: Method?, _ template: String) throws {
        let earlier = insert(value, method: method, at: try PathTemplate(template))
        #expect(earlier == nil)
    }
}
