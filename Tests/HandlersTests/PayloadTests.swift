import Handlers
import JSON
import Testing

struct PayloadTests {
    @Test(
        "the body is laid over the query, and nulls are kept",
        arguments: [
            ("b=2&a=5", #"{"a":1}"#, #"{"b":2,"a":1}"#),
            ("", #"{"z":1,"a":{"y":1,"b":2}}"#, #"{"z":1,"a":{"y":1,"b":2}}"#),
            ("", #"{"a":null,"b":{"c":null}}"#, #"{"a":null,"b":{"c":null}}"#),
            ("", #"{"a":[1,null,{"b":null}]}"#, #"{"a":[1,null,{"b":null}]}"#),
            ("b.d=1&a=9", #"{"a":null,"b":{"c":2}}"#, #"{"b":{"d":1,"c":2},"a":null}"#),
            ("a.b=1", #"{"a":{"c":null,"d":{"e":null}}}"#, #"{"a":{"b":1,"c":null,"d":{"e":null}}}"#),
            ("a[]=1", #"{"a":[2]}"#, #"{"a":[2]}"#),
            ("a=1", #"{"a":{"b":2}}"#, #"{"a":{"b":2}}"#),
            ("a.b=1", #"{"a":5}"#, #"{"a":5}"#),
            ("a.b.c=1", #"{"a":{"b":{"d":1E3}}}"#, #"{"a":{"b":{"c":1,"d":1E3}}}"#),
            ("x=1", "", #"{"x":1}"#),
            ("x=1", "{}", #"{"x":1}"#),
            ("", "", "{}"),
            ("", "[]", "[]"),
            ("x=1", "null", "null"),
            ("", #"{"a":1.0,"b":123456789012345678901}"#, #"{"a":1.0,"b":123456789012345678901}"#),
        ])
    func merge(query: String, body: String, payload: String) throws {
        let fields = try QueryFields.parse(query: query)
        #expect(try Payload.merge(fields: fields, body: Payload.body(body.utf8.span)).text() == payload)
    }

    @Test("a scalar is no payload, with fields or without", arguments: ["\"a\"", "1", "true", "false", " 1 "])
    func scalars(body: String) throws {
        let value = try Payload.body(body.utf8.span)
        #expect(throws: PayloadProblem.scalarBody) { try Payload.merge(fields: [:], body: value) }
        #expect(throws: PayloadProblem.scalarBody) { try Payload.merge(fields: ["a": 1], body: value) }
        #expect(throws: PayloadProblem.scalarBody) { try Payload.isObject(body.utf8.span) }
    }

    @Test func `an array has no room for fields, and is refused rather than sent without them`() {
        #expect(throws: PayloadProblem.arrayBody) { try Payload.merge(fields: ["x": 1], body: [1]) }
    }

    @Test(
        "a template may send the body to a member, where it may be anything",
        arguments: [
            ("wrap", #"{"a":1}"#, #"{"q":1,"wrap":{"a":1}}"#),
            ("wrap.it", #"{"a":1}"#, #"{"q":1,"wrap":{"it":{"a":1}}}"#),
            ("*", #"{"a":1}"#, #"{"q":1,"a":1}"#), ("", #"{"a":1}"#, #"{"q":1,"a":1}"#),
            ("data", #""aGVsbG8=""#, #"{"q":1,"data":"aGVsbG8="}"#), ("list", "[1]", #"{"q":1,"list":[1]}"#),
            ("q", "2", #"{"q":2}"#),
        ])
    func destination(name: String, body: String, payload: String) throws {
        #expect(try Payload.merge(fields: ["q": 1], body: JSONParser.parse(body), at: name).text() == payload)
    }

    @Test func `one object is laid over another on every level`() {
        let path: JSONObject = ["id": "7", "post": ["id": "8"]]
        let query: JSONObject = ["id": 9, "post": ["title": "x"]]
        #expect(Payload.merge(query, over: path) == ["id": 9, "post": ["id": "8", "title": "x"]])
        #expect(Payload.merge(path, over: query) == ["id": "7", "post": ["id": "8", "title": "x"]])
    }

    @Test(
        "a body with nothing to merge is only looked at",
        arguments: [(#"{"a":1}"#, true), (" {} ", true), ("[1]", false), ("null", false)])
    func fastPath(body: String, isObject: Bool) throws {
        #expect(try Payload.isObject(body.utf8.span) == isObject)
    }

    @Test("what is no JSON is refused with its reason", arguments: ["{", "{\"a\":1}x", "hello", "\u{8}"])
    func malformed(body: String) throws {
        let reason = try #require(throws: JSONProblem.self) { try JSONParser.parse(body) }
        #expect(throws: PayloadProblem.malformedBody(reason)) { try Payload.isObject(body.utf8.span) }
        #expect(throws: PayloadProblem.malformedBody(reason)) { try Payload.body(body.utf8.span) }
    }

    @Test func `problems are sentences, and a long name does not make them long`() {
        #expect(PayloadProblem.malformedEscape("%zz").description == #"invalid URL escape "%zz""#)
        let problem = PayloadProblem.contradiction(field: String(repeating: "a", count: 10_000))
        #expect(problem.description.count < 120)
    }
}
