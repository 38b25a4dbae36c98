internal import Bytes
internal import Compression
internal import HTTP

/// Whether and how the answers of one loop are compressed. Given to an exchange by the handler that wants it so.
package final class CompressionPolicy {
    /// Answers compressed at a time, each with memory of its own; more are sent as they are. So compression takes some
    /// 40 MiB of each loop at most.
    package static let maximumEncoders = 256

    /// Shorter content is sent as it is, in bytes. Default 1 KiB: below, hardly anything is won.
    package let minimumLength: Int
    /// How many answers are being compressed now.
    package fileprivate(set) var encoderCount = 0

    package init(minimumLength: Int = 1_024) { self.minimumLength = minimumLength }
}

/// The content of one answer on its way through compression.
final class ContentEncoder {
    /// Content compressed in one go, so that little of it waits when the client is slow.
    private static let pieceLength = 16_384

    private let policy: CompressionPolicy
    /// Nil once the content has ended.
    private var deflater: Deflater?
    /// How much content must still come; nil when nobody knows.
    private var remaining: Int?
    /// Compressed, and not yet taken by the stream.
    private var output = ByteBuffer()
    /// For the end of the answer, once the content has ended.
    private(set) var trailers = HeaderFields()

    /// Nil when there are too many already, or no memory.
    init?(_ coding: ContentCoding, length: Int?, policy: CompressionPolicy) {
        guard policy.encoderCount < CompressionPolicy.maximumEncoders else { return nil }
        let format: CompressionFormat =
            switch coding {
            case .gzip: .gzip
            case .deflate: .zlib
            }
        guard let deflater = Deflater(format, length: length) else { return nil }
        self.policy = policy
        self.deflater = deflater
        remaining = length
        policy.encoderCount += 1
    }

    deinit { policy.encoderCount -= 1 }

    var hasEnded: Bool { deflater == nil }

    /// Compresses from the front of the buffer and hands on what comes of it, as long as the stream has room. Returns how
    /// many bytes were taken.
    func write(
        _ buffer: inout ByteBuffer, atMost limit: Int, to stream: any ExchangeStream
    ) throws(GatewayError) -> Int {
        let wanted = min(limit, buffer.count)
        if let remaining, wanted > remaining { throw GatewayError(.fault, "more content than was announced") }
        var taken = 0
        while taken < wanted, try send(to: stream) {
            let count = min(wanted - taken, Self.pieceLength)
            deflater?.compress(count, of: &buffer, into: &output)
            taken += count
        }
        if let remaining { self.remaining = remaining - taken }
        _ = try send(to: stream)
        return taken
    }

    /// Makes everything written so far readable for the client, however little it is.
    func flush(to stream: any ExchangeStream) throws(GatewayError) {
        deflater?.flush(into: &output)
        _ = try send(to: stream)
    }

    /// Ends the content. The last of it may have to wait for the client.
    func end(trailers: HeaderFields) throws(GatewayError) {
        if let remaining, remaining > 0 { throw GatewayError(.fault, "less content than was announced") }
        deflater?.finish(into: &output)
        deflater = nil
        self.trailers = trailers
    }

    /// Returns false when the client must take something first.
    func send(to stream: any ExchangeStream) throws(GatewayError) -> Bool {
        while !output.isEmpty {
            if try stream.tryWrite(&output, atMost: output.count) == 0 { return false }
        }
        return true
    }
}
