import Handlers
import JSON
import Testing

struct QueryFieldsTests {
    @Test(
        "a query is the object that go-micro clients expect",
        arguments: [
            // Values by their look. Numbers keep their literal.
            ("a=1", #"{"a":1}"#), ("a=1.0", #"{"a":1.0}"#), ("a=1e3", #"{"a":1e3}"#), ("a=-0", #"{"a":-0}"#),
            ("f=1.50", #"{"f":1.50}"#), ("a=9007199254740993", #"{"a":9007199254740993}"#),
            ("a=12345678901234567890", #"{"a":12345678901234567890}"#),
            ("a=true", #"{"a":true}"#), ("a=null", #"{"a":null}"#), ("a=", #"{"a":""}"#),
            ("a=True", #"{"a":"True"}"#), ("a=010", #"{"a":"010"}"#), ("a=007", #"{"a":"007"}"#),
            ("a=.5", #"{"a":".5"}"#), ("a=5.", #"{"a":"5."}"#), ("a=0x10", #"{"a":"0x10"}"#),
            ("a=1_000", #"{"a":"1_000"}"#), ("a=1e400", #"{"a":"1e400"}"#), ("a=2020-01-01", #"{"a":"2020-01-01"}"#),
            ("a=1,2", #"{"a":"1,2"}"#), ("a=undefined", #"{"a":"undefined"}"#), ("a=abc", #"{"a":"abc"}"#),
            ("a=%22x%22", #"{"a":"x"}"#), ("a=\"7\"", #"{"a":"7"}"#),
            ("a=%7B%22x%22%3A1%7D", #"{"a":{"x":1}}"#), ("a=%5B1%2C2%5D", #"{"a":[1,2]}"#),
            ("a=[1,2]", #"{"a":[1,2]}"#),
            ("a=+5", #"{"a":5}"#), ("a=%2B5", #"{"a":"+5"}"#), ("a=+", #"{"a":" "}"#),
            // Escapes of JSON, as there is no other way to send a line break to the old gateway.
            (#"a=\n"#, #"{"a":"\n"}"#), (#"a=\u0041"#, #"{"a":"A"}"#),
            // What the old gateway refused, is a string.
            (#"a=\"#, #"{"a":"\\"}"#), (#"a=x"y"#, #"{"a":"x\"y"}"#), ("a=%09", #"{"a":"\t"}"#),
            ("a=x%0Ay", #"{"a":"x\ny"}"#),
            (#"a=C:\x"#, #"{"a":"C:\\x"}"#), ("a={", #"{"a":"{"}"#), ("t=<a%26b>", #"{"t":"\u003ca\u0026b\u003e"}"#),
            ("a=%00", #"{"a":"\u0000"}"#), ("a=%C3%A9", #"{"a":"é"}"#),
            // Names.
            ("", "{}"), ("a", #"{"a":""}"#), ("a=1&", #"{"a":1}"#), ("&a=1", #"{"a":1}"#),
            ("a=1&&b=2", #"{"a":1,"b":2}"#),
            ("=1", #"{"":1}"#), ("=", #"{"":""}"#), ("a==b", #"{"a":"=b"}"#), ("a=b=c", #"{"a":"b=c"}"#),
            ("token=YWJj==", #"{"token":"YWJj=="}"#), ("a+b=c+d", #"{"a b":"c d"}"#), ("a=1;b=2", #"{"a":"1;b=2"}"#),
            ("User=1&user=2", #"{"User":1,"user":2}"#),
            // Brackets and dots.
            ("a=1&a=2", #"{"a":2}"#), ("a[]=1&a[]=x", #"{"a":[1,"x"]}"#), ("a%5Bb%5D=1", #"{"a":{"b":1}}"#),
            ("a[b]=1&a[c]=2", #"{"a":{"b":1,"c":2}}"#), ("a[][b]=1&a[][b]=2", #"{"a":[{"b":1},{"b":2}]}"#),
            ("a[b]c=1", #"{"a":{"bc":1}}"#), ("a[0]=x", #"{"a":{"0":"x"}}"#), ("a[][]=1", #"{"a":[[1]]}"#),
            ("a=1&a[b]=2", #"{"a":{"b":2}}"#), ("a=1&a[]=2", #"{"a":[2]}"#), ("[b]=1", #"{"":{"b":1}}"#),
            ("a.b=1", #"{"a":{"b":1}}"#), ("a.b.c=1&a.b.d=2", #"{"a":{"b":{"c":1,"d":2}}}"#),
            ("a[b]=1&a.c=2", #"{"a":{"b":1,"c":2}}"#), ("a.c=2&a[b]=1", #"{"a":{"c":2,"b":1}}"#),
            ("a[b].c=1", #"{"a":{"b":{"c":1}}}"#), ("a[b.c]=1", #"{"a":{"b.c":1}}"#), ("a[].b=1", #"{"a":[{"b":1}]}"#),
            ("a..b=1", #"{"a":{"":{"b":1}}}"#), ("a.=1", #"{"a":{"":1}}"#),
            ("a=null&a.b=1", #"{"a":{"b":1}}"#), ("a={\"x\":{\"y\":1}}&a.x.z=2", #"{"a":{"x":{"y":1,"z":2}}}"#),
            ("a=[1]&a=[2]&a[]=3", #"{"a":[1,2,3]}"#),
            // Decoded once.
            ("a[b]=1%2B1", #"{"a":{"b":"1+1"}}"#), ("a[b]=100%25", #"{"a":{"b":"100%"}}"#),
            ("a[c]=x%2520y", #"{"a":{"c":"x%20y"}}"#),
        ])
    func rules(query: String, payload: String) throws {
        #expect(try JSONValue.object(QueryFields.parse(query: query)).text() == payload)
    }

    @Test(
        "what contradicts itself or is malformed is the client's fault, and never a crash",
        arguments: [
            ("a[b]=2&a=1", PayloadProblem.contradiction(field: "a")),
            ("a[]=1&a=2", .contradiction(field: "a")),
            ("a.b=2&a=1", .contradiction(field: "a")),
            ("a=1&a.b=2", .contradiction(field: "a.b")),
            ("a[]=1&a[b]=2", .contradiction(field: "a[b]")),
            ("a[b]=1&a[]=2", .contradiction(field: "a[]")),
            ("a={}&a=[]", .contradiction(field: "a")),
            ("a[b]=1&a=null", .contradiction(field: "a")),
            ("a.b[c]=1&a.b=x", .contradiction(field: "a.b")),
            ("a={\"x\":{\"y\":1}}&a={\"x\":2}", .contradiction(field: "a")),
            ("a={\"x\":{\"y\":1}}&a.x.z=2&a[]=", .contradiction(field: "a[]")),
            ("a[=1", .malformedName("a[")),
            ("a]=1", .malformedName("a]")),
            ("a[b=1", .malformedName("a[b")),
            ("a[b]]=1", .malformedName("a[b]]")),
            ("a[[b]]=1", .malformedName("a[[b]]")),
            ("a[]b=1", .malformedName("a[]b")),
            ("%zz=1", .malformedEscape("%zz")),
            ("a=%zz", .malformedEscape("%zz")),
            ("a=%", .malformedEscape("%")),
            ("a=1%2&b=1", .malformedEscape("%2")),
            ("a=%ff", .notUTF8(field: "a")),
            ("%ff=a", .notUTF8(field: "\u{FFFD}")),
        ])
    func problems(query: String, problem: PayloadProblem) {
        #expect(throws: problem) { try QueryFields.parse(query: query) }
        #expect(throws: problem) { try FormFields.parse(query.utf8.span) }
    }

    @Test(
        "the registry's schema decides what a value is",
        arguments: [
            ("name=7", #"{"name":"7"}"#), ("name=true", #"{"name":"true"}"#), ("name=null", #"{"name":"null"}"#),
            ("name=12345678901234567890", #"{"name":"12345678901234567890"}"#), ("name", #"{"name":""}"#),
            ("name=%227%22", #"{"name":"7"}"#), ("name=%227", #"{"name":"\"7"}"#),
            (#"name=C:\new"#, #"{"name":"C:\\new"}"#),
            ("name={}", #"{"name":"{}"}"#), ("age=7", #"{"age":7}"#), ("age=null", #"{"age":null}"#),
            ("open=true", #"{"open":true}"#), ("open", #"{"open":true}"#), ("open=false", #"{"open":false}"#),
            ("tags=1", #"{"tags":["1"]}"#), ("tags=1&tags=2", #"{"tags":["1","2"]}"#), ("tags[]=1", #"{"tags":["1"]}"#),
            ("tags=[\"a\"]&tags=b", #"{"tags":["a","b"]}"#), ("user.name=7", #"{"user":{"name":"7"}}"#),
            ("user[name]=7&user[other]=7", #"{"user":{"name":"7","other":7}}"#), ("other=7", #"{"other":7}"#),
        ])
    func typed(query: String, payload: String) throws {
        #expect(try JSONValue.object(QueryFields.parse(query: query, as: Self.schema)).text() == payload)
    }

    @Test("a value that the schema rules out is refused", arguments: ["age=x", "age=007", "age", "open=1", "open="])
    func mistyped(query: String) throws {
        let problem = try #require(throws: PayloadProblem.self) { try QueryFields.parse(query: query, as: Self.schema) }
        guard case .wrongType = problem else {
            Issue.record(problem)
            return
        }
    }

    private static let schema = FieldType.object([
        "name": .string, "age": .number, "open": .boolean, "tags": .list(.string), "user": .object(["name": .string]),
    ])

    @Test(
        "type names of Go are read as far as they say something",
        arguments: [
            ("string", FieldType.string), ("int64", .number), ("float32", .number), ("bool", .boolean),
            ("[]uint8", .string),
            ("[]string", .list(.string)), ("[]Item", .list(nil)), ("[][]int", .list(.list(.number))), ("Item", nil),
            ("", nil),
        ])
    func registered(name: String, type: FieldType?) {
        #expect(FieldType(registered: name) == type)
        #expect(FieldType(registered: "Item", members: ["a": .string]) == .object(["a": .string]))
    }

    @Test func `names and depth and number of fields are limited`() throws {
        let names = (0..<1_000).map { "f\($0)[x]=1" }.joined(separator: "&")
        #expect(try QueryFields.parse(query: names).count == 1_000)
        #expect(throws: PayloadProblem.tooManyFields(limit: 1_000)) { try QueryFields.parse(query: names + "&a=1") }

        let deepest = "a" + String(repeating: "[b]", count: 31)
        #expect(throws: Never.self) { try QueryFields.parse(query: deepest + "=1") }
        for deeper in ["[b]=1", "[]=1", ".b=1", "={}"] {
            let problem = try #require(throws: PayloadProblem.self) { try QueryFields.parse(query: deepest + deeper) }
            guard case .tooDeep = problem else {
                Issue.record(problem)
                return
            }
        }
        #expect(throws: PayloadProblem.self) {
            try QueryFields.parse(query: "a=" + String(repeating: "[", count: 60_000))
        }
        #expect(throws: PayloadProblem.self) { try QueryFields.parse(query: String(repeating: "a.", count: 60_000)) }
    }

    @Test func `no query of any bytes is a crash`() {
        var state: UInt64 = 1
        let alphabet = Array("ab[].=&%25+\"{}:1\\".utf8)
        for _ in 0..<20_000 {
            var query: [UInt8] = []
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                query.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            guard let fields = try? FormFields.parse(query.span) else { continue }
            let text = JSONValue.object(fields).text()
            #expect(throws: Never.self) { try JSONScanner.validate(text.utf8.span) }
        }
    }

    @Test func `path fields are strings whose names dots expand`() throws {
        let fields = [(name: "user_id", value: "7"), (name: "Post.Id", value: "a/b"), (name: "Post.N", value: "9")]
        let payload = #"{"user_id":"7","Post":{"Id":"a/b","N":"9"}}"#
        #expect(try JSONValue.object(PathFields.parse(fields)).text() == payload)
        let typed = try PathFields.parse(fields, as: .object(["user_id": .number, "Post": .object(["Id": .string])]))
        #expect(JSONValue.object(typed).text() == #"{"user_id":7,"Post":{"Id":"a/b","N":"9"}}"#)
    }
}
