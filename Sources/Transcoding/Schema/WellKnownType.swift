/// The messages of `google.protobuf` that have a JSON form of their own.
enum WellKnownType: UInt8 {
    case none
    case any, timestamp, duration, fieldMask, `struct`, value, listValue, wrapper

    /// What a message of that name is. `none` for all others, and for one of that name that has other fields than it
    /// should: a descriptor that lies gets an ordinary message.
    init(_ name: String, _ fields: [ResolvedField]) {
        let type: WellKnownType
        let shape: [Shape]
        switch name {
        case "google.protobuf.Any": (type, shape) = (.any, [Shape(.string), Shape(.bytes)])
        case "google.protobuf.Timestamp": (type, shape) = (.timestamp, [Shape(.int64), Shape(.int32)])
        case "google.protobuf.Duration": (type, shape) = (.duration, [Shape(.int64), Shape(.int32)])
        case "google.protobuf.FieldMask": (type, shape) = (.fieldMask, [Shape(.string, .expanded)])
        case "google.protobuf.Struct": (type, shape) = (.struct, [Shape(.message, .map, "google.protobuf.Value")])
        case "google.protobuf.ListValue":
            (type, shape) = (.listValue, [Shape(.message, .expanded, "google.protobuf.Value")])
        case "google.protobuf.Value":
            type = .value
            shape = [
                Shape(.enum, .singular, "google.protobuf.NullValue"), Shape(.double), Shape(.string), Shape(.bool),
                Shape(.message, .singular, "google.protobuf.Struct"),
                Shape(.message, .singular, "google.protobuf.ListValue"),
            ]
        default:
            guard let content = Self.wrapped[name] else {
                self = .none
                return
            }
            (type, shape) = (.wrapper, [Shape(content)])
        }
        let isAsItShouldBe =
            fields.count == shape.count
            && zip(fields, shape).enumerated().allSatisfy { $1.0.number == $0 + 1 && $1.1.matches($1.0) }
        self = isAsItShouldBe ? type : .none
    }

    /// Whether it stands in the member `value` of an Any, instead of sharing the object with `@type`.
    var isValueOfAny: Bool { self != .none }

    private static let wrapped: [String: FieldType] = [
        "google.protobuf.DoubleValue": .double, "google.protobuf.FloatValue": .float,
        "google.protobuf.Int64Value": .int64, "google.protobuf.UInt64Value": .uint64,
        "google.protobuf.Int32Value": .int32, "google.protobuf.UInt32Value": .uint32,
        "google.protobuf.BoolValue": .bool, "google.protobuf.StringValue": .string,
        "google.protobuf.BytesValue": .bytes,
    ]

    /// What a field of such a message must be.
    private struct Shape {
        let type: FieldType
        let cardinality: Cardinality
        let typeName: String

        init(_ type: FieldType, _ cardinality: Cardinality = .singular, _ typeName: String = "") {
            self.type = type
            self.cardinality = cardinality
            self.typeName = typeName
        }

        func matches(_ field: ResolvedField) -> Bool {
            guard field.cardinality == cardinality else { return false }
            guard cardinality == .map else {
                return field.type == type && (typeName.isEmpty || field.typeName == typeName)
            }
            return field.mapKey == .string && field.mapValueTypeName == typeName
        }
    }
}
