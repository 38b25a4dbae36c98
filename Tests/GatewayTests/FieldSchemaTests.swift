import Gateway
import JSON
import Testing

/// What registries tell of Go's types, as schemas of the JSON that services read and write.
struct FieldSchemaTests {
    private func schema(_ type: String, _ fields: [FieldDescription] = []) -> JSONValue? {
        let field = FieldDescription(name: "it", type: type, fields: fields)
        let message = FieldDescription(name: "Request", type: "Request", fields: [field])
        return message.jsonSchema.root["properties"]?["it"]
    }

    @Test(
        "a type of Go becomes the type of its JSON",
        arguments: [
            ("string", #"{"type":"string"}"#), ("bool", #"{"type":"boolean"}"#),
            ("*string", #"{"type":["string","null"]}"#),
            ("int32", #"{"type":"integer","minimum":-2147483648,"maximum":2147483647}"#),
            ("uint8", #"{"type":"integer","minimum":0,"maximum":255}"#), ("int", #"{"type":"integer"}"#),
            ("float64", #"{"type":"number","format":"double"}"#),
            // Those of protobuf's JSON are texts, since not every reader keeps the digits of such a number.
            ("int64", #"{"type":["integer","string"],"format":"int64","pattern":"^-?[0-9]{1,19}$"}"#),
            ("uint64", #"{"type":["integer","string"],"format":"uint64","minimum":0,"pattern":"^[0-9]{1,20}$"}"#),
            ("[]string", #"{"type":["array","null"],"items":{"type":"string"}}"#),
            ("[][]bool", #"{"type":["array","null"],"items":{"type":["array","null"],"items":{"type":"boolean"}}}"#),
            ("[]Item", #"{"type":["array","null"],"items":{"title":"Item"}}"#),
            ("[4]int", #"{"type":["array","null"],"items":{"type":"integer"}}"#),
            ("[]byte", #"{"type":["string","null"],"format":"byte","contentEncoding":"base64"}"#),
            ("[]uint8", #"{"type":["string","null"],"format":"byte","contentEncoding":"base64"}"#),
            ("map[string]int", #"{"type":["object","null"],"additionalProperties":{"type":"integer"}}"#),
            ("map[string]interface {}", #"{"type":["object","null"]}"#),
            ("Time", #"{"type":"string","format":"date-time"}"#),
            ("time.Time", #"{"type":"string","format":"date-time"}"#),
            // Nothing is said of these: they may be anything.
            ("", "{}"), ("interface {}", "{}"), ("chan int", "{}"), ("Colour", #"{"title":"Colour"}"#),
            ("[]", #"{"type":["array","null"]}"#), ("map[string", "{}"),
        ])
    func types(type: String, expected: String) throws {
        #expect(schema(type)?.text(JSONStyle(escapesHTML: false)) == expected)
    }

    @Test func `messages in messages are objects, which Go may leave out as null`() throws {
        let inner = [
            FieldDescription(name: "id", type: "int"),
            FieldDescription(
                name: "deep", type: "Deep",
                fields: [
                    FieldDescription(name: "tags", type: "[]string")
                ]),
        ]
        let item = try #require(schema("Item", inner))
        #expect(item["type"] == ["object", "null"])
        #expect(item["title"] == "Item")
        #expect(item["properties"]?["deep"]?["properties"]?["tags"]?["items"] == ["type": "string"])
        #expect(schema("[]Item", inner)?["items"]?["properties"]?["id"] == ["type": "integer"])
    }

    @Test func `a message is an object, whether its fields are known or not`() {
        #expect(
            FieldDescription(name: "Request", type: "Request").jsonSchema.root == [
                "type": "object", "title": "Request",
            ])
        #expect(FieldDescription(name: "", type: "").jsonSchema.root == ["type": "object"])
        #expect(
            FieldDescription(name: "Request", type: "*Request").jsonSchema.root == [
                "type": "object", "title": "Request",
            ])
        #expect(FieldDescription(name: "x", type: "[]int").jsonSchema.root["type"] == ["array", "null"])
        #expect(FieldDescription(name: "x", type: "interface {}").jsonSchema.root == [:])
    }

    @Test func `what is no part of the JSON is left out`() {
        let fields = [
            FieldDescription(name: "state", type: "MessageState"), FieldDescription(name: "sizeCache", type: "int32"),
            FieldDescription(name: "unknownFields", type: "[]uint8"), FieldDescription(name: "XXX_x", type: "bool"),
            // The type in place of the name.
            FieldDescription(name: "string", type: "string"), FieldDescription(name: "[]string", type: "[]string"),
            FieldDescription(name: "Item", type: "Item"), FieldDescription(name: "name", type: "string"),
        ]
        let root = FieldDescription(name: "R", type: "R", fields: fields).jsonSchema.root
        #expect(root["properties"]?.objectValue?.names == ["Item", "name"])
    }

    @Test func `moments of Go are texts, although registries show their insides`() {
        let insides = ["wall", "ext", "loc"].map { FieldDescription(name: $0, type: "uint64") }
        #expect(schema("Time", insides) == ["type": "string", "format": "date-time"])
        #expect(schema("Time", [FieldDescription(name: "hour", type: "int")])?["properties"]?["hour"] != nil)
    }

    @Test func `types that do not end are cut off`() {
        var field = FieldDescription(name: "a", type: "A")
        for _ in 0..<100 { field = FieldDescription(name: "a", type: "A", fields: [field]) }
        #expect(field.jsonSchema.root.text().utf8.count < 2_000)
        #expect(schema(String(repeating: "[]", count: 100_000))?.text().utf8.count ?? 0 < 2_000)
    }

    @Test func `of a stream Go Micro tells the method's signature, which is no message`() {
        let stream = Endpoint(
            name: "Say.Stream", request: FieldDescription(name: "Context", type: "Context"),
            response: FieldDescription(name: "Stream", type: "Stream"), metadata: ["stream": "true"])
        #expect(stream.requestSchema == nil)
        #expect(stream.responseSchema == nil)
        let told = Endpoint(
            name: "Say.Stream", request: FieldDescription(name: "Req", type: "Req"),
            response: FieldDescription(name: "Rsp", type: "Rsp"), metadata: ["stream": "true"])
        #expect(told.requestSchema?.root["title"] == "Req")
        #expect(told.responseSchema?.root["title"] == "Rsp")
    }
}
