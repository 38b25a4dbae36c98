import Bytes

// The protobuf wire format, written.
extension ByteBuffer {
    @inline(__always)
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    mutating func append(tag number: Int, _ type: WireType) {
        append(varint: UInt64(WireTag(number, type).rawValue))
    }

    mutating func append(fixed32 value: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func append(fixed64 value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    /// A whole field of text or bytes.
    mutating func append(field number: Int, _ text: String) {
        append(tag: number, .delimited)
        append(varint: UInt64(text.utf8.count))
        append(text)
    }
}

/// The lengths that stand before messages, which are known only after them.
///
/// One byte is left for each, and nearly always that is enough. For those that need more, everything behind them is
/// moved in one pass at the very end, so that deep nesting costs no more than shallow.
struct PendingLengths {
    private struct Entry {
        let offset: Int
        var length = 0
    }

    /// What `open` hands out and `close` takes.
    struct Opening {
        fileprivate let entry: Int
        fileprivate let offset: Int
        fileprivate let excess: Int
    }

    /// In the order of their offsets. What needs no more than its byte is taken out again.
    private var entries: [Entry] = []
    /// How many more bytes all entries need.
    private var excess = 0

    /// Leaves a byte for a length.
    @inline(__always)
    mutating func open(in buffer: inout ByteBuffer) -> Opening {
        let opening = Opening(entry: entries.count, offset: buffer.count, excess: excess)
        entries.append(Entry(offset: opening.offset))
        buffer.append(0)
        return opening
    }

    /// How many bytes have been written since, with what will yet be inserted.
    @inline(__always)
    func length(since opening: Opening, in buffer: borrowing ByteBuffer) -> Int {
        buffer.count - opening.offset - 1 + excess - opening.excess
    }

    /// Sets the length to what has been written since. What was opened later must have been closed.
    @inline(__always)
    mutating func close(_ opening: Opening, in buffer: inout ByteBuffer) {
        let length = length(since: opening, in: buffer)
        if length < 0x80 {
            buffer[opening.offset] = UInt8(truncatingIfNeeded: length)
            // Whatever was opened within is shorter still, so this is the last.
            entries.removeLast()
        } else {
            entries[opening.entry].length = length
            excess += Self.size(of: length) - 1
        }
    }

    /// Puts the long lengths in and forgets everything.
    mutating func settle(in buffer: inout ByteBuffer) {
        var distance = excess
        var end = buffer.count
        for entry in entries.reversed() {
            buffer.moveUp(entry.offset + 1..<end, by: distance)
            distance -= Self.size(of: entry.length) - 1
            var rest = entry.length
            var offset = entry.offset + distance
            while rest >= 0x80 {
                buffer[offset] = UInt8(truncatingIfNeeded: rest) | 0x80
                rest >>= 7
                offset += 1
            }
            buffer[offset] = UInt8(truncatingIfNeeded: rest)
            end = entry.offset
        }
        removeAll()
    }

    /// Forgets everything, after an error.
    mutating func removeAll() {
        excess = 0
        // A hostile message may have needed many.
        entries.removeAll(keepingCapacity: entries.capacity <= 4_096)
    }

    /// How many bytes a number takes as a varint.
    private static func size(of length: Int) -> Int { max(1, (Int.bitWidth - length.leadingZeroBitCount + 6) / 7) }
}
