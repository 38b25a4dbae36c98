package import Bytes

extension ForwardedResponse {
    /// Writes the complete head as a block of HTTP/2 (RFC 9113, 8.3.2), by the same rules as in HTTP/1.1.
    ///
    /// - Parameters:
    ///   - framing: How the content will be delimited. Without a length, the end of the stream does it.
    ///   - date: The line `Date: ...` with its line end, for a head that has none.
    package static func write(
        _ head: borrowing ResponseHead, framing: BodyFraming, date: borrowing ByteBuffer,
        encoder: inout HPACKEncoder, to block: inout ByteBuffer
    ) {
        encoder.beginBlock(to: &block)
        encoder.encode(head.status, to: &block)
        writeEndToEnd(head.fields, encoder: &encoder, to: &block)
        if !head.fields.contains(.date), !head.status.isInformational, date.count > 8 {
            let line = date.span
            encoder.encode(line.extracting(0..<4), line.extracting(6..<(line.count - 2)), to: &block)
        }
        switch framing {
        case .none:
            guard !head.status.forbidsContent || head.status == .notModified else { return }
            guard !head.fields.contains(.transferEncoding), let length = head.fields.contentLength else { return }
            encoder.encode(contentLength: length, to: &block)
        case .length(let length): encoder.encode(contentLength: length, to: &block)
        case .chunked, .untilClose: break
        }
    }

    /// Writes fields after the content as a block of HTTP/2 (RFC 9113, 8.1).
    package static func writeTrailers(
        _ trailers: borrowing HeaderFields, encoder: inout HPACKEncoder, to block: inout ByteBuffer
    ) {
        encoder.beginBlock(to: &block)
        writeEndToEnd(trailers, encoder: &encoder, to: &block)
    }

    private static func writeEndToEnd(
        _ fields: borrowing HeaderFields, encoder: inout HPACKEncoder, to block: inout ByteBuffer
    ) {
        let hasOptions = fields.contains(.connection)
        for index in 0..<fields.count {
            switch fields.knownName(at: index) {
            case .contentLength: continue  // Written apart.
            case .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .http2Settings,
                .proxyAuthenticate, .proxyAuthorization, .altSvc:
                continue  // For the hop between us and the node only.
            case .other:
                guard !hasOptions || !fields.isNamedByConnection(fields.nameSpan(at: index)) else { continue }
            default: break
            }
            encoder.encode(fields.nameSpan(at: index), fields.valueSpan(at: index), to: &block)
        }
    }
}
