package import Bytes
package import Gateway
internal import HTTP

/// The request of a call in Go Micro's RPC over HTTP/1.1.
package enum MUCPRequest {
    /// Appends the whole request. The body is not taken from the call, so that it can be sent again.
    ///
    /// - Parameter timeLeft: What the node is told as its own limit; at least a nanosecond is named.
    package static func write(
        _ call: RPCCall, host: String, timeLeft: Duration, as codec: MUCPCodec = .json, to output: inout ByteBuffer
    ) {
        guard codec.hasEnvelope else {
            return write(call, call.body, host: host, timeLeft: timeLeft, as: codec, to: &output)
        }
        var envelope = ByteBuffer()
        codec.wrap(call.body, endpoint: call.destination.endpoint, into: &envelope)
        write(call, envelope, host: host, timeLeft: timeLeft, as: codec, to: &output)
    }

    private static func write(
        _ call: RPCCall, _ body: borrowing ByteBuffer, host: String, timeLeft: Duration, as codec: MUCPCodec,
        to output: inout ByteBuffer
    ) {
        writeStart(call.destination, host: host, as: codec, to: &output)
        output.append("Micro-Id: 0\r\n")
        writeTimeout(timeLeft, to: &output)
        HeadWriter.writeFields(call.metadata, to: &output)
        writeContent(body, to: &output)
    }

    /// Appends what every message of a stream begins with. Its length and its content follow, by `writeContent`, or its
    /// end, by `writeEndOfStream`.
    ///
    /// - Parameters:
    ///   - id: Of the stream, unique on its connection.
    ///   - timeLeft: What the node is told as its own limit on the whole stream.
    static func writeStreamHead(
        _ call: RPCCall, host: String, id: Int, timeLeft: Duration, as codec: MUCPCodec, to output: inout ByteBuffer
    ) {
        writeStart(call.destination, host: host, as: codec, to: &output)
        output.append("Micro-Stream: ")
        output.append(decimal: id)
        output.append("\r\nMicro-Id: ")
        output.append(decimal: id)
        output.append("\r\n")
        writeTimeout(timeLeft, to: &output)
        HeadWriter.writeFields(call.metadata, to: &output)
    }

    /// Appends the last line of a head, the empty line and the body.
    static func writeContent(_ body: borrowing ByteBuffer, to output: inout ByteBuffer) {
        writeContent(body.span, to: &output)
    }

    static func writeContent(_ body: Span<UInt8>, to output: inout ByteBuffer) {
        output.append("Content-Length: ")
        output.append(decimal: body.count)
        output.append("\r\n\r\n")
        output.append(body)
    }

    /// Appends the last lines of the message that ends a stream, which has no body.
    static func writeEndOfStream(to output: inout ByteBuffer) {
        output.append("Micro-Error: EOS\r\nContent-Length: 0\r\n\r\n")
    }

    private static func writeStart(
        _ destination: Destination, host: String, as codec: MUCPCodec, to output: inout ByteBuffer
    ) {
        output.append("POST / HTTP/1.1\r\nHost: ")
        output.append(host)
        output.append("\r\nContent-Type: ")
        output.append(codec.contentType)
        output.append("\r\nAccept: ")
        output.append(codec.contentType)
        output.append("\r\nMicro-Service: ")
        appendName(destination.service, to: &output)
        // Older servers read the method, newer ones the endpoint.
        output.append("\r\nMicro-Endpoint: ")
        appendName(destination.endpoint, to: &output)
        output.append("\r\nMicro-Method: ")
        appendName(destination.endpoint, to: &output)
        output.append("\r\n")
    }

    private static func writeTimeout(_ timeLeft: Duration, to output: inout ByteBuffer) {
        output.append("Timeout: ")
        output.append(decimal: max(1, timeLeft.nanoseconds))
        output.append("\r\n")
    }

    /// Names are checked where they come in; whatever one that was not may hold, it stays within its line.
    private static func appendName(_ name: String, to output: inout ByteBuffer) {
        let bytes = name.utf8.span
        if bytes.firstControl(from: 0) == bytes.count { return output.append(bytes) }
        for index in bytes.indices { output.append(bytes[index] < 0x20 || bytes[index] == 0x7f ? 0x20 : bytes[index]) }
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
