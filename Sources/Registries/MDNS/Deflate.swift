internal import Bytes
internal import Compression

/// Compresses and expands whole payloads in the zlib format (RFC 1950).
enum Deflate {
    /// What may come out of a payload, however long it is: 1 MiB.
    static let maximumExpandedLength = 1 << 20

    static func compress(_ bytes: [UInt8]) -> [UInt8] {
        guard let deflater = Deflater(.zlib, isOrdinary: true) else {
            preconditionFailure("there is no memory for a record of a few hundred bytes")
        }
        var input = ByteBuffer(bytes)
        var compressed = ByteBuffer()
        deflater.compress(bytes.count, of: &input, into: &compressed)
        deflater.finish(into: &compressed)
        return compressed.bytes
    }

    /// Nil when the bytes are no complete payload, or expand to more than is allowed. What follows the payload is ignored.
    static func expand(_ bytes: [UInt8]) -> [UInt8]? {
        guard let inflater = Inflater(.zlib, limit: ExpansionLimit(length: maximumExpandedLength)) else { return nil }
        var input = ByteBuffer(bytes)
        var expanded = ByteBuffer()
        do throws(ExpansionProblem) { try inflater.expand(&input, into: &expanded) } catch { return nil }
        return inflater.isComplete ? expanded.bytes : nil
    }
}
