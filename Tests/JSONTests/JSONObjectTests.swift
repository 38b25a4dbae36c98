import JSON
import Testing

struct JSONObjectTests {
    @Test func `members keep the order in which their names first came, and the last value`() throws {
        let object = try #require(JSONParser.parse(#"{"b":1,"a":2,"b":3}"#).objectValue)
        #expect(object.names == ["b", "a"])
        #expect(object["b"] == 3)
        #expect(object.map(\.value) == [3, 2])
    }

    @Test("members are found, replaced and taken away, be they few or many", arguments: [3, 12, 13, 14, 200])
    func manyMembers(count: Int) {
        var object = JSONObject((0..<count).map { ("n\($0)", .integer($0)) })
        object["n1"] = "new"
        object["n0"] = nil
        object["none"] = nil
        object["n2", default: 0] = .null
        object["last", default: 7] = "changed"
        #expect(object.count == count)
        #expect(object["n0"] == nil)
        #expect(object["n1"] == "new")
        #expect(object["n2"] == .null)
        #expect(object["last"] == "changed")
        #expect(object.names == (1..<count).map { "n\($0)" } + ["last"])
        for number in 3..<max(3, count) { #expect(object["n\(number)"] == .integer(number)) }
    }

    @Test func `of ten thousand members that come twice, each is there once`() throws {
        let members = (0..<10_000).map { "\"name\($0)\":\($0)" }.joined(separator: ",")
        let object = try #require(JSONParser.parse("{\(members),\(members)}").objectValue)
        #expect(object.count == 10_000)
        #expect(object["name9999"] == 9_999)
        #expect(object == object.sorted())
        #expect(object.filter { _, value in value == 5 }.names == ["name5"])
    }

    @Test func `names are compared byte by byte`() {
        let object: JSONObject = ["\u{E9}": 1, "e\u{301}": 2]
        #expect(object.count == 2)
        #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
    }

    @Test func `the case of a name can be ignored, but an exact one comes first`() {
        let object: JSONObject = ["NAME": 1, "name": 2, "Ä": 3]
        #expect(object.member(ignoringCase: "name") == 2)
        #expect(object.member(ignoringCase: "Name") == 1)
        #expect(object.member(ignoringCase: "ä") == nil)
        #expect(object.member(ignoringCase: "nam") == nil)
    }

    @Test func `objects are equal whatever the order of their members`() {
        #expect(["a": 1, "b": 2] as JSONObject == ["b": 2, "a": 1])
        #expect(["a": 1, "b": 2] as JSONObject != ["a": 1])
        #expect(["a": 1] as JSONObject != ["b": 1])
        #expect(["a": 1] as JSONObject != ["a": .null])
    }

    @Test func `values are looked into without loss`() {
        let value: JSONValue = ["text": "a", "number": 7, "truth": true, "list": [1, nil], "object": [:]]
        #expect(value["text"]?.stringValue == "a")
        #expect(value["number"]?.intValue == 7)
        #expect(value["truth"]?.boolValue == true)
        #expect(value["list"]?.arrayValue == [1, .null])
        #expect(value["object"]?.objectValue?.isEmpty == true)
        #expect(value["none"] == nil)
        #expect(value["text"]?["none"] == nil)
        #expect(value["text"]?.intValue == nil)
        for literal in ["1.0", "1e3", "9223372036854775808"] { #expect(JSONValue.number(literal).intValue == nil) }
    }
}
