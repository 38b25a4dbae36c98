import HTTP
import Testing

struct HeaderFieldsTests {
    @Test(arguments: FieldName.allCases)
    func `a listed name is recognised in any case, and nothing near it is`(name: FieldName) {
        let text = "\(name.text)"
        #expect(FieldName.of(text) == name)
        #expect(FieldName.of(text.lowercased()) == name)
        #expect(FieldName.of(text.uppercased()) == name)
        for place in text.indices {
            for other in ["_", "\r", "~", "\u{7f}"] {
                let near = text.replacingOne(at: place, with: other)
                #expect(FieldName.of(near) == .other)
            }
        }
        #expect(FieldName.of(text + "s") == .other)
        #expect(FieldName.of(String(text.dropFirst(2))) != name || name == .other)
    }

    @Test func `the names fit in a set of one word`() {
        #expect(FieldName.allCases.count <= 64)
    }

    @Test func `fields are found by name, whatever its case, in the order of their lines`() {
        var fields = HeaderFields()
        fields.append(name: "set-cookie", value: "a=1")
        fields.append(name: "X-One", value: "1")
        fields.append(.setCookie, "b=2")
        #expect(fields.count == 3)
        #expect(fields[.setCookie] == "a=1")
        #expect(fields.values(.setCookie) == ["a=1", "b=2"])
        #expect(fields["x-ONE"] == "1")
        #expect(fields.values(named: "Set-Cookie") == ["a=1", "b=2"])
        #expect(fields[.host] == nil)
        #expect(fields["x-two"] == nil)
        #expect(!fields.contains(.host))
        #expect(fields.name(at: 0) == "set-cookie")
        #expect(fields.knownName(at: 1) == .other)
    }

    @Test func `a name that is not listed is added and found as it is, and its value stays within its line`() {
        var fields = HeaderFields()
        #expect(!fields.contains(unlisted: "Micro-Trace-Id"))
        fields.append(.host, "a")
        #expect(!fields.contains(unlisted: "Micro-Trace-Id"))
        fields.append(unlisted: "Micro-From-Service", " a\r\nb ".utf8.span)
        #expect(!fields.contains(unlisted: "Micro-Trace-Id"))
        fields.append(name: "micro-trace-id", value: "1")
        #expect(fields.contains(unlisted: "Micro-Trace-Id"))
        #expect(fields["micro-from-service"] == "a  b")
        #expect(fields.name(at: 1) == "Micro-From-Service")
        #expect(fields.count == 3)
    }

    @Test func `removing a name removes all its lines and no others`() {
        var fields = HeaderFields()
        for line in [("A", "1"), ("Host", "h"), ("a", "2"), ("B", "3"), ("host", "i")] {
            fields.append(name: line.0, value: line.1)
        }
        fields.removeAll(.host)
        #expect(!fields.contains(.host))
        fields.removeAll(named: "A")
        #expect(fields.description == "B: 3")
        fields.removeAll(named: "b")
        #expect(fields.isEmpty)
        #expect(!fields.contains(.other))
        fields.set(.host, "x")
        fields.set(.host, "y")
        #expect(fields.values(.host) == ["y"])
    }

    @Test func `what would end a line is made harmless in our own fields, and refused in those of others`() throws {
        var fields = HeaderFields()
        fields.append(.location, " /a\r\nX: y\0z ")
        fields.append(name: "a b\r\nc", value: "d")
        fields.append(name: "", value: "e")
        #expect(fields.description == "Location: /a  X: y z\na-b--c: d\n-: e")
        #expect(throws: HeaderFields.Malformed.name) { try fields.append(untrusted: "a b", value: "") }
        #expect(throws: HeaderFields.Malformed.name) { try fields.append(untrusted: "", value: "") }
        #expect(throws: HeaderFields.Malformed.value) { try fields.append(untrusted: "a", value: "b\r\nc") }
        try fields.append(untrusted: "ok", value: "b\tc")
        #expect(fields["OK"] == "b\tc")
    }

