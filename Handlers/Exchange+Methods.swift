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
        if answersOptions, request.method == .options { return try await tellMethods("\(allow)") }
        var fields = HeaderFields()
        fields.append(.allow, "\(allow)")
        var body = ByteBuffer()
        fields.append(.contentType, "application/json")
        refusal = .methodNotAllowed
        let sentence = "the path takes \(allow), and not \(request.method)"
        GatewayError(.methodNotAllowed, sentence, id: id).report.write(to: &body)
        try await respond(.methodNotAllowed, fields, body: &body)
    }

    /// Answers OPTIONS with the methods of the path (RFC 9110, 9.3.7): a list with commas.
    nonisolated(nonsending) func tellMethods(_ list: String) async throws(GatewayError) {
        var fields = HeaderFields()
        fields.append(.allow, list)
        var body = ByteBuffer()
        try await respond(.ok, fields, body: &body)
    }

    /// Sends the client elsewhere. 308 keeps the method and the body, which 301 does not.
    nonisolated(nonsending) func redirect(to target: String) async throws(GatewayError) {
        var fields = HeaderFields()
        fields.append(.location, target)
        var body = ByteBuffer()
        try await respond(.permanentRedirect, fields, body: &body)
    }
}
