package import Bytes
internal import CZlib

/// Why compressed bytes are not expanded.
package enum ExpansionProblem: Error, Equatable {
    /// They are not what they are said to be.
    case malformed
    /// They become longer than is allowed, alone or in proportion to what came.
    case tooLong
}

/// What may come out of compressed bytes of others.
package struct ExpansionLimit: Sendable, Equatable {
    /// In bytes, however much came.
    package var length: Int
    /// Bytes that may come out whatever the ratio. Default 64 KiB.
    package var unsuspiciousLength = 64 << 10
    /// Above, for each byte that came. Real content shrinks to a tenth; the format allows a thousandth. Default 100.
    package var ratio = 100

    package init(length: Int) { self.length = length }

    func length(of received: Int) -> Int { min(length, unsuspiciousLength + ratio * received) }
}

/// Expands one stream of bytes that somebody else has compressed. Bytes in, bytes out; it never waits.
package final class Inflater {
    /// Output grows in steps of this many bytes.
    private static let step = 16_384

    private let stream: UnsafeMutablePointer<z_stream>
    private let format: CompressionFormat
    private let limit: ExpansionLimit
    private var received = 0
    private var produced = 0
    /// Whether the stream has come to its end. Bytes that are left then are no part of it.
    package private(set) var isComplete = false

    /// Nil when there is no memory for it.
    package init?(_ format: CompressionFormat, limit: ExpansionLimit) {
        stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        self.format = format
        self.limit = limit
        // The largest window that a sender may have had. Released in `deinit`, which runs for a failed `init` too.
        guard micro_inflate_init(stream, format.windowBits(15)) == Z_OK else { return nil }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Takes all of the input, up to the end of the stream. Several gzip members are one stream (RFC 1952, 2.2).
    package func expand(_ input: inout ByteBuffer, into output: inout ByteBuffer) throws(ExpansionProblem) {
        while !input.isEmpty {
            if isComplete {
                guard format == .gzip else { return }
                inflateReset(stream)
                isComplete = false
            }
            try expandMember(&input, into: &output)
        }
    }

    private func expandMember(_ input: inout ByteBuffer, into output: inout ByteBuffer) throws(ExpansionProblem) {
        var result = Z_OK
        repeat {
            let before = input.count
            let count = input.span.withUnsafeBufferPointer { bytes in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
                stream.pointee.avail_in = uInt(min(bytes.count, Int(Int32.max)))
                return output.write(atMost: Self.step) { room in
                    stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    stream.pointee.avail_out = uInt(room.count)
                    result = inflate(stream, Z_NO_FLUSH)
                    return room.count - Int(stream.pointee.avail_out)
                }
            }
            let taken = min(before, Int(Int32.max)) - Int(stream.pointee.avail_in)
            input.consume(taken)
            received += taken
            produced += count
            guard produced <= limit.length(of: received) else { throw .tooLong }
            if result == Z_STREAM_END { return isComplete = true }
            // No progress is no error as long as more input may come.
            guard result == Z_OK || (result == Z_BUF_ERROR && input.isEmpty) else { throw .malformed }
        } while !input.isEmpty || stream.pointee.avail_out == 0
    }
}
