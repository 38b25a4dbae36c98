/// A message type.
package struct MessageSchema: Sendable {
    package let schema: SchemaSet
    let index: Int

    private var entry: MessageEntry { schema.tables.messages[index] }

    /// With the package, without a dot in front: `greeter.Request`.
    package var name: String { schema.tables.text(entry.name) }

    /// In the order of their numbers.
    package var fields: [FieldSchema] {
        entry.fields.range.map { FieldSchema(schema: schema, message: index, index: $0) }
    }

    /// Whether it is one entry of a map rather than a message of its own.
    package var isMapEntry: Bool { entry.isMapEntry }

    /// Whether its JSON form is not an object of its fields: a timestamp is a string, for instance.
    package var hasOwnJSONForm: Bool { wellKnownType != .none }

    var wellKnownType: WellKnownType { entry.wellKnownType }
}

/// A field of a message type.
package struct FieldSchema: Sendable {
    /// What its values are; for a map, what the values of its entries are.
    package enum ValueType: Sendable {
        /// By the name that the schema language gives it: `int32`, `string`.
        case scalar(String)
        case message(MessageSchema)
        case enumeration(EnumSchema)
    }

    private let schema: SchemaSet
    private let message: Int
    private let entry: FieldEntry

    init(schema: SchemaSet, message: Int, index: Int) {
        self.schema = schema
        self.message = message
        entry = schema.tables.fields[index]
    }

    package var number: Int { Int(entry.number) }

    /// As it was declared: `total_count`.
    package var name: String { schema.tables.text(entry.protoName) }

    /// As it is spelt in JSON: `totalCount`.
    package var jsonName: String { schema.tables.text(entry.jsonName) }

    package var valueType: ValueType {
        if isMap { return mapEntry(place: 1).valueType }
        guard entry.reference >= 0 else { return .scalar("\(entry.type)") }
        return entry.type == .enum
            ? .enumeration(EnumSchema(schema: schema, index: Int(entry.reference)))
            : .message(MessageSchema(schema: schema, index: Int(entry.reference)))
    }

    /// The type of a map's keys; nil when this is no map.
    package var keyType: String? { isMap ? "\(mapEntry(place: 0).entry.type)" : nil }

    package var isMap: Bool { entry.cardinality == .map }

    /// Whether it is a list. A map is none.
    package var isRepeated: Bool { entry.cardinality == .packed || entry.cardinality == .expanded }

    package var isRequired: Bool { entry.traits.contains(.required) }

    /// Whether a value that is there can be told from none, even when it is zero.
    package var hasPresence: Bool { entry.cardinality == .singular && !entry.isImplicit }

    /// The oneof that it belongs to.
    package var oneof: String? { entry.oneof < 0 ? nil : schema.oneofs[message][Int(entry.oneof)] }

    private func mapEntry(place: Int) -> FieldSchema {
        let message = Int(entry.reference)
        return FieldSchema(
            schema: schema, message: message, index: Int(schema.tables.messages[message].fields.start) + place)
    }
}

/// An enumeration.
package struct EnumSchema: Sendable {
    private let schema: SchemaSet
    private let index: Int

    init(schema: SchemaSet, index: Int) {
        self.schema = schema
        self.index = index
    }

    /// With the package, without a dot in front.
    package var name: String { schema.tables.text(schema.tables.enums[index].name) }

    /// In the order of their numbers.
    package var values: [(name: String, number: Int32)] {
        schema.tables.enums[index].values.range.map { place in
            let value = schema.tables.values[place]
            return (schema.tables.text(value.name), value.number)
        }
    }

    /// Whether no other numbers may occur.
    package var isClosed: Bool { schema.tables.enums[index].isClosed }

    /// Whether its one value is `null`.
    var isNullValue: Bool { schema.tables.enums[index].isNullValue }
}

/// A service of gRPC.
package struct ServiceSchema: Sendable {
    private let schema: SchemaSet
    private let index: Int

    init(schema: SchemaSet, index: Int) {
        self.schema = schema
        self.index = index
    }

    /// With the package: `greeter.Greeter`.
    package var name: String { schema.serviceEntries[index].name }

    /// In the order of their declaration.
    package var methods: [MethodSchema] {
        let entry = schema.serviceEntries[index]
        return entry.methods.map { MethodSchema(schema: schema, service: entry.name, entry: $0) }
    }
}

/// A method of a service.
package struct MethodSchema: Sendable {
    private let schema: SchemaSet
    private let entry: SchemaSet.MethodEntry

    /// The full name of the service.
    package let service: String

    init(schema: SchemaSet, service: String, entry: SchemaSet.MethodEntry) {
        self.schema = schema
        self.service = service
        self.entry = entry
    }

    package var name: String { entry.name }

    /// Where gRPC calls it: `/greeter.Greeter/Hello`.
    package var path: String { "/\(service)/\(entry.name)" }

    package var input: MessageSchema { MessageSchema(schema: schema, index: Int(entry.input)) }
    package var output: MessageSchema { MessageSchema(schema: schema, index: Int(entry.output)) }

    /// Whether the caller sends any number of messages.
    package var isClientStreaming: Bool { entry.isClientStreaming }

    /// Whether the answer is any number of messages.
    package var isServerStreaming: Bool { entry.isServerStreaming }

    /// How it is reached over plain HTTP; empty if it does not say.
    package var rules: [HTTPRule] { entry.rules }
}
