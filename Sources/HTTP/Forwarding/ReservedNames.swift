import Bytes

// Names that a client, or a trailer, must not set.

extension HeaderFields {
    /// Whether a name that is not a listed one belongs to this gateway, or rewrites paths for others, or is an alias of
    /// a name that says who the client is or where content ends.
    ///
    /// Nodes are known that read `_` and `.` as `-`. Names with an underscore are therefore all reserved, and those
    /// with a dot are judged as if it were a hyphen.
    ///
    /// - Parameter takesUnderscores: For gRPC, whose metadata often has them and whose servers read names as they are.
    ///   They are then judged as those with a dot. Default false.
    static func isReserved(_ name: Span<UInt8>, takesUnderscores: Bool = false) -> Bool {
        var hasDot = false
        for index in name.indices {
            if name[index] == .underscore {
                guard takesUnderscores else { return true }
                hasDot = true
            }
            hasDot = hasDot || name[index] == .dot
        }
        if hasDot, isAliasOfListedName(name) { return true }
        switch name[0].lowercased {
        case UInt8(ascii: "m"): return hasPrefix(name, "micro-")
        case UInt8(ascii: "x"):
            return hasPrefix(name, "x-micro-") || hasPrefix(name, "x-api-") || hasPrefix(name, "x-forwarded-")
                || hasPrefix(name, "x-original-") || hasPrefix(name, "x-rewrite-")
        default: return false
        }
    }

    /// Makes text of the name, which only happens for names with a dot; hardly any has one.
    private static func isAliasOfListedName(_ name: Span<UInt8>) -> Bool {
        var alias: [UInt8] = []
        for index in name.indices { alias.append(name[index].isAliasOfHyphen ? .hyphen : name[index]) }
        return FieldName.of(alias.span) != .other
    }

    /// - Parameter prefix: In lower case.
    private static func hasPrefix(_ name: Span<UInt8>, _ prefix: StaticString) -> Bool {
        guard name.count >= prefix.utf8CodeUnitCount else { return false }
        for index in 0..<prefix.utf8CodeUnitCount {
            let byte = name[index].isAliasOfHyphen ? UInt8.hyphen : name[index].lowercased
            guard byte == prefix.utf8Start[index] else { return false }
        }
        return true
    }

    /// Keeps of the trailers only names that nobody interprets before the content, and `ETag` and `Date`.
    package mutating func removeAllForbiddenInTrailers() {
        guard !isEmpty else { return }
        var allowed = HeaderFields()
        for entry in entries {
            switch entry.name {
            case .other: if Self.isReserved(lines.span.extracting(entry.nameRange)) { continue }
            case .etag, .date: break
            default: continue
            }
            allowed.append(entry, of: self)
        }
        self = allowed
    }
}

extension UInt8 {
    fileprivate var isAliasOfHyphen: Bool { self == .dot || self == .underscore }
}
