package import JSON

extension MessageSchema {
    /// The JSON form of the messages, by the rules of ProtoJSON.
    ///
    /// Fields are named as they are written, and enumerations have their names only: what else is understood in a request
    /// is no part of the contract.
    ///
    /// - Parameter isTranslated: Whether the JSON is ours, which has no members without a field, and names in place of
    ///   numbers. Services that read and write JSON themselves may do otherwise.
    package func jsonSchema(isTranslated: Bool = true) -> JSONSchema {
        var builder = JSONSchemaBuilder(isTranslated: isTranslated)
        let root = builder.schema(of: self)
        builder.finish()
        return JSONSchema(.object(root), types: builder.types)
    }
}

/// Writes one type after the other: each of those that the types refer to once, so that they may refer to each other.
private struct JSONSchemaBuilder {
    /// What is referred to beyond these many types is left open.
    private static let maximumTypes = 2_000

    private let isTranslated: Bool
    private(set) var types = JSONObject()
    private var known: Set<String> = []
    private var pending: [MessageSchema] = []

    init(isTranslated: Bool) { self.isTranslated = isTranslated }

    mutating func finish() {
        while let message = pending.popLast() { types[Self.typeName(message.name)] = .object(object(message)) }
        types = types.sorted()
    }

    /// What a value of that type is, wherever it stands.
    mutating func schema(of message: MessageSchema) -> JSONObject {
        switch message.wellKnownType {
        case .none:
            let name = Self.typeName(message.name)
            guard let isNew = note(name) else { return [:] }
            if isNew { pending.append(message) }
            return JSONSchema.reference(to: name).objectValue ?? [:]
        case .any: return ["type": "object", "properties": ["@type": ["type": "string"]]]
        case .timestamp: return ["type": "string", "format": "date-time"]
        case .duration: return ["type": "string", "pattern": #"^-?[0-9]+(\.[0-9]{1,9})?s$"#]
        case .fieldMask: return ["type": "string"]
        case .struct: return ["type": "object"]
        case .value: return [:]
        case .listValue: return ["type": "array"]
        case .wrapper: return message.fields.first.map { single($0.valueType) } ?? [:]
        }
    }

    /// Whether a type has not been referred to before. Nil when there are too many.
    private mutating func note(_ name: String) -> Bool? {
        if known.contains(name) { return false }
        guard known.count < Self.maximumTypes else { return nil }
        known.insert(name)
        return true
    }

    private mutating func object(_ message: MessageSchema) -> JSONObject {
        var schema: JSONObject = ["type": "object"]
        let fields = message.fields
        if !fields.isEmpty {
            schema["properties"] = .object(JSONObject(fields.map { ($0.jsonName, .object(self.schema(of: $0))) }))
        }
        let required = fields.filter(\.isRequired).map { JSONValue.string($0.jsonName) }
        if !required.isEmpty { schema["required"] = .array(required) }
        if isTranslated { schema["additionalProperties"] = false }
        let choices = Self.choices(among: fields)
        if !choices.isEmpty { schema["allOf"] = .array(choices) }
        return schema
    }

    /// Of the fields of a oneof there is one, or none.
    private static func choices(among fields: [FieldSchema]) -> [JSONValue] {
        var members: [(name: String, fields: [JSONValue])] = []
        for field in fields {
            guard let oneof = field.oneof else { continue }
            let requirement: JSONValue = ["required": [.string(field.jsonName)]]
            if let index = members.firstIndex(where: { $0.name == oneof }) {
                members[index].fields.append(requirement)
            } else {
                members.append((oneof, [requirement]))
            }
        }
        return members.filter { $0.fields.count > 1 }.map { member in
            ["oneOf": .array(member.fields + [["not": ["anyOf": .array(member.fields)]]])]
        }
    }

    private mutating func schema(of field: FieldSchema) -> JSONObject {
        let value = single(field.valueType)
        if field.isMap {
            var schema: JSONObject = ["type": "object"]
            if let names = Self.propertyNames(field.keyType) { schema["propertyNames"] = names }
            schema["additionalProperties"] = .object(value)
            return schema
        }
        if field.isRepeated { return ["type": "array", "items": .object(value)] }
        guard case .message(let message) = field.valueType, message.wellKnownType == .wrapper else { return value }
        return Self.nullable(value)
    }

    private mutating func single(_ type: FieldSchema.ValueType) -> JSONObject {
        switch type {
        case .scalar(let name): Self.scalars[name] ?? [:]
        case .message(let message): schema(of: message)
        case .enumeration(let enumeration): self.enumeration(enumeration)
        }
    }

    private mutating func enumeration(_ enumeration: EnumSchema) -> JSONObject {
        if enumeration.isNullValue { return ["type": "null"] }
        let name = Self.typeName(enumeration.name)
        guard let isNew = note(name) else { return ["type": "string"] }
        if isNew {
            let names: JSONValue = ["type": "string", "enum": .array(enumeration.values.map { .string($0.name) })]
            types[name] = isTranslated ? names : ["anyOf": [names, ["type": "integer"]]]
        }
        return JSONSchema.reference(to: name).objectValue ?? [:]
    }

    /// Names of types have letters that references need not escape.
    private static func typeName(_ name: String) -> String {
        String(decoding: name.utf8.map { Self.isNameByte($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x2E || byte == 0x5F || byte == 0x2D
    }

    private static func nullable(_ schema: JSONObject) -> JSONObject {
        guard let type = schema["type"] else { return ["anyOf": [.object(schema), ["type": "null"]]] }
        var schema = schema
        schema["type"] = .array((type.arrayValue ?? [type]) + ["null"])
        return schema
    }

    /// How the keys of a map are written; nil for texts, which may be any.
    private static func propertyNames(_ type: String?) -> JSONValue? {
        switch type {
        case nil, "string": nil
        case "bool": ["enum": ["true", "false"]]
        case "uint32", "uint64", "fixed32", "fixed64": ["pattern": "^[0-9]+$"]
        default: ["pattern": "^-?[0-9]+$"]
        }
    }

    private static let signed: JSONObject = [
        "type": "integer", "format": "int32", "minimum": -0x8000_0000, "maximum": 0x7fff_ffff,
    ]
    private static let unsigned: JSONObject = [
        "type": "integer", "format": "uint32", "minimum": 0, "maximum": 0xffff_ffff,
    ]
    /// Numbers that not every reader of JSON keeps all digits of are written as texts, and read as either.
    private static let signedLong: JSONObject = [
        "type": ["string", "integer"], "format": "int64", "pattern": "^-?[0-9]{1,19}$",
        "minimum": .integer(.min), "maximum": .integer(.max),
    ]
    private static let unsignedLong: JSONObject = [
        "type": ["string", "integer"], "format": "uint64", "pattern": "^[0-9]{1,20}$",
        "minimum": 0, "maximum": .number("\(UInt64.max)"),
    ]
    private static let scalars: [String: JSONObject] = [
        "double": float("double"), "float": float("float"), "bool": ["type": "boolean"], "string": ["type": "string"],
        "bytes": ["type": "string", "format": "byte", "contentEncoding": "base64"],
        "int32": signed, "sint32": signed, "sfixed32": signed, "uint32": unsigned, "fixed32": unsigned,
        "int64": signedLong, "sint64": signedLong, "sfixed64": signedLong, "uint64": unsignedLong,
        "fixed64": unsignedLong,
    ]

    private static func float(_ format: String) -> JSONObject {
        ["anyOf": [["type": "number", "format": .string(format)], ["enum": ["NaN", "Infinity", "-Infinity"]]]]
    }
}
