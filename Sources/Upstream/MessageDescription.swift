internal import Gateway
internal import Transcoding

/// What a registry would say of a message: its fields, with types of Go.
struct MessageDescription {
    /// Messages may hold themselves and each other. What lies deeper is left out.
    private let maximumDepth: Int
    /// Whether a field is there under each of its names.
    private let hasBothNames: Bool
    /// How many more fields there may be.
    private var left: Int

    /// For reading requests: deep, with the fields by both of their names. What is left out is typed by its look.
    static func thorough(_ message: MessageSchema) -> FieldDescription {
        of(message, MessageDescription(maximumDepth: 6, hasBothNames: true, left: 500))
    }

    /// For people: as deep as Go Micro describes messages itself, with the names that are written in JSON.
    static func brief(_ message: MessageSchema) -> FieldDescription {
        of(message, MessageDescription(maximumDepth: 3, hasBothNames: false, left: 100))
    }

    private static func of(_ message: MessageSchema, _ description: MessageDescription) -> FieldDescription {
        var description = description
        let fields = description.fields(of: message, depth: 1)
        return FieldDescription(name: message.name, type: message.name, fields: fields)
    }

    private mutating func fields(of message: MessageSchema, depth: Int) -> [FieldDescription] {
        guard depth <= maximumDepth, !message.hasOwnJSONForm else { return [] }
        var fields: [FieldDescription] = []
        for field in message.fields where !field.isMap {
            guard left > 0 else { break }
            left -= 1
            var inner: [FieldDescription] = []
            if case .message(let message) = field.valueType { inner = self.fields(of: message, depth: depth + 1) }
            let type = (field.isRepeated ? "[]" : "") + Self.type(of: field)
            fields.append(FieldDescription(name: field.jsonName, type: type, fields: inner))
            if hasBothNames, field.name != field.jsonName {
                fields.append(FieldDescription(name: field.name, type: type, fields: inner))
            }
        }
        return fields
    }

    private static func type(of field: FieldSchema) -> String {
        switch field.valueType {
        case .enumeration(let type): type.name
        case .scalar("bytes"): "[]byte"
        case .scalar("double"), .scalar("float"): "float64"
        case .scalar("string"): "string"
        case .scalar("bool"): "bool"
        case .scalar: "int64"
        case .message(let message):
            switch message.name {
            case "google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask",
                "google.protobuf.StringValue", "google.protobuf.BytesValue":
                "string"
            case "google.protobuf.BoolValue": "bool"
            case "google.protobuf.DoubleValue", "google.protobuf.FloatValue", "google.protobuf.Int64Value",
                "google.protobuf.UInt64Value", "google.protobuf.Int32Value", "google.protobuf.UInt32Value":
                "float64"
            default: message.name
            }
        }
    }
}
