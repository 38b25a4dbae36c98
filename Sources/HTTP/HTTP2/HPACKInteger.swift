package import Bytes

/// Numbers in HPACK (RFC 7541, 5.1): the low bits of a byte, and more bytes of seven bits each if those are all ones.
package enum HPACKInteger {
    /// The largest number accepted, 2^31 - 1. No length, index or size of ours comes near.
    package static let maximum = 0x7fff_ffff
    /// The most bytes after the first; this many hold `maximum`.
    private static let maximumContinuation = 5

    /// Reads the number that begins at `position`, and moves the position behind it.
    ///
    /// - Parameter prefix: How many low bits of the first byte belong to it, 1 to 8.
    /// - Throws: `.truncated` when bytes are missing, `.integerTooLarge` above `maximum` and for padding with zeros
    ///   beyond the bytes that `maximum` needs.
    @inline(__always)
    package static func decode(
        _ bytes: Span<UInt8>, at position: inout Int, prefix: Int
    ) throws(HPACKProblem) -> Int {
        guard position < bytes.count else { throw .truncated }
        let mask = (1 << prefix) - 1
        let first = Int(bytes[position]) & mask
        position += 1
        return first < mask ? first : try decodeRest(bytes, at: &position, first: first)
    }

    private static func decodeRest(
        _ bytes: Span<UInt8>, at position: inout Int, first: Int
    ) throws(HPACKProblem) -> Int {
        var value = first
        for count in 0..<maximumContinuation {
            guard position < bytes.count else { throw .truncated }
            let byte = bytes[position]
            position += 1
            value += Int(byte & 0x7f) << (7 * count)
            guard value <= maximum else { throw .integerTooLarge }
            if byte & 0x80 == 0 { return value }
        }
        throw .integerTooLarge
    }

    /// Writes a number.
    ///
    /// - Parameter pattern: The high bits of the first byte, which say what the number is.
    /// - Precondition: 0 to `maximum`.
    package static func encode(_ value: Int, prefix: Int, pattern: UInt8, to buffer: inout ByteBuffer) {
        precondition(value >= 0 && value <= maximum, "a number that no one would accept")
        let mask = (1 << prefix) - 1
        guard value >= mask else { return buffer.append(pattern | UInt8(truncatingIfNeeded: value)) }
        buffer.append(pattern | UInt8(truncatingIfNeeded: mask))
        var rest = value - mask
        while rest > 0x7f {
            buffer.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        buffer.append(UInt8(truncatingIfNeeded: rest))
    }
}
