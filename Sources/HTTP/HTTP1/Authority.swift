/// The rules for `host[:port]`, as in the `Host` field and in a target (RFC 9110, 4.2 and 7.2).
///
/// Stricter than the grammar of URIs: a registered name has letters, digits and `-._~` only. The other bytes that
/// the grammar permits, `%`, `,`, `;` and the like, occur in attacks and not in hosts.
enum Authority {
    /// The longest host accepted, in bytes, as in DNS.
    static let maximumLength = 255

    /// How many bytes of an authority are the host: all but a colon and what follows it outside brackets.
    static func hostLength(_ authority: Span<UInt8>) -> Int {
        guard !authority.isEmpty else { return 0 }
        if authority[0] == .openBracket {
            guard let close = authority.first(.closeBracket) else { return authority.count }
            return close + 1
        }
        return authority.first(.colon) ?? authority.count
    }

    /// Whether this is a host with or without a port, and nothing else; no user, no list, not empty.
    static func isValid(_ authority: Span<UInt8>) -> Bool {
        let length = hostLength(authority)
        guard length > 0, length <= maximumLength else { return false }
        if authority[0] == .openBracket {
            guard isIPv6(authority.extracting(0..<length)) else { return false }
        } else {
            for index in 0..<length where !isNameByte(authority[index]) { return false }
        }
        return length == authority.count || isPort(authority.extracting(length..<authority.count))
    }

    /// Whether a port is written after the host.
    static func hasPort(_ authority: Span<UInt8>) -> Bool { authority.count > hostLength(authority) + 1 }

    @inline(__always)
    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == .dot || byte == .hyphen || byte == .underscore || byte == 0x7e
    }

    /// A colon and up to five digits, at most 65535. No digit at all is legal (RFC 3986, 3.2.3).
    private static func isPort(_ text: Span<UInt8>) -> Bool {
        guard text[0] == .colon, text.count <= 6 else { return false }
        var port = 0
        for index in 1..<text.count {
            guard text[index].isDigit else { return false }
            port = port * 10 + Int(text[index] &- 0x30)
        }
        return port <= 65_535
    }

    /// An address in brackets: groups of at most four hexadecimal digits, `::` at most once, and maybe an IPv4 address
    /// in place of the last two groups.
    private static func isIPv6(_ text: Span<UInt8>) -> Bool {
        guard text.count >= 4, text.count <= 47, text[text.count - 1] == .closeBracket else { return false }
        let end = text.count - 1
        var (index, groups, elided) = (1, 0, false)
        if text[1] == .colon {
            guard text[2] == .colon else { return false }
            (index, elided) = (3, true)
        }
        while index < end {
            let start = index
            while index < end, text[index].hexadecimalValue != nil { index += 1 }
            if index < end, text[index] == .dot {
                guard isIPv4(text.extracting(start..<end)) else { return false }
                (groups, index) = (groups + 2, end)
                break
            }
            guard index > start, index - start <= 4 else { return false }
            groups += 1
            guard index < end else { break }
            guard text[index] == .colon else { return false }
            index += 1
            guard index < end else { return false }
            if text[index] == .colon {
                guard !elided else { return false }
                (index, elided) = (index + 1, true)
            }
        }
        return elided ? groups < 8 : groups == 8
    }

    /// Four decimal numbers up to 255.
    private static func isIPv4(_ text: Span<UInt8>) -> Bool {
        var (numbers, digits, value) = (1, 0, 0)
        for index in text.indices {
            if text[index] == .dot {
                guard digits > 0 else { return false }
                (numbers, digits, value) = (numbers + 1, 0, 0)
            } else {
                guard text[index].isDigit, digits < 3 else { return false }
                (digits, value) = (digits + 1, value * 10 + Int(text[index] &- 0x30))
                guard value <= 255 else { return false }
            }
        }
        return numbers == 4 && digits > 0
    }
}
