package import Bytes

/// The masking of a frame's payload (RFC 6455, 5.3), eight bytes at a time. Masking and unmasking are the same.
///
/// It remembers how far in the payload it is, so the payload may come in pieces.
package struct WebSocketMask: Sendable, Equatable {
    /// The key twice, its next byte lowest.
    private var pattern: UInt64

    /// - Parameter key: Its first byte on the wire is the highest.
    package init(key: UInt32) {
        let word = UInt64(key.byteSwapped)
        pattern = word << 32 | word
    }

    /// The mask of a frame that has none, which changes nothing.
    package static let none = Self(key: 0)

    /// How the payload goes on after so many bytes.
    mutating func advance(by length: Int) {
        let bits = UInt64(length & 3) * 8
        if bits > 0 { pattern = pattern >> bits | pattern << (64 - bits) }
    }

    /// Masks or unmasks a piece of payload in place.
    package mutating func apply(to bytes: inout MutableSpan<UInt8>) {
        let pattern = pattern
        let length = bytes.count
        bytes.withUnsafeMutableBytes { target in
            if let base = target.baseAddress { Self.combine(base, with: pattern, into: base, length: length) }
        }
        advance(by: length)
    }

    /// Appends a piece of payload, masked or unmasked, to a buffer.
    package mutating func copy(_ bytes: Span<UInt8>, to buffer: inout ByteBuffer) {
        let pattern = pattern
        let length = bytes.count
        _ = buffer.write(atMost: length) { target in
            bytes.withUnsafeBytes { source in
                if let from = source.baseAddress, let to = target.baseAddress {
                    Self.combine(from, with: pattern, into: to, length: length)
                }
            }
            return length
        }
        advance(by: length)
    }

    /// The two places may be the same, but not overlap otherwise.
    private static func combine(
        _ source: UnsafeRawPointer, with pattern: UInt64, into target: UnsafeMutableRawPointer, length: Int
    ) {
        var index = 0
        let word = UInt64(littleEndian: pattern)
        while index <= length - 8 {
            let bytes = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            target.storeBytes(of: bytes ^ word, toByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < length {
            let mask = UInt8(truncatingIfNeeded: pattern >> UInt64((index & 7) * 8))
            let byte = source.load(fromByteOffset: index, as: UInt8.self)
            target.storeBytes(of: byte ^ mask, toByteOffset: index, as: UInt8.self)
            index += 1
        }
    }
}
