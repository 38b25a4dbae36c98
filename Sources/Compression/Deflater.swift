package import Bytes
internal import CZlib

/// Compresses one stream of bytes. Bytes in, bytes out; it never waits.
///
/// It holds at most 128 KiB, less for content that is known to be short, from `init` to `finish`.
package final class Deflater {
    /// The best between speed and size for text of a few kilobytes: above, each step costs more than it saves.
    private static let level: Int32 = 4
    /// A window of 16 KiB. The largest, of 32 KiB, takes twice the memory and saves a few hundredths.
    private static let largestWindowBits: Int32 = 14
    private static let smallestWindowBits: Int32 = 9
    /// What zlib wants of the window for itself.
    private static let lookahead = 262
    /// Output grows in steps of this many bytes.
    private static let step = 4_096

    /// On the heap, because zlib keeps its address. Nil once the stream has ended.
    private var stream: UnsafeMutablePointer<z_stream>?
    /// Whether bytes were taken that a reader of the output cannot see yet.
    private var hasHiddenBytes = false

    /// Nil when there is no memory for it.
    ///
    /// - Parameters:
    ///   - length: How many bytes will come, if that is known. Only a hint.
    ///   - isOrdinary: Whether to take zlib's own level and window, which cost twice the memory, for readers that may
    ///     have seen no others. Default false.
    package init?(_ format: CompressionFormat, length: Int? = nil, isOrdinary: Bool = false) {
        var bits = Self.largestWindowBits
        if let length { while bits > Self.smallestWindowBits, length + Self.lookahead <= 1 << (bits - 1) { bits -= 1 } }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let result =
            isOrdinary
            ? micro_deflate_init(stream, Z_DEFAULT_COMPRESSION, format.windowBits(15), 8)
            : micro_deflate_init(stream, Self.level, format.windowBits(bits), bits - 7)
        guard result == Z_OK else {
            stream.deallocate()
            return nil
        }
        self.stream = stream
    }

    deinit { release() }

    /// Moves the first `count` bytes of the input into the stream.
    ///
    /// - Precondition: The input has as many, and the stream has not ended.
    package func compress(_ count: Int, of input: inout ByteBuffer, into output: inout ByteBuffer) {
        guard count > 0 else { return }
        input.span.extracting(0..<count).withUnsafeBufferPointer { bytes in
            stream?.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
            stream?.pointee.avail_in = uInt(count)
            run(Z_NO_FLUSH, into: &output)
        }
        input.consume(count)
        hasHiddenBytes = true
    }

    /// Makes everything taken so far readable for whoever gets the output. Costs a few bytes, so it does nothing when
    /// there is nothing to show.
    package func flush(into output: inout ByteBuffer) {
        guard hasHiddenBytes else { return }
        run(Z_SYNC_FLUSH, into: &output)
        hasHiddenBytes = false
    }

    /// Ends the stream and gives its memory back.
    package func finish(into output: inout ByteBuffer) {
        run(Z_FINISH, into: &output)
        release()
    }

    private func run(_ mode: Int32, into output: inout ByteBuffer) {
        guard let stream else { preconditionFailure("nothing can follow the end of a stream") }
        repeat {
            _ = output.write(atMost: Self.step) { room in
                stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = uInt(room.count)
                let result = deflate(stream, mode)
                precondition(result != Z_STREAM_ERROR, "zlib says that its state is broken, which only we could do")
                return room.count - Int(stream.pointee.avail_out)
            }
        } while stream.pointee.avail_out == 0
    }

    private func release() {
        guard let stream else { return }
        deflateEnd(stream)
        stream.deallocate()
        self.stream = nil
    }
}
