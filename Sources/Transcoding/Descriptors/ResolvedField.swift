/// A field whose type has been found.
struct ResolvedField {
    let name: String
    let jsonName: String
    let number: Int
    let type: FieldType
    /// The full name of its message or enumeration; empty for scalars.
    let typeName: String
    /// Of its message or enumeration; -1 for scalars.
    let reference: Int32
    let cardinality: Cardinality
    var traits: FieldTraits
    let oneof: Int32
    /// For maps only.
    var mapKey: FieldType?
    var mapValueTypeName = ""
}

extension ProtoField {
    /// The name in JSON that `protoc` makes of a field's name: without underscores, a capital letter after each.
    static func jsonName(of name: String) -> String {
        var result: [UInt8] = []
        var isAfterUnderscore = false
        for byte in name.utf8 {
            if byte == 0x5F {
                isAfterUnderscore = true
            } else {
                result.append(isAfterUnderscore && (0x61...0x7A).contains(byte) ? byte - 0x20 : byte)
                isAfterUnderscore = false
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