    @Test(
        "bytes of others are fields only when they could be sent as they are",
        arguments: [
            ("x-a", "b", nil), ("x-a", "", nil), ("x-a", "b\tc d", nil), ("Host", "a", nil), ("", "b", .name),
            ("x a", "b", .name), ("x:a", "b", .name), ("host:", "b", .name), ("x", " b", .value), ("x", "b\t", .value),
            ("x", "b\r\nc: d", .value), ("x", "12345678\0", .value), ("x", "\u{7f}", .value),
        ] as [(String, String, HeaderFields.Malformed?)])
    func bytesOfOthers(name: String, value: String, problem: HeaderFields.Malformed?) {
        var fields = HeaderFields()
        do throws(HeaderFields.Malformed) {
            try fields.append(untrusted: name.utf8.span, value: value.utf8.span)
            #expect(problem == nil)
            #expect(fields.description == "\(name): \(value)")
        } catch {
            #expect(error == problem)
            #expect(fields.isEmpty)
        }
    }

    @Test func `memory of an unusual head is given back, and that of a usual one is kept`() throws {
        var parser = RequestParser()
        var head = RequestHead()
        _ = try parser.parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8.span, into: &head)
        head.releaseMemory()
        #expect(head.host == "a")
        let long = "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "y", count: 10_000))\r\n\r\n"
        _ = try parser.parse(long.utf8.span, into: &head)
        #expect(head.fields.capacity > 4_096)
        head.releaseMemory()
        #expect(head.fields.capacity == 0)
    }

    @Test(
        "a token is found in any item of any line",
        arguments: [
            (["close"], true), (["x, close"], true), (["x", "y,CLOSE"], true), ([",,close ,"], true),
            (["closed"], false), (["x close"], false), (["\"close\""], false), ([""], false), ([], false),
        ])
    func tokens(lines: [String], found: Bool) {
        var fields = HeaderFields()
        for line in lines { fields.append(.connection, line) }
        #expect(fields.hasToken("close", in: .connection) == found)
    }

    @Test func `fields are equal when their lines are, whatever the case of names`() {
        var one = HeaderFields()
        one.append(name: "A", value: "b")
        one.append(name: "C", value: "d")
        var other = HeaderFields()
        other.append(name: "x", value: "y")
        other.append(name: "a", value: "b")
        other.append(name: "c", value: "d")
        #expect(one != other)
        other.removeAll(named: "X")
        #expect(one == other)
        other.append(name: "e", value: "f")
        #expect(one != other)
    }

    @Test(
        "methods are tokens of at most 32 bytes",
        arguments: [
            ("GET", true), ("get", true), ("M-SEARCH", true), ("", false), ("A B", false), ("A\n", false),
            (String(repeating: "A", count: 32), true), (String(repeating: "A", count: 33), false),
        ])
    func methods(text: String, isMethod: Bool) {
        #expect((Method(text) != nil) == isMethod)
        if isMethod { #expect(Method(text)?.description == text) }
    }

    @Test func `a method has a case, and says whether it is safe and idempotent`() {
        #expect(Method("GET") == .get)
        #expect(Method("get") != .get)
        #expect(Method.get.isSafe && Method.get.isIdempotent)
        #expect(!Method.put.isSafe && Method.put.isIdempotent)
        #expect(!Method.post.isIdempotent)
    }

    @Test func `a status has three digits`() {
        #expect(Status(99) == nil)
        #expect(Status(1_000) == nil)
        #expect(Status(404) == .notFound)
        #expect(Status.notFound.reason == "Not Found")
        #expect(Status(299)?.reason == "")
    }
}

extension String {
    fileprivate func replacingOne(at place: Index, with other: String) -> String {
        String(self[..<place]) + other + String(self[index(after: place)...])
    }
}
