internal import Bytes
internal import Gateway
internal import HTTP

/// The answer to a call in Go Micro's RPC: always 200, with the error in a header.
enum MUCPResponse {
    /// The error with which a stream properly ends.
    static let endOfStream = "EOS"

    /// The text of the error that the head reports; nil when there is none.
    ///
    /// Nothing else in the head is to be believed: services repeat what the first request of the connection said.
    static func error(in head: borrowing ResponseHead) -> String? {
        guard let error = head.fields["Micro-Error"] ?? head.fields["X-Micro-Error"], !error.isEmpty else { return nil }
        return error
    }

    /// - Throws: `.application` for an error that the service reports, `.upstreamBroken` for what is no answer.
    static func check(
        _ head: borrowing ResponseHead, body: borrowing ByteBuffer, of service: String, node: Node
    ) throws(GatewayError) {
        if let error = error(in: head) { throw GatewayError(reportedBy: service, text: error) }
        guard head.status == .ok || head.status == .unsupportedMediaType else {
            throw .broken(node, "it answered with status \(head.status.code), which is no RPC answer")
        }
        // A server that does not know the codec says so in plain text and without an error header.
        let isText = head.fields.contentKind == .text && head.fields[.contentType]?.hasPrefix("text/plain") == true
        if isText || head.status == .unsupportedMediaType { throw .refusedType(node, body.text) }
    }
}

extension GatewayError {
    /// The error of a service by its text: an object in JSON, or a sentence.
    init(reportedBy service: String, text: String) {
        self.init(reportedBy: service, MicroError(text: text).naming(endpointsMissing: text))
    }
}

extension MicroError {
    /// The RPC layer of a service reports an unknown endpoint as plain text, which is a 404 for everyone else.
    fileprivate func naming(endpointsMissing text: String) -> MicroError {
        guard code == 0, text.hasPrefix("rpc: can't find") else { return self }
        return MicroError(id: id, code: 404, detail: detail)
    }
}
