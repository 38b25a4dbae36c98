package import JSON

extension Endpoint {
    /// Of the messages that the endpoint takes, as far as the registry tells. Nil when it does not.
    package var requestSchema: JSONSchema? { describesMessages ? request?.jsonSchema : nil }

    /// Of the messages that it answers with. Nil when the registry does not tell.
    package var responseSchema: JSONSchema? { describesMessages ? response?.jsonSchema : nil }

    /// Of streams, Go Micro describes the signature of the method where their messages should be.
    private var describesMessages: Bool { !(isStream && response?.type == "Stream") }
}

extension FieldDescription {
    /// What the description of a whole message says, as a schema.
    ///
    /// Registries know Go's types, and not what a service makes of them in JSON. So the schema allows what differs between
    /// encoders: `null` for what Go may leave out, further members, and 64-bit integers as text.
    package var jsonSchema: JSONSchema { JSONSchema(.object(GoTypeSchema.message(self))) }
}

/// Schemas of Go's types.
private enum GoTypeSchema {
    /// Deeper types are left open. Records are cut off at a like depth.
    private static let maximumDepth = 16

    /// A message is an object, unless its type clearly is none.
    static func message(_ field: FieldDescription) -> JSONObject {
        var field = field
        if field.type.hasPrefix("*") { field.type.removeFirst() }
        let isObject = field.type.isEmpty || isNamed(field.type)
        return isObject && !isTime(field) ? object(field, depth: 0, isNullable: false) : schema(of: field, depth: 0)
    }

    private static func schema(of field: FieldDescription, depth: Int) -> JSONObject {
        if isTime(field) { return ["type": "string", "format": "date-time"] }
        return schema(ofType: field.type[...], fields: field.fields, depth: depth)
    }

    private static func schema(ofType type: Substring, fields: [FieldDescription], depth: Int) -> JSONObject {
        guard depth < maximumDepth else { return [:] }
        if let known = basic[String(type)] { return known }
        if type.hasPrefix("*") {
            return nullable(schema(ofType: type.dropFirst(), fields: fields, depth: depth + 1))
        }
        if type == "[]byte" || type == "[]uint8" {
            return nullable(["type": "string", "format": "byte", "contentEncoding": "base64"])
        }
        if type.hasPrefix("["), let end = type.firstIndex(of: "]") {
            let element = schema(ofType: type[end...].dropFirst(), fields: fields, depth: depth + 1)
            return nullable(element.isEmpty ? ["type": "array"] : ["type": "array", "items": .object(element)])
        }
        if type.hasPrefix("map["), let end = type.firstIndex(of: "]") {
            let value = schema(ofType: type[end...].dropFirst(), fields: fields, depth: depth + 1)
            return nullable(
                value.isEmpty ? ["type": "object"] : ["type": "object", "additionalProperties": .object(value)])
        }
        // A named type without fields may be an enumeration, or a message too deep for the registry.
        guard !fields.isEmpty else { return isNamed(String(type)) ? ["title": .string(String(type))] : [:] }
        return object(FieldDescription(name: "", type: String(type), fields: fields), depth: depth, isNullable: true)
    }

    private static func object(_ field: FieldDescription, depth: Int, isNullable: Bool) -> JSONObject {
        var schema: JSONObject = isNullable ? ["type": ["object", "null"]] : ["type": "object"]
        if isNamed(field.type) { schema["title"] = .string(field.type) }
        var properties = JSONObject()
        for field in field.fields where isPartOfJSON(field, of: field.fields) {
            properties[field.name] = .object(self.schema(of: field, depth: depth + 1))
        }
        if !properties.isEmpty { schema["properties"] = .object(properties) }
        return schema
    }

    /// Without what generated Go code keeps for itself, and without fields whose names the registry does not tell: Go Micro
    /// before version 5 writes the type there.
    private static func isPartOfJSON(_ field: FieldDescription, of siblings: [FieldDescription]) -> Bool {
        if field.name.isEmpty || field.type == "MessageState" || field.name.hasPrefix("XXX_") { return false }
        if field.name == "sizeCache" || field.name == "unknownFields" { return false }
        return field.name != field.type || basic[field.name] == nil && !field.name.hasPrefix("[]")
    }

    /// Go's moments have private fields, which some registries show.
    private static func isTime(_ field: FieldDescription) -> Bool {
        guard field.type == "time.Time" || field.type == "Time" else { return false }
        return field.fields.allSatisfy { ["wall", "ext", "loc", "uint64", "int64", "Location"].contains($0.name) }
    }

    /// Whether it is the name of a type that a program declares.
    private static func isNamed(_ type: String) -> Bool {
        guard let first = type.utf8.first, basic[type] == nil else { return false }
        let isMadeOfOthers = ["map[", "chan ", "func(", "interface", "struct {"].contains { type.hasPrefix($0) }
        return (first | 0x20) &- 0x61 < 26 && !isMadeOfOthers
    }

    private static func nullable(_ schema: JSONObject) -> JSONObject {
        guard let type = schema["type"] else { return schema }
        let types = type.arrayValue ?? [type]
        var schema = schema
        if !types.contains("null") { schema["type"] = .array(types + ["null"]) }
        return schema
    }

    private static let basic: [String: JSONObject] = [
        "string": ["type": "string"], "bool": ["type": "boolean"], "error": ["type": "string"],
        "float32": ["type": "number", "format": "float"], "float64": ["type": "number", "format": "double"],
        "int": ["type": "integer"], "uint": ["type": "integer", "minimum": 0],
        "int8": integer(-128, 127), "int16": integer(-32_768, 32_767), "int32": integer(-0x8000_0000, 0x7fff_ffff),
        "rune": integer(-0x8000_0000, 0x7fff_ffff), "byte": integer(0, 255), "uint8": integer(0, 255),
        "uint16": integer(0, 65_535), "uint32": integer(0, 0xffff_ffff),
        "int64": ["type": ["integer", "string"], "format": "int64", "pattern": "^-?[0-9]{1,19}$"],
        "uint64": [
            "type": ["integer", "string"], "format": "uint64", "minimum": 0, "pattern": "^[0-9]{1,20}$",
        ],
        "time.Duration": ["type": "integer", "format": "int64"],
    ]

    private static func integer(_ least: Int, _ most: Int) -> JSONObject {
        ["type": "integer", "minimum": .integer(least), "maximum": .integer(most)]
    }
}
