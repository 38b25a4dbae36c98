import Bytes

/// The fields of one block in their order, as they were decoded: pseudo fields among them, and nothing checked yet.
///
/// All bytes lie in one buffer. A list that is decoded into again keeps its memory.
package struct HPACKFieldList: Sendable {
    struct Entry: Sendable {
        var start: Int
        var nameLength: Int
        var valueLength: Int
        var isSensitive: Bool
    }

    var bytes = ByteBuffer()
    private(set) var entries: [Entry] = []
    /// The size as RFC 9113, 6.5.2 counts it: all bytes, and 32 for each field; those left out are counted too.
    package private(set) var size = 0
    /// Whether fields were left out because the size would have passed the limit. Then the message must be refused.
    package private(set) var isOverLimit = false

    /// No fields, and no memory yet.
    package init() {}

    /// How many fields.
    package var count: Int { entries.count }

    /// The name's bytes as they were sent.
    @_lifetime(borrow self)
    package func nameSpan(at index: Int) -> Span<UInt8> {
        let entry = entries[index]
        return bytes.span.extracting(entry.start..<(entry.start + entry.nameLength))
    }

    /// The value's bytes as they were sent.
    @_lifetime(borrow self)
    package func valueSpan(at index: Int) -> Span<UInt8> {
        let entry = entries[index]
        let start = entry.start + entry.nameLength
        return bytes.span.extracting(start..<(start + entry.valueLength))
    }

    /// Whether the field may never enter a table, here or further on (RFC 7541, 7.1.3).
    package func isSensitive(at index: Int) -> Bool { entries[index].isSensitive }

    /// Removes all fields and keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll()
        entries.removeAll(keepingCapacity: true)
        (size, isOverLimit) = (0, false)
    }

    /// Counts the field whose bytes are the last ones of `bytes`, and keeps it if there is room.
    @inline(__always)
    mutating func commit(from start: Int, nameLength: Int, isSensitive: Bool, limit: Int) {
        let length = bytes.count - start
        size += length + HPACKDynamicTable.overhead
        if size > limit {
            isOverLimit = true
            bytes.removeLast(length)
        } else {
            entries.append(
                Entry(start: start, nameLength: nameLength, valueLength: length - nameLength, isSensitive: isSensitive))
        }
    }
}
