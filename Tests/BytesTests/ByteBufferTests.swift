import Bytes
import Testing

struct ByteBufferTests {
    @Test func `what is appended is read in order, whatever was consumed between`() {
        var buffer = ByteBuffer()
        var expected: [UInt8] = []
        for round in 0..<500 {
            let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: round % 37)
            buffer.append(piece)
            expected += piece
            let taken = min(buffer.count, round % 29)
            buffer.consume(taken)
            expected.removeFirst(taken)
            #expect(buffer.bytes == expected)
        }
    }

    @Test(
        "numbers are written in decimal and hexadecimal",
        arguments: [(0, "0", "0"), (9, "9", "9"), (10, "10", "a"), (65_535, "65535", "ffff"), (-7, "-7", "-7")])
    func numbers(number: Int, decimal: String, hexadecimal: String) {
        var buffer = ByteBuffer()
        buffer.append(decimal: number)
        buffer.append("|")
        buffer.append(hexadecimal: number)
        #expect(buffer.text == "\(decimal)|\(hexadecimal)")
    }

    @Test(
        "numbers are filled up with zeros, and never cut",
        arguments: [(7, 3, "007"), (0, 2, "00"), (0, 1, "0"), (99, 2, "99"), (100, 2, "100"), (-7, 3, "-7")])
    func digits(number: Int, digits: Int, text: String) {
        var buffer = ByteBuffer()
        buffer.append(decimal: number, digits: digits)
        #expect(buffer.text == text)
    }

    @Test func `a buffer that is emptied again and again does not grow`() {
        var buffer = ByteBuffer(capacity: 64)
        for _ in 0..<10_000 {
            buffer.append("forty bytes, or thereabouts, of content.")
            buffer.consume(buffer.count)
        }
        #expect(buffer.capacity == 64)
    }

    @Test func `a large buffer is moved whole, without being copied`() {
        var source = ByteBuffer([UInt8](repeating: 7, count: 10_000))
        var target = ByteBuffer()
        target.append(10_000, consuming: &source)
        #expect(target.count == 10_000)
        #expect(source.isEmpty)
    }

    @Test func `a system call writes straight into the buffer`() {
        var buffer = ByteBuffer("ab")
        let written = buffer.write(atMost: 10) { room in
            room[0] = 0x63
            return 1
        }
        #expect(written == 1)
        #expect(buffer.text == "abc")
    }

    @Test func `single bytes are read and replaced, counted from the first unread`() {
        var buffer = ByteBuffer("abcdef")
        buffer.consume(2)
        #expect(buffer[0] == UInt8(ascii: "c"))
        buffer[3] = UInt8(ascii: "x")
        #expect(buffer.text == "cdex")
    }

    @Test(
        "bytes are moved up over others, and the buffer grows by what does not fit",
        arguments: [(0..<2, 1), (2..<4, 3), (1..<1, 2), (0..<4, 300), (1..<3, 0)])
    func movesUp(range: Range<Int>, distance: Int) {
        var buffer = ByteBuffer("abcdef")
        buffer.consume(2)
        let moved = Array(buffer.bytes[range])
        buffer.moveUp(range, by: distance)
        #expect(buffer.count == max(4, range.upperBound + distance))
        let end = range.upperBound + distance
        #expect(Array(buffer.bytes[(range.lowerBound + distance)..<end]) == moved)
        #expect(buffer.bytes.prefix(range.lowerBound).elementsEqual("cdef".utf8.prefix(range.lowerBound)))
    }

    @Test func `much memory is given back only while nothing is in it`() {
        var buffer = ByteBuffer([UInt8](repeating: 7, count: 10_000))
        buffer.releaseMemory(above: 4_096)
        #expect(buffer.count == 10_000)
        buffer.removeAll()
        buffer.releaseMemory(above: 10_000)
        #expect(buffer.capacity == 10_000)
        buffer.releaseMemory(above: 9_999)
        #expect(buffer.capacity == 0)
    }
}
