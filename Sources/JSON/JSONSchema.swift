/// A schema of JSON values (JSON Schema, 2020-12), with the named types that it refers to. So types may hold themselves.
package struct JSONSchema: Sendable, Equatable {
    /// What `$schema` says.
    package static let dialect = "https://json-schema.org/draft/2020-12/schema"

    /// Names the types as `{"$ref":"#/$defs/NAME"}`.
    package var root: JSONValue
    /// The types by their names, which are letters, digits, dots, hyphens and underscores only.
    package var types: JSONObject

    package init(_ root: JSONValue, types: JSONObject = JSONObject()) {
        self.root = root
        self.types = types
    }

    /// What names a type of that name.
    package static func reference(to name: String) -> JSONValue { ["$ref": .string(typePlace + name)] }

    /// The schema as a document of its own.
    package var document: JSONValue {
        var document: JSONObject = ["$schema": .string(Self.dialect)]
        guard let members = root.objectValue else { return .object(document) }
        for (name, value) in members { document[name] = value }
        if !types.isEmpty { document["$defs"] = .object(types) }
        return .object(document)
    }

    /// The schema that this one is, or the type that it names.
    package func resolved(_ schema: JSONValue) -> JSONValue {
        guard let reference = schema["$ref"]?.stringValue, reference.hasPrefix(Self.typePlace) else { return schema }
        return types[String(reference.dropFirst(Self.typePlace.count))] ?? schema
    }

    fileprivate static let typePlace = "#/$defs/"
}

/// Brings the types of many schemas under one roof, such as the components of an OpenAPI document.
package struct JSONSchemaLibrary: Sendable {
    /// Where the types lie in the document, such as `#/components/schemas/`.
    private let place: String
    /// The types by the names that they have there.
    package private(set) var types: JSONObject

    /// - Parameter types: Those that are there from the start.
    package init(at place: String, types: JSONObject = JSONObject()) {
        self.place = place
        self.types = types
    }

    /// Adds the types of a schema. Those that are there already are not added again; where one of the same name is
    /// another type, all of the schema's get a number behind their names.
    ///
    /// - Returns: The schema with references to the types in the library.
    package mutating func add(_ schema: JSONSchema) -> JSONValue {
        var number = 1
        while true {
            let suffix = number == 1 ? "" : "-\(number)"
            let moved = schema.types.map { ($0.key + suffix, relocate($0.value, suffix)) }
            let isFree = moved.allSatisfy { name, type in types[name].map { $0 == type } ?? true }
            if isFree {
                for (name, type) in moved { types[name] = type }
                return relocate(schema.root, suffix)
            }
            number += 1
        }
    }

    /// The same with other references. The member `$ref` of a schema is a text, which no property of that name is.
    private func relocate(_ value: JSONValue, _ suffix: String) -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map { relocate($0, suffix) })
        case .object(let members): .object(JSONObject(members.map { ($0.key, relocate($0, suffix)) }))
        case .null, .bool, .number, .string: value
        }
    }

    private func relocate(_ member: (key: String, value: JSONValue), _ suffix: String) -> JSONValue {
        if member.key == "$ref", let target = member.value.stringValue, target.hasPrefix(JSONSchema.typePlace) {
            return .string(place + target.dropFirst(JSONSchema.typePlace.count) + suffix)
        }
        return relocate(member.value, suffix)
    }
}
