internal import Bytes
internal import Gateway
internal import HTTP

extension Exchange {
    /// Answers with the methods that are allowed (RFC 9110, 15.5.6): OPTIONS with those alone, all others with 405.
    ///
    /// - Parameter answersOptions: False where OPTIONS is one of the others. Default true.
    nonisolated(nonsending) func refuseMethod(
        allow: StaticString, id: String, answersOptions: Bool = true
    ) async throws(GatewayError) {
        var fields = HeaderFields()
        fields.append(name: "Allow", value: "\(allow)")
        var body = ByteBuffer()
        if answersOptions, request.method == .options { return try await respond(.ok, fields, body: &body) }
        fields.append(.contentType, "application/json")
        refusal = .methodNotAllowed
        let sentence = "\(request.path) takes \(allow) only"
        GatewayError(.methodNotAllowed, sentence, id: id).report.write(to: &body)
        try await respond(.methodNotAllowed, fields, body: &body)
    }
}
