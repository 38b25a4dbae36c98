package import Bytes

extension ForwardedRequest {
    /// Writes a client's request as a block of fields, for a node that speaks HTTP/2.
    ///
    /// - Parameters:
    ///   - scheme: `http` or `https`, as the node is spoken to.
    ///   - contentType: What to say in place of the client's type; nil keeps that.
    ///   - length: What `Content-Length` says; nil when nobody knows.
    ///   - isGRPC: Whether it is a call, which always asks for trailers, and whose names may have underscores.
    package static func write(
        _ head: borrowing RequestHead, scheme: String, contentType: String? = nil, length: Int?, isGRPC: Bool,
        context: ForwardingContext, with encoder: inout HPACKEncoder, to block: inout ByteBuffer
    ) {
        encoder.beginBlock(to: &block)
        encoder.encode(":method", head.method.description, to: &block)
        encoder.encode(":scheme", scheme, to: &block)
        writePath(head, with: &encoder, to: &block)
        encoder.encode(":authority", context.host ?? head.authority, to: &block)
        if let length { encoder.encode("content-length", "\(length)", to: &block) }
        if isGRPC || head.fields.hasToken("trailers", in: .te) { encoder.encode("te", "trailers", to: &block) }
        let fields = head.fields
        let hasOptions = fields.contains(.connection)
        for (index, entry) in fields.entries.enumerated() {
            guard
                isEndToEnd(
                    entry, of: fields, isTrusted: context.isTrusted, hasOptions: hasOptions, takesUnderscores: isGRPC)
            else { continue }
            if entry.name == .contentType, let contentType {
                encoder.encode("content-type", contentType, to: &block)
            } else {
                encoder.encode(fields.nameSpan(at: index), fields.valueSpan(at: index), to: &block)
            }
        }
        if let name = context.namespace?(head), !name.isEmpty {
            encoder.encode("micro-namespace", name, to: &block)
        }
        writeOrigin(head, context: context, with: &encoder, to: &block)
    }

    /// How large the block may be as the node counts it: a little more than it is.
    package static func listSize(_ head: borrowing RequestHead, context: ForwardingContext) -> Int {
        head.fields.listSize + head.targetSpan.count + 4 * (context.address.count + head.authoritySpan.count) + 640
    }

    private static func writePath(
        _ head: borrowing RequestHead, with encoder: inout HPACKEncoder, to block: inout ByteBuffer
    ) {
        guard head.hasAuthorityInTarget else {
            return encoder.encode(":path".utf8.span, head.targetSpan, indexing: .suited(to: head), to: &block)
        }
        var target = ByteBuffer()
        target.append(head.pathSpan)
        if head.hasQuery {
            target.append(UInt8.questionMark)
            target.append(head.querySpan)
        }
        encoder.encode(":path".utf8.span, target.span, indexing: .suited(to: head), to: &block)
    }

    /// Where the request comes from: `X-Forwarded-*`, `Forwarded` (RFC 7239) and `Via`. What a proxy that we trust said
    /// is kept, and added to.
    private static func writeOrigin(
        _ head: borrowing RequestHead, context: ForwardingContext, with encoder: inout HPACKEncoder,
        to block: inout ByteBuffer
    ) {
        let fields = head.fields
        let authority = head.authority
        let element = context.forwardedElement.text + (authority.isEmpty ? "" : ";host=\"\(authority)\"")
        let earlier = context.isTrusted
        let addresses = (earlier ? fields.values(.xForwardedFor) : []) + [context.address.text]
        let elements = (earlier ? fields.values(.forwarded) : []) + [element]
        encoder.encode("x-forwarded-for", addresses.joined(separator: ", "), to: &block)
        if !earlier || !fields.contains(.xForwardedProto) {
            encoder.encode("x-forwarded-proto", context.scheme, to: &block)
        }
        if !authority.isEmpty, !earlier || !fields.contains(.xForwardedHost) {
            encoder.encode("x-forwarded-host", authority, to: &block)
        }
        encoder.encode("forwarded", elements.joined(separator: ", "), to: &block)
        let version =
            switch head.version {
            case .http2: "2.0"
            case .http11: "1.1"
            case .http10: "1.0"
            }
        encoder.encode("via", "\(version) \(context.viaName)", to: &block)
    }
}

extension HPACKIndexing {
    /// A path with a query hardly comes again, and would take the place of others.
    fileprivate static func suited(to head: borrowing RequestHead) -> HPACKIndexing {
        head.hasQuery ? .without : .incremental
    }
}
