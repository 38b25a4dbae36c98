/// What a field of a request is, as far as the registry's schema tells. Without it, values are typed by their look.
package indirect enum FieldType: Sendable, Equatable {
    /// The text stays a string, whatever it looks like.
    case string
    /// The text must be a number or `null`.
    case number
    /// The text must be `true`, `false` or `null`. A name without `=` is true.
    case boolean
    /// Every value given for the name is one more element, with or without `[]`.
    case list(FieldType?)
    /// Fields that are not listed are typed by their look.
    case object([String: FieldType])

    /// Reads a type name of Go, as go-micro services register it; nil for one that says nothing about the JSON form.
    package init?(registered name: String, members: [String: FieldType] = [:]) {
        switch name {
        case "string", "[]uint8", "[]byte": self = .string
        case "bool": self = .boolean
        case "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "float32",
            "float64":
            self = .number
        default:
            if name.utf8.starts(with: "[]".utf8) {
                self = .list(FieldType(registered: String(name.dropFirst(2)), members: members))
            } else if members.isEmpty {
                return nil
            } else {
                self = .object(members)
            }
        }
    }

    /// What is found one step further down.
    func type(at step: FieldPath.Step) -> FieldType? {
        switch (self, step) {
        case (.object(let members), .member(let name, _)): members[name]
        case (.list(let element), .element): element
        case (.object, .element), (.list, .member), (.string, _), (.number, _), (.boolean, _): nil
        }
    }
}
