internal import Bytes
internal import Gateway
internal import HTTP

extension Exchange {
    /// Waits for the whole body of a call.
    ///
    /// - Throws: `.unsupportedEncoding` when the body is encoded in a way that we cannot undo, `.contentTooLarge` when
    ///   it is longer than `limit` bytes.
    nonisolated(nonsending) func collectMessage(
        into body: inout ByteBuffer, limit: Int, id: String = "go.micro.api"
    ) async throws(GatewayError) {
        try checkEncoding(id: id)
        try await collectBody(into: &body, limit: limit)
    }

    /// - Throws: `.unsupportedEncoding` when the body is encoded in a way that we cannot undo.
    func checkEncoding(id: String = "go.micro.api") throws(GatewayError) {
        guard request.fields.contains(.contentEncoding) else { return }
        let encodings = request.fields.values(.contentEncoding).flatMap { $0.split(separator: ",") }
            .map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }.filter { !$0.isEmpty && $0 != "identity" }
        guard let encoding = encodings.first else { return }
        throw GatewayError(
            .unsupportedEncoding,
            "a body in the content encoding \(encoding.prefix(40)) cannot be read; send it without Content-Encoding",
            id: id)
    }
}
