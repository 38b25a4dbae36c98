import JSON

/// Builds a payload from fields that come one after the other, whatever they were written in.
struct FieldTree {
    /// How many fields a request may have.
    static let maximumCount = 1_000

    /// How many values the fields written as JSON may have, each of them.
    private static let maximumValues = 10_000

    private(set) var object = JSONObject()
    private var count = 0
    private let type: FieldType?

    /// Whether `\n` in a value that is not in quotes is a line break. Query strings of go-micro clients have no other
    /// way to write one; in forms it would spoil what a person typed.
    private let readsEscapes: Bool

    init(type: FieldType?, readsEscapes: Bool) {
        self.type = type
        self.readsEscapes = readsEscapes
    }

    /// Adds a field that was given as text; nil is a name without `=`.
    mutating func add(_ text: String?, named name: String) throws(PayloadProblem) {
        var path = try FieldPath(name)
        var type = self.type
        for step in path.steps { type = type?.type(at: step) }

        if case .list(let element) = type {
            if let text, let array = try look(at: text, for: path, named: name).arrayValue {
                return try place(.array(array), at: path, named: name)
            }
            type = element
            path.appendElement()
        }
        try place(value(of: text, as: type, for: path, named: name), at: path, named: name)
    }

    /// Adds a field whose value is a string, and nothing that looks like something else.
    mutating func add(string: String, named name: String) throws(PayloadProblem) {
        try place(.string(string), at: FieldPath(name), named: name)
    }

    private mutating func place(_ value: JSONValue, at path: FieldPath, named name: String) throws(PayloadProblem) {
        count += 1
        guard count <= Self.maximumCount else { throw .tooManyFields(limit: Self.maximumCount) }
        var root = JSONValue.object(object)
        object = JSONObject()
        guard Self.place(value, at: path.steps[...], in: &root), let merged = root.objectValue else {
            throw .contradiction(field: name)
        }
        root = .null
        object = merged
    }

    // MARK: The value of a text

    private func value(
        of text: String?,
        as type: FieldType?,
        for path: FieldPath,
        named name: String
    ) throws(PayloadProblem) -> JSONValue {
        switch type {
        case .string:
            guard let text, text.utf8.first == 0x22 else { return .string(text ?? "") }
            let unquoted = try look(at: text, for: path, named: name)
            return unquoted.stringValue == nil ? .string(text) : unquoted
        case .number:
            switch try look(at: text ?? "", for: path, named: name) {
            case .number(let literal): return .number(literal)
            case .null: return .null
            case .bool, .string, .array, .object: throw .wrongType(field: name, expected: "a number")
            }
        case .boolean:
            guard let text else { return .bool(true) }
            switch try look(at: text, for: path, named: name) {
            case .bool(let value): return .bool(value)
            case .null: return .null
            case .number, .string, .array, .object: throw .wrongType(field: name, expected: "true or false")
            }
        case .list, .object, nil:
            return try look(at: text ?? "", for: path, named: name)
        }
    }

    /// What a text looks like: JSON if it is any, else a string.
    private func look(at text: String, for path: FieldPath, named name: String) throws(PayloadProblem) -> JSONValue {
        let limits = JSONLimits(
            depth: max(0, FieldPath.maximumDepth - path.steps.count), values: Self.maximumValues)
        do {
            let value = try JSONParser.parse(text, limits: limits)
            // Beyond a double, few back ends can read a number, and it more likely is an identifier.
            if case .number(let literal) = value, Double(literal)?.isFinite != true { return .string(text) }
            return value
        } catch {
            if error.isTooDeep { throw .tooDeep(field: name, limit: FieldPath.maximumDepth) }
            if error.isTooMany { throw .tooManyFields(limit: Self.maximumValues) }
        }
        if readsEscapes, text.utf8.contains(0x5C), let value = try? JSONParser.parse("\"\(text)\"") { return value }
        return .string(text)
    }

    // MARK: Merging

    /// Returns false when what is there contradicts the value. Nothing there is the same as null.
    private static func place(
        _ value: JSONValue,
        at steps: ArraySlice<FieldPath.Step>,
        in target: inout JSONValue
    ) -> Bool {
        switch steps.first {
        case .member(let name, let isDotted):
            var object = JSONObject()
            switch target {
            case .object(let members): object = members
            case .array: return false
            case .null: break
            case .bool, .number, .string: if isDotted { return false }
            }
            target = .null  // So that the object has one owner and is changed in place.
            guard place(value, at: steps.dropFirst(), in: &object[name, default: .null]) else { return false }
            target = .object(object)
        case .element:
            var array: [JSONValue] = []
            switch target {
            case .array(let elements): array = elements
            case .object: return false
            case .null, .bool, .number, .string: break
            }
            target = .null
            var element = JSONValue.null
            guard place(value, at: steps.dropFirst(), in: &element) else { return false }
            array.append(element)
            target = .array(array)
        case nil:
            return merge(value, into: &target)
        }
        return true
    }

    private static func merge(_ value: JSONValue, into target: inout JSONValue) -> Bool {
        switch (target, value) {
        case (.object(var object), .object(let members)):
            target = .null
            for (name, value) in members {
                guard merge(value, into: &object[name, default: .null]) else { return false }
            }
            target = .object(object)
        case (.array(var array), .array(let elements)):
            target = .null
            array += elements
            target = .array(array)
        case (.object, _), (.array, _):
            return false
        case (.null, _), (.bool, _), (.number, _), (.string, _):
            target = value
        }
        return true
    }
}
