package import Bytes

package struct ForwardingContext: Sendable {
    package var clientAddress: String
    package var isTrusted: Bool
    package var scheme: String
    package var viaName: String
    package init(clientAddress: String, isTrusted: Bool, scheme: String, viaName: String) {
        self.clientAddress = clientAddress; self.isTrusted = isTrusted; self.scheme = scheme; self.viaName = viaName
    }
}
package enum ForwardedRequest {
    package static func write(
        _ head: borrowing RequestHead, target: String? = nil, framing: BodyFraming,
        context: borrowing ForwardingContext, to output: inout ByteBuffer
    ) {
        HeadWriter.write(head, to: &output)
    }
}
package enum ForwardedResponse {
    package static func write(
        _ head: borrowing ResponseHead, framing: BodyFraming, keepAlive: Bool, version: Version,
        to output: inout ByteBuffer
    ) {
        HeadWriter.writeStatusLine(head.status, to: &output)
        HeadWriter.writeFields(head.fields, to: &output)
        if case .length(let n) = framing, !head.fields.contains(.contentLength) {
            HeadWriter.writeField(.contentLength, n, to: &output)
        }
        if !keepAlive { output.append("Connection: close\r\n") }
        output.append("\r\n")
    }
}
