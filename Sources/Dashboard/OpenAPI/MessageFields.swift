internal import JSON

/// The fields of a message, by its schema.
struct MessageFields {
    /// A field that one text of a query can be, or several of them.
    struct QueryField {
        /// With dots for fields of fields.
        let path: String
        let schema: JSONValue
    }

    /// How deep in messages fields are shown, and how many.
    private static let maximumDepth = 3
    private static let maximumCount = 100

    private let schema: JSONSchema

    init(_ schema: JSONSchema) { self.schema = schema }

    /// The schema of a field, by the name that it was declared with, or the one that it has in JSON.
    func schema(ofField path: String) -> JSONSchema? {
        var value = schema.root
        for name in path.split(separator: ".") {
            guard let properties = schema.resolved(value)["properties"],
                let field = properties[String(name)] ?? properties[Self.jsonName(name)]
            else { return nil }
            value = field
        }
        return JSONSchema(value, types: schema.types)
    }

    /// What may stand in a query.
    ///
    /// - Parameter taken: Fields that stand elsewhere, in either of their names.
    func queryFields(without taken: [String] = []) -> [QueryField] {
        let taken = Set(taken.map { $0.split(separator: ".").map(Self.jsonName).joined(separator: ".") })
        var fields: [QueryField] = []
        collect(schema.root, prefix: "", depth: 1, taken, into: &fields)
        return fields
    }

    private func collect(
        _ message: JSONValue, prefix: String, depth: Int, _ taken: Set<String>, into fields: inout [QueryField]
    ) {
        guard let properties = schema.resolved(message)["properties"]?.objectValue else { return }
        for (name, value) in properties {
            let path = prefix + name
            // Queries have such characters between names, and not in them.
            guard !name.contains(where: { ".[]@".contains($0) }), fields.count < Self.maximumCount,
                !taken.contains(path.split(separator: ".").map(Self.jsonName).joined(separator: "."))
            else { continue }
            switch form(of: value) {
            case .text: fields.append(QueryField(path: path, schema: value))
            case .message where depth < Self.maximumDepth:
                collect(value, prefix: path + ".", depth: depth + 1, taken, into: &fields)
            case .message, .other: break
            }
        }
    }

    private enum Form { case text, message, other }

    private func form(of value: JSONValue) -> Form {
        let schema = self.schema.resolved(value)
        if schema["properties"] != nil { return .message }
        guard let type = schema["type"] else {
            // Numbers that may be infinite are so described. Of what may be anything, nothing is known.
            return schema["anyOf"] == nil ? .other : .text
        }
        let types = (type.arrayValue ?? [type]).filter { $0 != "null" }
        if types.isEmpty || types.contains("object") { return .other }
        guard types.contains("array") else { return .text }
        guard let items = schema["items"], !(self.schema.resolved(items)["type"]?.isList ?? true) else { return .other }
        return form(of: items) == .text ? .text : .other
    }

    /// `total_count` is `totalCount` in protobuf's JSON.
    private static func jsonName(_ name: Substring) -> String {
        var result = ""
        var isAfterUnderscore = false
        for character in name {
            if character == "_" {
                isAfterUnderscore = true
            } else {
                result += isAfterUnderscore ? character.uppercased() : String(character)
                isAfterUnderscore = false
            }
        }
        return result
    }
}

extension JSONValue {
    /// Whether this `type` says that a value may be an array.
    fileprivate var isList: Bool { (arrayValue ?? [self]).contains("array") }
}
