import Bytes

extension HeaderFields {
    /// Copies those fields of a request that a service called for it is to see. Left out are fields of this hop, those
    /// that describe the content or the way the request has come, and those that only a gateway may set. Several lines
    /// of one name become one, joined by a comma and a space.
    ///
    /// - Parameter keepsEmpty: False to leave out fields without a value. Default true.
    package mutating func appendMetadata(of head: borrowing RequestHead, keepsEmpty: Bool = true) {
        let fields = head.fields
        let hasOptions = fields.contains(.connection)
        for (index, entry) in fields.entries.enumerated() where entry.name.isMetadata {
            guard keepsEmpty || entry.valueLength > 0 else { continue }
            if entry.name == .other {
                let name = fields.nameSpan(at: index)
                guard !Self.isReservedMetadata(name), !hasOptions || !fields.isNamedByConnection(name) else { continue }
            }
            switch fields.repetition(of: index) {
            case .only: append(entry, of: fields)
            case .first: appendJoined(index, of: fields)
            case .later: continue
            }
        }
    }

    private enum Repetition { case only, first, later }

    private func repetition(of index: Int) -> Repetition {
        let name = entries[index].name
        if name != .other, count(of: name) == 1 { return .only }
        for earlier in 0..<index where isSameName(earlier, index) { return .later }
        for later in (index + 1)..<max(index + 1, entries.count) where isSameName(later, index) { return .first }
        return .only
    }

    private func isSameName(_ one: Int, _ other: Int) -> Bool {
        guard entries[one].name == entries[other].name else { return false }
        return entries[one].name != .other || nameSpan(at: one).equalsIgnoringCase(nameSpan(at: other))
    }

    private mutating func appendJoined(_ index: Int, of fields: HeaderFields) {
        let separator = fields.entries[index].name == .cookie ? "; " : ", "
        var values: [String] = []
        for other in index..<fields.count where fields.isSameName(other, index) {
            values.append(fields.value(at: other))
        }
        append(name: fields.name(at: index), value: values.joined(separator: separator))
    }

    /// Names that a service believes because a gateway sets them. Identifiers of a trace are the exception: they only
    /// tell what belongs together.
    private static func isReservedMetadata(_ name: Span<UInt8>) -> Bool {
        if name.equalsIgnoringCase("micro-trace-id") || name.equalsIgnoringCase("micro-span-id") { return false }
        return isReserved(name) || name.equalsIgnoringCase("method") || name.equalsIgnoringCase("remote")
            || name.equalsIgnoringCase("local") || name.hasPrefixIgnoringCase("grpc-")
    }
}

extension FieldName {
    /// False for what concerns the connection, the content, or the way that the request has come.
    fileprivate var isMetadata: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .proxyAuthorization, .proxyAuthenticate, .te, .trailer,
            .transferEncoding, .upgrade, .expect, .host, .contentLength, .contentType, .contentEncoding, .accept,
            .acceptEncoding, .timeout, .forwarded, .xForwardedFor, .xForwardedHost, .xForwardedProto,
            .xForwardedPrefix, .xRealIP, .via:
            false
        default: true
        }
    }
}
