internal import CZlib

/// Compresses and expands whole payloads in the zlib format (RFC 1950).
enum Deflate {
    /// What may come out of a payload, however long it is: 1 MiB.
    static let maximumExpandedLength = 1 << 20
    /// What may come out of a short payload whatever its ratio, in bytes. Above, at most `maximumRatio` counts.
    private static let unsuspiciousLength = 64 << 10
    /// Real payloads shrink to a tenth; the format itself allows a thousandth.
    private static let maximumRatio = 100

    static func compress(_ bytes: [UInt8]) -> [UInt8] {
        var bound = compressBound(uLong(bytes.count))
        var compressed = [UInt8](repeating: 0, count: Int(bound))
        let result = CZlib.compress(&compressed, &bound, bytes, uLong(bytes.count))
        precondition(result == Z_OK, "zlib refuses to compress into a buffer of the size that it asked for")
        return Array(compressed.prefix(Int(bound)))
    }

    /// Nil when the bytes are no complete payload, or expand to more than is allowed.
    static func expand(_ bytes: [UInt8]) -> [UInt8]? {
        let limit = min(maximumExpandedLength, unsuspiciousLength + maximumRatio * bytes.count)
        var stream = z_stream()
        guard micro_inflate_init(&stream) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var input = bytes
        return input.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = uInt(input.count)
            return drain(&stream, limit: limit)
        }
    }

    private static func drain(_ stream: inout z_stream, limit: Int) -> [UInt8]? {
        var expanded: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            var produced = 0
            let result = chunk.withUnsafeMutableBufferPointer { chunk in
                stream.next_out = chunk.baseAddress
                stream.avail_out = uInt(chunk.count)
                let result = inflate(&stream, Z_NO_FLUSH)
                produced = chunk.count - Int(stream.avail_out)
                return result
            }
            guard expanded.count + produced <= limit else { return nil }
            expanded += chunk.prefix(produced)
            if result == Z_STREAM_END { return expanded }
            guard result == Z_OK, produced > 0 || stream.avail_in > 0 else { return nil }
        }
    }
}
