package import JSON

/// The one JSON value that the path, the query and the body of a request become for an RPC.
package enum Payload {
    /// Whether a body may be passed on as it came when there are no fields to merge: it is JSON and no scalar.
    ///
    /// Nothing is built and nothing allocated. An empty body is not JSON; the caller takes it for `{}`.
    ///
    /// - Returns: True for an object; false for an array or `null`, which may be passed on too but holds no members.
    /// - Throws: `.malformedBody`, or `.scalarBody` for a lone string, number or truth value.
    package static func isObject(_ bytes: Span<UInt8>) throws(PayloadProblem) -> Bool {
        let kind: JSONScanner.Kind
        do { kind = try JSONScanner.validate(bytes) } catch { throw .malformedBody(error) }
        switch kind {
        case .object: return true
        case .array, .null: return false
        case .string, .number, .bool: throw .scalarBody
        }
    }

    /// Reads a body that is to be merged. An empty one is `{}`.
    ///
    /// - Throws: `.malformedBody`.
    package static func body(_ bytes: Span<UInt8>) throws(PayloadProblem) -> JSONValue {
        guard !bytes.isEmpty else { return [:] }
        do { return try JSONParser.parse(bytes) } catch { throw .malformedBody(error) }
    }

    /// Lays the body over the fields. Objects are merged on every level; of everything else the body's wins, `null`
    /// included. `null` is the whole payload, and so is an array where there are no fields.
    ///
    /// - Parameter destination: The member that the body is, dots going deeper, when it is not the whole: there it
    ///   may be anything. Nil or `*`, as templates write it, is the whole.
    /// - Throws: `.scalarBody`, `.arrayBody`; `.malformedName` or `.tooDeep` for the destination.
    package static func merge(
        fields: JSONObject,
        body: JSONValue,
        at destination: String? = nil
    ) throws(PayloadProblem) -> JSONValue {
        if let destination, !destination.isEmpty, destination != "*" {
            return .object(merge(try wrap(body, at: destination), over: fields))
        }
        switch body {
        case .object(let members): return .object(merge(members, over: fields))
        case .null: return body
        case .array:
            guard fields.isEmpty else { throw .arrayBody }
            return body
        case .string, .number, .bool: throw .scalarBody
        }
    }

    /// Lays one object over another, such as the query's over the path's.
    package static func merge(_ top: JSONObject, over base: JSONObject) -> JSONObject {
        var merged = base
        for (name, value) in top { lay(value, over: &merged[name, default: .null]) }
        return merged
    }

    private static func lay(_ value: JSONValue, over target: inout JSONValue) {
        guard case .object(let top) = value, case .object(var object) = target else { return target = value }
        target = .null  // So that the object has one owner and is changed in place.
        for (name, value) in top { lay(value, over: &object[name, default: .null]) }
        target = .object(object)
    }

    private static func wrap(_ body: JSONValue, at destination: String) throws(PayloadProblem) -> JSONObject {
        var value = body
        for step in try FieldPath(destination).steps.reversed() {
            switch step {
            case .member(let name, _): value = .object([name: value])
            case .element: value = .array([value])
            }
        }
        return value.objectValue ?? JSONObject()
    }
}
