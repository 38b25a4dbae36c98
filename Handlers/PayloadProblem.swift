internal import Gateway
package import JSON

/// Why no payload can be made of a request: always the client's fault, and said so that the client can mend it.
package enum PayloadProblem: Error, Equatable, CustomStringConvertible {
    /// A `%` without two hexadecimal digits; the three characters that stand there.
    case malformedEscape(String)
    /// Decoded, the name or value of this field is no UTF-8.
    case notUTF8(field: String)
    /// The brackets in a field's name are not in pairs.
    case malformedName(String)
    /// The field is given twice, as things that cannot be merged, such as a number and an object.
    case contradiction(field: String)
    /// The registry's schema wants something else for this field.
    case wrongType(field: String, expected: String)
    /// There are more fields, or values within one field, than the limit.
    case tooManyFields(limit: Int)
    /// The name of the field, or the JSON it holds, goes down further than the limit.
    case tooDeep(field: String, limit: Int)
    /// The body is no JSON.
    case malformedBody(JSONProblem)
    /// A body that is a lone string, number or truth value cannot be an RPC request.
    case scalarBody
    /// The path names members of the message, and the body can have none.
    case memberlessBody
    /// A body that is an array has no members beside which the fields of path and query could be.
    case arrayBody
    /// The body is no `multipart/form-data`; why.
    case malformedMultipart(String)

    /// One sentence for the client, without a period. It may quote the name of a field, of a value at most three characters.
    package var description: String {
        switch self {
        case .malformedEscape(let text): "invalid URL escape \"\(text)\""
        case .notUTF8(let field): "the field \(quoted(field)) is not UTF-8"
        case .malformedName(let field): "the brackets in the field name \(quoted(field)) are not in pairs"
        case .contradiction(let field): "the field \(quoted(field)) contradicts an earlier one"
        case .wrongType(let field, let expected): "the field \(quoted(field)) must be \(expected)"
        case .tooManyFields(let limit): "there are more than \(limit) fields"
        case .tooDeep(let field, let limit): "the field \(quoted(field)) is nested deeper than \(limit) levels"
        case .malformedBody(let problem): "the body is no JSON: \(problem)"
        case .scalarBody: "the body must be a JSON object or array"
        case .memberlessBody: "the body must be a JSON object, since a field of it stands in the path"
        case .arrayBody: "a JSON array cannot be merged with the fields of path and query; send an object"
        case .malformedMultipart(let reason): "malformed multipart body: \(reason)"
        }
    }

    /// Names come from the client and are cut, so that an error never is as long as the request.
    private func quoted(_ field: String) -> String {
        field.count > 64 ? "\"\(field.prefix(64))…\"" : "\"\(field)\""
    }
}

extension GatewayError {
    /// What is wrong with the fields of a call: 400. Where clients of Micro v2 know the words, they are these.
    init(_ problem: PayloadProblem) {
        if case .malformedEscape = problem {
            self.init(.badRequest, "error during request: \(problem)")
        } else {
            self.init(.badRequest, "\(problem)")
        }
    }
}
