import Bytes

// Names that a client, or a trailer, must not set.

extension HeaderFields {
    /// Whether a name that is not a listed one belongs to this gateway, or to one that rewrites paths before others, or
    /// is an alias of such a name: nodes are known that read `_` and `.` as `-`.
    ///
    /// Any name with an underscore is reserved for that reason. A dot is read as a hyphen.
    static func isReserved(_ name: Span<UInt8>) -> Bool {
        if name.first(.underscore) != nil { return true }
        switch name[0].lowercased {
        case 0x6d: return hasPrefix(name, "micro-")
        case 0x78:  // X
            return hasPrefix(name, "x-micro-") || hasPrefix(name, "x-api-") || hasPrefix(name, "x-forwarded-")
                || hasPrefix(name, "x-real-ip") || hasPrefix(name, "x-original-") || hasPrefix(name, "x-rewrite-")
        case 0x74: return hasPrefix(name, "true-client-ip")
        default: return hasManagedAlias(name)
        }
    }

    /// Whether the name has a dot and is, with a hyphen in its place, one that decides framing or identity.
    private static func hasManagedAlias(_ name: Span<UInt8>) -> Bool {
        guard name.first(.dot) != nil else { return false }
        return hasPrefix(name, "content-length") || hasPrefix(name, "transfer-encoding")
            || hasPrefix(name, "proxy-") || hasPrefix(name, "keep-alive") || hasPrefix(name, "sec-")
    }

    /// - Parameter prefix: In lower case.
    private static func hasPrefix(_ name: Span<UInt8>, _ prefix: StaticString) -> Bool {
        guard name.count >= prefix.utf8CodeUnitCount else { return false }
        for index in 0..<prefix.utf8CodeUnitCount {
            let byte = name[index] == .dot ? UInt8.hyphen : name[index].lowercased
            guard byte == prefix.utf8Start[index] else { return false }
        }
        return true
    }

    /// Keeps of the trailers only names that nobody interprets before the content, and `ETag` and `Date`.
    mutating func removeAllForbiddenInTrailers() {
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
