package import Bytes

/// Writes a client's request as a node is to see it: from the parsed form, never from the client's bytes, and without
/// what was meant for this hop or what a client must not claim (RFC 9110, 7.6).
package enum ForwardedRequest {
    /// Writes the complete head, with the empty line.
    ///
    /// - Parameters:
    ///   - target: What to ask for, in origin form; nil asks for what the client did.
    ///   - framing: How the content will be sent: chunks, or a length.
    ///   - upgrades: Whether to ask the node for a WebSocket. Nothing else that the client offers to switch to is
    ///     passed on: what followed would not be HTTP, and we would not know.
    ///   - rewrite: What differs for the node; its target goes before the other one. Default nothing.
    ///   - host: What to send as `Host`; nil sends that of the context, or else what the client asked for.
    package static func write(
        _ head: borrowing RequestHead,
        target: String? = nil,
        framing: BodyFraming,
        context: ForwardingContext,
        upgrades: Bool = false,
        rewrite: RequestRewrite? = nil,
        host: String? = nil,
        to buffer: inout ByteBuffer
    ) {
        writeRequestLine(head, target: target, rewrite: rewrite, to: &buffer)
        writeHost(head, host ?? context.host, to: &buffer)
        writeEndToEnd(
            head.fields, isTrusted: context.isTrusted, withoutPrefix: rewrite != nil, to: &buffer)
        rewrite?.write(head.fields, isTrusted: context.isTrusted, to: &buffer)
        writeFraming(framing, to: &buffer)
        writeConnection(head.fields, upgrades: upgrades, to: &buffer)
        if context.isTrusted {
            writeOriginBehindProxy(head, context: context, to: &buffer)
        } else {
            writeOrigin(head, context: context, to: &buffer)
        }
        if let name = context.namespace?(head), !name.isEmpty {
            buffer.append("Micro-Namespace: ")
            for byte in name.utf8 { buffer.append(byte.isControl ? .hyphen : byte) }
            buffer.append("\r\n")
        }
        writeVia(head.version, context: context, to: &buffer)
    }

    private static func writeRequestLine(
        _ head: borrowing RequestHead, target: String?, rewrite: RequestRewrite?, to buffer: inout ByteBuffer
    ) {
        head.method.write(to: &buffer)
        if let rewrite {
            rewrite.writeTarget(of: head, to: &buffer)
        } else if let target {
            for byte in target.utf8 { buffer.append(byte.isControl || byte == .space ? .hyphen : byte) }
        } else if head.hasAuthorityInTarget, head.method != .connect {
            // RFC 9112, 3.2.4: this asks about the server as a whole.
            if head.lacksPath, !head.hasQuery, head.method == .options {
                buffer.append(UInt8.asterisk)
            } else {
                buffer.append(head.pathSpan)
            }
            if head.hasQuery {
                buffer.append(UInt8.questionMark)
                buffer.append(head.querySpan)
            }
        } else {
            buffer.append(head.targetSpan)
        }
        buffer.append(" HTTP/1.1\r\nHost: ")
    }

    private static func writeHost(
        _ head: borrowing RequestHead, _ host: String?, to buffer: inout ByteBuffer
    ) {
        if let host { buffer.append(host) } else { buffer.append(head.authoritySpan) }
        buffer.append("\r\n")
    }

    /// The fields that are for the node, in the client's order and spelling.
    ///
    /// `Connection` can take names away that we do not know, and no others: it must not be the client's means to remove
    /// what says who the client is.
    ///
    /// - Parameter withoutPrefix: Whether `X-Forwarded-Prefix` is written apart.
    private static func writeEndToEnd(
        _ fields: borrowing HeaderFields, isTrusted: Bool, withoutPrefix: Bool, to buffer: inout ByteBuffer
    ) {
        let hasOptions = fields.contains(.connection)
        let bytes = fields.lines.span
        var cookies = fields.count(of: .cookie) > 1 ? 0 : -1
        var run = 0..<0
        for entry in fields.entries {
            guard isEndToEnd(entry, of: fields, isTrusted: isTrusted, hasOptions: hasOptions) else { continue }
            if withoutPrefix, entry.name == .xForwardedPrefix { continue }
            if entry.name == .cookie, cookies >= 0 {
                cookies += 1
                guard cookies == 1 else { continue }
                buffer.append(bytes.extracting(run))
                run = 0..<0
                fields.writeJoined(.cookie, separator: "; ", to: &buffer)
                continue
            }
            fields.extend(&run, with: entry, flushingTo: &buffer)
        }
        buffer.append(bytes.extracting(run))
    }

    /// Whether a field is for the node, and not written apart.
    @inline(__always)
    static func isEndToEnd(
        _ entry: HeaderFields.Entry, of fields: borrowing HeaderFields, isTrusted: Bool, hasOptions: Bool,
        takesUnderscores: Bool = false
    ) -> Bool {
        switch entry.name {
        case .host, .contentLength, .forwarded, .xForwardedFor: return false  // Written apart.
        case .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .http2Settings,
            .expect, .proxyAuthorization, .proxyAuthenticate:
            return false  // For this hop only.
        case .xForwardedHost, .xForwardedPort, .xForwardedPrefix, .xForwardedProto, .xRealIP, .trueClientIP:
            return isTrusted
        case .other:
            let name = fields.lines.span.extracting(entry.nameRange)
            guard !HeaderFields.isReserved(name, takesUnderscores: takesUnderscores) else { return false }
            return !hasOptions || !fields.isNamedByConnection(name)
        default: return true
        }
    }

    private static func writeFraming(_ framing: BodyFraming, to buffer: inout ByteBuffer) {
        switch framing {
        case .none: break
        case .length(let length):
            buffer.append("Content-Length: ")
            buffer.append(decimal: length)
            buffer.append("\r\n")
        case .chunked: buffer.append("Transfer-Encoding: chunked\r\n")
        case .untilClose: preconditionFailure("the end of a request is never the end of its connection")
        }
    }

    /// What is meant for the hop from us to the node, and must be named in `Connection` as such.
    private static func writeConnection(
        _ fields: borrowing HeaderFields, upgrades: Bool, to buffer: inout ByteBuffer
    ) {
        if upgrades {
            buffer.append("Connection: Upgrade\r\nUpgrade: websocket\r\n")
        } else if fields.hasToken("trailers", in: .te) {
            buffer.append("Connection: TE\r\nTE: trailers\r\n")
        }
    }

    /// Where the request comes from: `X-Forwarded-*` and `Forwarded` (RFC 7239).
    private static func writeOrigin(
        _ head: borrowing RequestHead, context: ForwardingContext, to buffer: inout ByteBuffer
    ) {
        let authority = head.authoritySpan
        if authority.isEmpty {
            buffer.append(context.originWithoutHost)
        } else {
            buffer.append(context.originBeforeHost)
            buffer.append(authority)
            buffer.append(context.originBetweenHosts)
            buffer.append(authority)
            buffer.append("\"\r\n")
        }
    }

    /// The same after a proxy that we trust. What it said is kept, and its own address is added.
    private static func writeOriginBehindProxy(
        _ head: borrowing RequestHead, context: ForwardingContext, to buffer: inout ByteBuffer
    ) {
        let authority = head.authoritySpan
        head.fields.writeJoined(.xForwardedFor, separator: ", ", last: context.address, to: &buffer)
        if !head.fields.contains(.xForwardedProto) { buffer.append(context.protoLine) }
        if !head.fields.contains(.xForwardedHost), !authority.isEmpty {
            buffer.append("X-Forwarded-Host: ")
            buffer.append(authority)
            buffer.append("\r\n")
        }
        head.fields.writeJoined(.forwarded, separator: ", ", last: context.forwardedElement, to: &buffer)
        if !authority.isEmpty {
            buffer.removeLast(2)
            buffer.append(";host=\"")
            buffer.append(authority)
            buffer.append("\"\r\n")
        }
    }

    /// `Via`, with the version that we were spoken to in, and the end of the head.
    private static func writeVia(
        _ version: Version, context: ForwardingContext, to buffer: inout ByteBuffer
    ) {
        switch version {
        case .http2: buffer.append(context.via20)
        case .http11: buffer.append(context.via11)
        case .http10: buffer.append(context.via10)
        }
    }
}

