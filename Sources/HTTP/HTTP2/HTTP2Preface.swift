package import Bytes

/// The 24 bytes with which a client begins HTTP/2 (RFC 9113, 3.4). They are made to be no request of HTTP/1.1.
package enum HTTP2Preface {
    /// How many bytes they are.
    package static let length = 24

    /// What the first bytes of a connection are.
    package enum Match: Sendable {
        case no
        /// All of them fit so far; more must come.
        case partial
        case whole
    }

    private static let text: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    /// Compares the bytes that a connection begins with.
    package static func match(_ bytes: Span<UInt8>) -> Match {
        for index in 0..<min(bytes.count, length) where bytes[index] != text.utf8Start[index] { return .no }
        return bytes.count < length ? .partial : .whole
    }

    /// Writes them, as a client does.
    package static func write(to buffer: inout ByteBuffer) { buffer.append(text) }
}
