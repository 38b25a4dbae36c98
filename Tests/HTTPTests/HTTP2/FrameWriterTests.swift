import Bytes
import HTTP
import TestSupport
import Testing

struct FrameWriterTests {
    private static func read(_ input: [UInt8]) throws -> [String] {
        var reader = FrameReader()
        var texts: [String] = []
        var position = 0
        while position < input.count {
            let rest = Array(input[position...])
            let (frame, length) = try #require(try reader.next(rest.span))
            texts.append(frame.text(in: rest))
            position += length
        }
        return texts
    }

    @Test func `frames are read as they were written`() throws {
        var buffer = ByteBuffer()
        FrameWriter.writeSettings([(.maximumStreams, 100), (.initialWindow, 65_536)], to: &buffer)
        FrameWriter.writeSettingsAcknowledgement(to: &buffer)
        FrameWriter.writeHeaders([0x82].span, stream: 1, endsStream: true, to: &buffer)
        FrameWriter.writeDataHeader(stream: 3, length: 2, endsStream: false, to: &buffer)
        buffer.append("ab")
        FrameWriter.writeReset(stream: 5, code: .cancel, to: &buffer)
        FrameWriter.writePing([1, 2, 3, 4, 5, 6, 7, 8].span, isAnswer: true, to: &buffer)
        FrameWriter.writeWindowUpdate(stream: 0, increment: 0x7fff_ffff, to: &buffer)
        FrameWriter.writeGoAway(lastStream: 0x7fff_ffff, code: .noError, reason: "hi", to: &buffer)
        #expect(
            try Self.read(buffer.bytes) == [
                "settings 000300000064000400010000", "settings ack", "headers 1 82 true true false",
                "data 3 6162 2 false", "reset 5 cancel", "ping 0102030405060708 true", "window 0 2147483647",
                "goaway 2147483647 noError 6869",
            ])
    }

    @Test(
        "a block of fields is cut into frames that the peer accepts",
        arguments: [
            (0, ["headers 7  true false false"]), (2, ["headers 7 0000 true false false"]),
            (3, ["headers 7 0000 false false false", "continuation 7 00 true"]),
            (4, ["headers 7 0000 false false false", "continuation 7 0000 true"]),
            (5, ["headers 7 0000 false false false", "continuation 7 0000 false", "continuation 7 00 true"]),
        ])
    func fragments(length: Int, texts: [String]) throws {
        var buffer = ByteBuffer()
        let block = [UInt8](repeating: 0, count: length)
        FrameWriter.writeHeaders(block.span, stream: 7, endsStream: false, maximumLength: 2, to: &buffer)
        #expect(try Self.read(buffer.bytes) == texts)
    }

    @Test func `damaged frames are read or refused, and never reach beyond their bytes`() throws {
        var random = SeededNumbers(seed: 9_113)
        var buffer = ByteBuffer()
        FrameWriter.writeSettings([(.maximumStreams, 100)], to: &buffer)
        FrameWriter.writeHeaders([0x82, 0x86, 0x84].span, stream: 1, endsStream: true, maximumLength: 2, to: &buffer)
        FrameWriter.writeDataHeader(stream: 3, length: 2, endsStream: false, to: &buffer)
        buffer.append("ab")
        FrameWriter.writePing([1, 2, 3, 4, 5, 6, 7, 8].span, isAnswer: true, to: &buffer)
        FrameWriter.writeGoAway(lastStream: 1, code: .noError, reason: "hi", to: &buffer)
        FrameWriter.writeWindowUpdate(stream: 0, increment: 1, to: &buffer)
        let seed = buffer.bytes
        var (frames, refused) = (0, 0)
        for _ in 0..<100_000 {
            var input = seed
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<input.count, using: &random)
                input[place] =
                    Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : input[place] ^ 1
            }
            var reader = FrameReader()
            var position = 0
            do throws(HTTP2Error) {
                while let (frame, length) = try reader.next(input.span.extracting(position..<input.count)) {
                    guard length >= FrameHeader.size, length <= input.count - position else {
                        Issue.record("\(frame) reaches beyond \(input)")
                        return
                    }
                    if case .settings(let payload) = frame {
                        var settings = HTTP2Settings()
                        let start = position + payload.lowerBound
                        try settings.apply(
                            input.span.extracting(start..<(start + payload.count)), isFromServer: true)
                    }
                    (frames, position) = (frames + 1, position + length)
                }
            } catch {
                refused += 1
            }
        }
        #expect(refused > 10_000 && refused < 100_000)
        #expect(frames > 100_000)
    }
}
