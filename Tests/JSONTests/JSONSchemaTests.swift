import JSON
import Testing

struct JSONSchemaTests {
    private let node = JSONSchema(
        JSONSchema.reference(to: "Node"),
        types: [
            "Node": [
                "type": "object", "properties": ["next": JSONSchema.reference(to: "Node"), "$ref": ["type": "string"]],
            ]
        ])

    @Test func `a document names its dialect and has its types within`() {
        #expect(
            node.document.text()
                == ##"{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#/$defs/Node","##
                + ##""$defs":{"Node":{"type":"object","properties":{"next":{"$ref":"#/$defs/Node"},"##
                + ##""$ref":{"type":"string"}}}}}"##)
        #expect(JSONSchema([:]).document == ["$schema": .string(JSONSchema.dialect)])
        #expect(node.resolved(node.root)["type"] == "object")
        #expect(node.resolved(["type": "string"]) == ["type": "string"])
    }

    @Test func `in a library types refer to each other there, and are there once`() {
        var library = JSONSchemaLibrary(at: "#/components/schemas/")
        #expect(library.add(node) == ["$ref": "#/components/schemas/Node"])
        #expect(library.add(node) == ["$ref": "#/components/schemas/Node"])
        #expect(library.types.names == ["Node"])
        #expect(library.types["Node"]?["properties"]?["next"] == ["$ref": "#/components/schemas/Node"])
        #expect(
            library.types["Node"]?["properties"]?["$ref"] == ["type": "string"],
            "the name of a property is no reference")
    }

    @Test func `another type of the same name gets another name, and so do references to it`() {
        let other = JSONSchema(
            ["type": "array", "items": JSONSchema.reference(to: "List")],
            types: ["Node": ["type": "string"], "List": ["items": JSONSchema.reference(to: "Node")]])
        var library = JSONSchemaLibrary(at: "#/c/", types: ["Error": ["type": "object"]])
        _ = library.add(node)
        #expect(library.add(other) == ["type": "array", "items": ["$ref": "#/c/List-2"]])
        #expect(library.add(other) == ["type": "array", "items": ["$ref": "#/c/List-2"]])
        #expect(library.types["List-2"] == ["items": ["$ref": "#/c/Node-2"]])
        #expect(library.types["Node-2"] == ["type": "string"])
        #expect(library.types.names == ["Error", "Node", "Node-2", "List-2"])
    }
}