extension HeaderFields {
    /// The longest `Connection`, all its lines together, in bytes. Every name that we do not know is looked for in it, so
    /// without this limit a head full of options would cost a hundred times what other heads of its size do.
    package static let maximumOptionBytes = 2_048

    /// - Throws: 431 when `Connection` is longer than that.
    @inline(__always)
    func checkOptions() throws(RequestProblem) {
        guard contains(.connection) else { return }
        var length = 0
        for entry in entries where entry.name == .connection { length += Int(entry.valueLength) }
        guard length <= Self.maximumOptionBytes else { throw .longOptions }
    }

    /// Whether `Connection` lists this name.
    func isNamedByConnection(_ name: Span<UInt8>) -> Bool {
        let bytes = lines.span
        for entry in entries where entry.name == .connection {
            var items = ListItems(entry.valueRange)
            while let item = items.next(in: bytes) {
                if bytes.extracting(item).equalsIgnoringCase(name) { return true }
            }
        }
        return false
    }

    /// Writes all lines of one name as one line. Those without a value are left out.
    ///
    /// - Parameter last: What to add after them.
    func writeJoined(
        _ name: FieldName, separator: StaticString, last: borrowing ByteBuffer = ByteBuffer(),
        to buffer: inout ByteBuffer
    ) {
        buffer.append(name.text)
        buffer.append(": ")
        let bytes = lines.span
        var isFirst = true
        for entry in entries where entry.name == name && entry.valueLength > 0 {
            if !isFirst { buffer.append(separator) }
            isFirst = false
            buffer.append(bytes.extracting(entry.valueRange))
        }
        if !last.isEmpty {
            if !isFirst { buffer.append(separator) }
            buffer.append(last.span)
        }
        buffer.append("\r\n")
    }
}
