package import Bytes
package import Gateway
internal import HTTP

/// The request of a call in Go Micro's RPC over HTTP/1.1.
package enum MUCPRequest {
    /// Appends the whole request. The body is not taken from the call, so that it can be sent again.
    ///
    /// - Parameter timeLeft: What the node is told as its own limit; at least a nanosecond is named.
    package static func write(_ call: RPCCall, host: String, timeLeft: Duration, to output: inout ByteBuffer) {
        output.append("POST / HTTP/1.1\r\nHost: ")
        output.append(host)
        output.append("\r\nContent-Length: ")
        output.append(decimal: call.body.count)
        output.append("\r\nContent-Type: application/json\r\nAccept: application/json\r\nMicro-Service: ")
        appendName(call.destination.service, to: &output)
        // Older servers read the method, newer ones the endpoint.
        output.append("\r\nMicro-Endpoint: ")
        appendName(call.destination.endpoint, to: &output)
        output.append("\r\nMicro-Method: ")
        appendName(call.destination.endpoint, to: &output)
        output.append("\r\nMicro-Id: 0\r\nTimeout: ")
        output.append(decimal: max(1, timeLeft.nanoseconds))
        output.append("\r\n")
        HeadWriter.writeFields(call.metadata, to: &output)
        output.append("\r\n")
        output.append(call.body.span)
    }

    /// Names are checked where they come in; whatever one that was not may hold, it stays within its line.
    private static func appendName(_ name: String, to output: inout ByteBuffer) {
        let bytes = name.utf8.span
        var isPlain = true
        for index in bytes.indices where bytes[index] < 0x20 || bytes[index] == 0x7f { isPlain = false }
        if isPlain { return output.append(bytes) }
        for index in bytes.indices { output.append(bytes[index] < 0x20 || bytes[index] == 0x7f ? 0x20 : bytes[index]) }
    }
}

/// The answer to such a call: always 200, with the error in a header.
enum MUCPResponse {
    /// - Throws: `.application` for an error that the service reports, `.upstreamBroken` for what is no answer.
    static func check(
        _ head: borrowing ResponseHead, body: borrowing ByteBuffer, of service: String, node: Node
    ) throws(GatewayError) {
        if let error = head.fields["Micro-Error"] ?? head.fields["X-Micro-Error"], !error.isEmpty {
            throw GatewayError(reportedBy: service, MicroError(text: error).naming(endpointsMissing: error))
        }
        guard head.status == .ok else {
            throw .broken(node, "it answered with status \(head.status.code), which is no RPC answer")
        }
        // A server that does not know the codec says so in plain text and without an error header.
        if let type = head.fields[.contentType], type.hasPrefix("text/plain") {
            throw GatewayError(
                .unsupportedMediaType, "the service does not understand \(body.text.prefix(200))",
                detail: "node \(node.id) at \(node.address): \(body.text.prefix(200))", mayHaveBeenSent: true)
        }
    }
}

extension MicroError {
    /// The RPC layer of a service reports an unknown endpoint as plain text, which is a 404 for everyone else.
    fileprivate func naming(endpointsMissing text: String) -> MicroError {
        guard code == 0, text.hasPrefix("rpc: can't find") else { return self }
        return MicroError(id: id, code: 404, detail: detail)
    }
}

extension Duration {
    /// Whole nanoseconds; the largest number when there are more.
    var nanoseconds: Int {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : Int(product) + Int(attoseconds / 1_000_000_000)
    }
}
