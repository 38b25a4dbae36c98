/// How a method is reached over plain HTTP, as its option `google.api.http` says.
package struct HTTPRule: Sendable, Equatable {
    /// Such as `GET`; for a custom rule whatever it names. `*` is every method.
    package var method: String
    /// A path with variables, such as `/v1/{name=shelves/*}/books`. It has not been looked at.
    package var pattern: String
    /// The field that the request's body is; `*` for the message itself, empty if the body is ignored.
    package var body: String
    /// The field of the response that is answered; empty for the whole message.
    package var responseBody: String

    package init(method: String, pattern: String, body: String = "", responseBody: String = "") {
        self.method = method
        self.pattern = pattern
        self.body = body
        self.responseBody = responseBody
    }
}

extension HTTPRule {
    /// The number of the option in `google.protobuf.MethodOptions`.
    static let optionNumber = 72_295_728
    /// More bindings than this are refused. The option allows no nested ones.
    static let maximumBindings = 100

    /// Reads a rule and its additional bindings, which come after it.
    static func read(
        _ reader: consuming DescriptorReader, isAdditional: Bool = false
    ) throws(WireProblem) -> [HTTPRule] {
        var rule = HTTPRule(method: "", pattern: "")
        var others: [HTTPRule] = []
        while let tag = try reader.next() {
            switch tag.number {
            case 2: (rule.method, rule.pattern) = ("GET", try reader.text(tag))
            case 3: (rule.method, rule.pattern) = ("PUT", try reader.text(tag))
            case 4: (rule.method, rule.pattern) = ("POST", try reader.text(tag))
            case 5: (rule.method, rule.pattern) = ("DELETE", try reader.text(tag))
            case 6: (rule.method, rule.pattern) = ("PATCH", try reader.text(tag))
            case 7: rule.body = try reader.text(tag)
            case 8:
                var custom = try reader.message(tag)
                while let tag = try custom.next() {
                    switch tag.number {
                    case 1: rule.method = try custom.text(tag)
                    case 2: rule.pattern = try custom.text(tag)
                    default: try custom.skip(tag)
                    }
                }
            case 11 where !isAdditional:
                others += try read(reader.message(tag), isAdditional: true)
                guard others.count < maximumBindings else { throw reader.problem("too many bindings of one method") }
            case 12: rule.responseBody = try reader.text(tag)
            default: try reader.skip(tag)
            }
        }
        return [rule] + others
    }
}
