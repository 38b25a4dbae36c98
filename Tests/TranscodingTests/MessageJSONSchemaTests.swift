import JSON
import Testing
import Transcoding

/// Descriptors as schemas of the JSON that we read and write.
struct MessageJSONSchemaTests {
    private let everything = Golden.everything.jsonSchema()

    private func property(_ name: String) -> String? {
        everything.types["sample.Everything"]?["properties"]?[name]?.text(JSONStyle(escapesHTML: false))
    }

    @Test(
        "a field has the schema of its JSON",
        arguments: [
            ("anInt32", #"{"type":"integer","format":"int32","minimum":-2147483648,"maximum":2147483647}"#),
            ("aFixed32", #"{"type":"integer","format":"uint32","minimum":0,"maximum":4294967295}"#),
            (
                "aSint64",
                #"{"type":["string","integer"],"format":"int64","pattern":"^-?[0-9]{1,19}$","minimum":-9223372036854775808,"#
                    + #""maximum":9223372036854775807}"#
            ),
            (
                "aUint64",
                #"{"type":["string","integer"],"format":"uint64","pattern":"^[0-9]{1,20}$","minimum":0,"#
                    + #""maximum":18446744073709551615}"#
            ),
            ("aFloat", #"{"anyOf":[{"type":"number","format":"float"},{"enum":["NaN","Infinity","-Infinity"]}]}"#),
            ("aBool", #"{"type":"boolean"}"#), ("aString", #"{"type":"string"}"#),
            ("aBytes", #"{"type":"string","format":"byte","contentEncoding":"base64"}"#),
            ("colour", ##"{"$ref":"#/$defs/sample.Colour"}"##), ("child", ##"{"$ref":"#/$defs/sample.Everything"}"##),
            ("maybeString", #"{"type":"string"}"#), ("strings", #"{"type":"array","items":{"type":"string"}}"#),
            ("children", ##"{"type":"array","items":{"$ref":"#/$defs/sample.Everything"}}"##),
            ("labels", #"{"type":"object","additionalProperties":{"type":"string"}}"#),
            (
                "byInt64",
                ##"{"type":"object","propertyNames":{"pattern":"^-?[0-9]+$"},"##
                    + ##""additionalProperties":{"$ref":"#/$defs/sample.Everything"}}"##
            ),
            (
                "byFixed64",
                #"{"type":"object","propertyNames":{"pattern":"^[0-9]+$"},"additionalProperties":{"type":"boolean"}}"#
            ),
            (
                "byBool",
                #"{"type":"object","propertyNames":{"enum":["true","false"]},"additionalProperties":{"type":"string"}}"#
            ),
            ("time", #"{"type":"string","format":"date-time"}"#),
            ("duration", #"{"type":"string","pattern":"^-?[0-9]+(\\.[0-9]{1,9})?s$"}"#),
            ("mask", #"{"type":"string"}"#),
            ("struct", #"{"type":"object"}"#), ("value", "{}"), ("list", #"{"type":"array"}"#),
            ("any", #"{"type":"object","properties":{"@type":{"type":"string"}}}"#), ("nullValue", #"{"type":"null"}"#),
            ("empty", ##"{"$ref":"#/$defs/google.protobuf.Empty"}"##),
            ("wrappedBool", #"{"type":["boolean","null"]}"#),
            (
                "wrappedDouble",
                #"{"anyOf":[{"anyOf":[{"type":"number","format":"double"},{"enum":["NaN","Infinity","-Infinity"]}]},"#
                    + #"{"type":"null"}]}"#
            ),
            // In a list there is no null.
            (
                "wrappedInt32s",
                #"{"type":"array","items":{"type":"integer","format":"int32","minimum":-2147483648,"maximum":2147483647}}"#
            ),
            ("other<name>", #"{"type":"string"}"#), ("an_int32", nil), ("renamed", nil),
        ])
    func fields(name: String, expected: String?) {
        #expect(property(name) == expected)
    }

    @Test func `a message that holds itself is one type, and refers to it`() {
        #expect(everything.root == JSONSchema.reference(to: "sample.Everything"))
        #expect(everything.types.names == ["google.protobuf.Empty", "sample.Colour", "sample.Everything"])
        #expect(everything.types["google.protobuf.Empty"] == ["type": "object", "additionalProperties": false])
    }

    @Test func `an enumeration is its names, and where others write the JSON also numbers`() {
        let names: JSONValue = ["type": "string", "enum": ["NEGATIVE", "COLOUR_UNKNOWN", "RED", "CRIMSON", "GREEN"]]
        #expect(everything.types["sample.Colour"] == names)
        let open = Golden.everything.jsonSchema(isTranslated: false)
        #expect(open.types["sample.Colour"] == ["anyOf": [names, ["type": "integer"]]])
        #expect(open.types["sample.Everything"]?["additionalProperties"] == nil)
    }

    @Test func `of a oneof there is one field, or none`() throws {
        let type = try #require(everything.types["sample.Everything"])
        #expect(type["additionalProperties"] == false)
        let choices = try #require(type["allOf"]?.arrayValue)
        #expect(choices.count == 1, "a field that may be missing is no choice")
        let members = ["choiceNumber", "choiceText", "choiceChild", "choiceNull", "choiceColour"].map { name in
            ["required": [.string(name)]] as JSONValue
        }
        #expect(choices[0] == ["oneOf": .array(members + [["not": ["anyOf": .array(members)]]])])
    }

    @Test func `required fields are required`() {
        let order = Golden.message("sample.legacy.Order").jsonSchema()
        #expect(order.types["sample.legacy.Order"]?["required"] == ["id"])
        #expect(order.types["sample.legacy.Size"]?["enum"] == ["SMALL", "LARGE"])
        #expect(order.types.names.contains("sample.legacy.Order.Detail"))
    }
}
