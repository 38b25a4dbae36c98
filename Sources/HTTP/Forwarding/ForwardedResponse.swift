package import Bytes

/// Writes a node's response as the client is to see it, without what was meant for the hop between us and the node.
package enum ForwardedResponse {
    /// Writes the complete head, with the empty line.
    ///
    /// - Parameters:
    ///   - framing: How the content will be sent to this client. With `none`, for a response to HEAD or a 304, the
    ///     node's `Content-Length` is passed on, since it speaks of the content that GET would have had.
    ///   - keepAlive: Whether the client's connection goes on afterwards.
    ///   - version: The client's. HTTP/1.0 knows no chunks, and must be told that the connection goes on.
    ///   - upgrades: Whether to tell the client of a WebSocket, if the head names it in `Upgrade`: with 101 the
    ///     connection is one, with 426 it could be one.
    ///   - keepsAlternatives: Whether `Alt-Svc` may tell the client of other addresses. Default false, since those
    ///     of a node are not ours.
    ///   - date: The line `Date: ...` with its line end, for a head that has none. Default none.
    package static func write(
        _ head: borrowing ResponseHead,
        framing: BodyFraming,
        keepAlive: Bool,
        version: Version,
        upgrades: Bool = false,
        keepsAlternatives: Bool = false,
        date: borrowing ByteBuffer = ByteBuffer(),
        to buffer: inout ByteBuffer
    ) {
        HeadWriter.writeStatusLine(head.status, to: &buffer)
        writeEndToEnd(head.fields, keepsAlternatives: keepsAlternatives, to: &buffer)
        if !head.fields.contains(.date) { buffer.append(date.span) }
        writeFraming(framing, of: head, to: &buffer)
        if upgrades, head.fields.hasToken("websocket", in: .upgrade) {
            buffer.append("Connection: Upgrade")
            if !keepAlive, !head.status.isInformational { buffer.append(", close") }
            buffer.append("\r\nUpgrade: websocket\r\n")
        } else if !head.status.isInformational {
            switch (keepAlive, version) {
            case (true, .http11), (true, .http2): break
            case (true, .http10): buffer.append("Connection: keep-alive\r\n")
            case (false, _): buffer.append("Connection: close\r\n")
            }
        }
        buffer.append("\r\n")
    }

    private static func writeEndToEnd(
        _ fields: borrowing HeaderFields, keepsAlternatives: Bool, to buffer: inout ByteBuffer
    ) {
        let hasOptions = fields.contains(.connection)
        var run = 0..<0
        for entry in fields.entries {
            switch entry.name {
            case .contentLength: continue  // Written apart.
            case .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade,
                .proxyAuthenticate, .proxyAuthorization:
                continue  // For this hop only.
            case .altSvc: guard keepsAlternatives else { continue }
            case .other:
                guard hasOptions else { break }
                let name = fields.lines.span.extracting(entry.nameRange)
                guard !fields.isNamedByConnection(name) else { continue }
            default: break
            }
            fields.extend(&run, with: entry, flushingTo: &buffer)
        }
        buffer.append(fields.lines.span.extracting(run))
    }

    private static func writeFraming(
        _ framing: BodyFraming, of head: borrowing ResponseHead, to buffer: inout ByteBuffer
    ) {
        switch framing {
        case .none:
            guard !head.status.forbidsContent || head.status == .notModified else { return }
            guard !head.fields.contains(.transferEncoding), let length = head.fields.contentLength else { return }
            HeadWriter.writeField(.contentLength, length, to: &buffer)
        case .length(let length): HeadWriter.writeField(.contentLength, length, to: &buffer)
        case .chunked: buffer.append("Transfer-Encoding: chunked\r\n")
        case .untilClose: break
        }
    }
}
