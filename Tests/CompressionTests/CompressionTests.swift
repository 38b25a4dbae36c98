import Bytes
import Compression
import Testing

struct CompressionTests {
    /// As another implementation writes `{"name":"John"}`.
    private static let foreign: [CompressionFormat: String] = [
        .gzip: "1f8b0800000000000203ab56ca4bcc4d55b252f2cacfc853aa0500965749a80f000000",
        .zlib: "789cab56ca4bcc4d55b252f2cacfc853aa0500276504eb",
    ]

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        stride(from: 0, to: hexadecimal.utf8.count, by: 2).map { offset in
            UInt8(hexadecimal.dropFirst(offset).prefix(2), radix: 16) ?? 0
        }
    }

    /// Text that shrinks, and no two lines of which are alike.
    private static let text = (0..<2_000).map { "line \($0 &* 7_919 % 1_013) of \($0)\n" }.joined()

    private static func compressed(
        _ text: String, _ format: CompressionFormat, pieces: Int = 10_000, length: Int? = nil
    ) throws -> [UInt8] {
        let deflater = try #require(Deflater(format, length: length))
        var input = ByteBuffer(text)
        var output = ByteBuffer()
        while !input.isEmpty { deflater.compress(min(pieces, input.count), of: &input, into: &output) }
        deflater.finish(into: &output)
        return output.bytes
    }

    private static func expanded(
        _ bytes: [UInt8], _ format: CompressionFormat, pieces: Int = 10_000, limit: Int = 1 << 20
    ) throws -> (text: String, isComplete: Bool) {
        let inflater = try #require(Inflater(format, limit: ExpansionLimit(length: limit)))
        var output = ByteBuffer()
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            var input = ByteBuffer(Array(bytes[start..<min(start + pieces, bytes.count)]))
            try inflater.expand(&input, into: &output)
            if !input.isEmpty { return (output.text, false) }
        }
        return (output.text, inflater.isComplete)
    }

    @Test(
        "what was compressed in pieces of any size is expanded from pieces of any size",
        arguments: CompressionFormat.allCases, [1, 7, 4_096, 1 << 20])
    func roundTrip(format: CompressionFormat, pieces: Int) throws {
        for length in [nil, Self.text.utf8.count] {
            let bytes = try Self.compressed(Self.text, format, pieces: pieces, length: length)
            #expect(bytes.count < Self.text.utf8.count / 3)
            #expect(try Self.expanded(bytes, format, pieces: pieces) == (Self.text, true))
        }
    }

    @Test(
        "content of any length fits its window", arguments: [0, 1, 249, 250, 251, 3_834, 3_835, 16_000, 16_384, 40_000])
    func lengths(length: Int) throws {
        let text = String(Self.text.prefix(length))
        for format in CompressionFormat.allCases {
            let bytes = try Self.compressed(text, format, length: length)
            #expect(try Self.expanded(bytes, format) == (text, true))
        }
    }

    @Test("what others compress is expanded, and no part of it is complete", arguments: CompressionFormat.allCases)
    func foreign(format: CompressionFormat) throws {
        let bytes = Self.bytes(try #require(Self.foreign[format]))
        #expect(try Self.expanded(bytes, format, pieces: 1) == ("{\"name\":\"John\"}", true))
        for length in 1..<bytes.count {
            #expect(try !Self.expanded(Array(bytes.prefix(length)), format).isComplete)
        }
        let other: CompressionFormat = format == .gzip ? .zlib : .gzip
        #expect(throws: ExpansionProblem.malformed) { try Self.expanded(bytes, other) }
    }

    @Test("a bit that is wrong anywhere is never taken for another content", arguments: CompressionFormat.allCases)
    func damaged(format: CompressionFormat) throws {
        let bytes = Self.bytes(try #require(Self.foreign[format]))
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << bit
                guard let result = try? Self.expanded(damaged, format), result.isComplete else { continue }
                // Some bits of gzip's header say nothing about the content.
                #expect(result.text == "{\"name\":\"John\"}")
            }
        }
    }

    @Test func `several gzip members are one content, other bytes after the end are none`() throws {
        let one = Self.bytes(try #require(Self.foreign[.gzip]))
        #expect(try Self.expanded(one + one, .gzip) == ("{\"name\":\"John\"}{\"name\":\"John\"}", true))
        #expect(try Self.expanded(one + one, .gzip, pieces: 1).isComplete)
        #expect(throws: ExpansionProblem.malformed) { try Self.expanded(one + [1, 2], .gzip) }
        let zlib = Self.bytes(try #require(Self.foreign[.zlib]))
        #expect(try !Self.expanded(zlib + [0], .zlib).isComplete)
    }

    @Test("what becomes too long is not expanded to the end", arguments: CompressionFormat.allCases)
    func bombs(format: CompressionFormat) throws {
        let bomb = try Self.compressed(String(repeating: "a", count: 10_000_000), format)
        #expect(bomb.count < 30_000)
        #expect(throws: ExpansionProblem.tooLong) { try Self.expanded(bomb, format, limit: 1 << 30) }
        let inflater = try #require(Inflater(format, limit: ExpansionLimit(length: 100_000)))
        var input = ByteBuffer(bomb)
        var output = ByteBuffer()
        #expect(throws: ExpansionProblem.tooLong) { try inflater.expand(&input, into: &output) }
        #expect(output.count < 120_000)
        // The same ratio in a short content is nothing to fear.
        let short = String(repeating: "a", count: 60_000)
        #expect(try Self.expanded(try Self.compressed(short, format), format) == (short, true))
        #expect(throws: ExpansionProblem.tooLong) {
            try Self.expanded(try Self.compressed(short, format), format, limit: 59_999)
        }
    }

    @Test func `what was flushed can be read, and flushing nothing costs nothing`() throws {
        let deflater = try #require(Deflater(.gzip))
        let inflater = try #require(Inflater(.gzip, limit: ExpansionLimit(length: 1_000)))
        var seen = ByteBuffer()
        for word in ["one", "two", "three"] {
            var input = ByteBuffer(word)
            var output = ByteBuffer()
            deflater.compress(input.count, of: &input, into: &output)
            deflater.flush(into: &output)
            let length = output.count
            deflater.flush(into: &output)
            #expect(output.count == length)
            try inflater.expand(&output, into: &seen)
            #expect(seen.text.hasSuffix(word))
        }
        #expect(!inflater.isComplete)
    }
}
