internal import HTTP

/// Base64 with the alphabet for URLs and without padding (RFC 4648, 5), as everything in ACME is written.
enum Base64URL {
    static func encode(_ bytes: [UInt8]) -> String {
        let standard = Base64.encode(bytes.span, padded: false)
        return String(decoding: standard.utf8.map(forURL), as: UTF8.self)
    }

    static func encode(_ text: String) -> String { encode(Array(text.utf8)) }

    /// Nil when another byte than a digit is in the text.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes = Array(text.utf8)
        while bytes.last == 0x3d { bytes.removeLast() }
        guard bytes.allSatisfy({ isDigit($0) }) else { return nil }
        bytes = bytes.map { $0 == 0x2d ? 0x2b : $0 == 0x5f ? 0x2f : $0 }
        return Base64.decode(bytes.span)
    }

    /// Whether the text is made of digits only, so that it may stand in a path.
    static func isValid(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isDigit) }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x5f: true
        default: false
        }
    }

    private static func forURL(_ byte: UInt8) -> UInt8 { byte == 0x2b ? 0x2d : byte == 0x2f ? 0x5f : byte }
}
