/// Metadata as it is typed: `key=value`.
enum CallMetadata {
    /// Fields that belong to the connection or to the request as a whole.
    private static let reserved: Set<String> = [
        "connection", "content-length", "content-type", "expect", "host", "keep-alive", "te", "timeout", "trailer",
        "transfer-encoding", "upgrade",
    ]

    /// Words without `=` are ignored, as in the original. Keys get a capital letter, as Go Micro's metadata has.
    static func parse(_ words: [String]) throws(CommandFailure) -> [String: String] {
        var metadata: [String: String] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            guard !parts[0].isEmpty, parts[0].utf8.allSatisfy(\.isTokenByte) else {
                throw .usage("\(word): the key of metadata must be letters, digits and hyphens")
            }
            guard !reserved.contains(parts[0].lowercased()) else {
                throw .usage("\(word): \(parts[0]) cannot be metadata, as HTTP itself uses it")
            }
            guard parts[1].utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
                throw .usage("\(parts[0]): a value of metadata must be free of control characters")
            }
            metadata[parts[0].prefix(1).uppercased() + parts[0].dropFirst()] = String(parts[1])
        }
        return metadata
    }
}

extension UInt8 {
    /// A character of a token (RFC 9110, 5.6.2).
    fileprivate var isTokenByte: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e...0x60, 0x7c, 0x7e: true
        default: false
        }
    }
}
