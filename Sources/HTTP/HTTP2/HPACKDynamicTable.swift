import Bytes

/// The fields that both sides of a connection remember, newest first (RFC 7541, 2.3.2 and 4).
///
/// The bytes of all entries lie in one buffer, oldest in front, and where they are stands in a ring. Both grow with use,
/// so a connection without fields to remember has no memory here.
struct HPACKDynamicTable: Sendable {
    /// What each entry counts beyond its bytes (RFC 7541, 4.1).
    static let overhead = 32

    private struct Entry {
        var start = 0
        var nameLength = 0
        var valueLength = 0
        var nameHash: UInt32 = 0

        var size: Int { nameLength + valueLength + HPACKDynamicTable.overhead }
    }

    private var bytes = ByteBuffer()
    /// How many bytes were ever taken away from the front, since entries count from the first byte of all.
    private var removed = 0
    /// Always a power of two long, or empty.
    private var ring: [Entry] = []
    /// Where in the ring the oldest entry is.
    private var oldest = 0

    /// How many entries.
    private(set) var count = 0
    /// What they count together, never above `maximumSize`.
    private(set) var size = 0
    private(set) var maximumSize: Int

    init(maximumSize: Int) {
        self.maximumSize = maximumSize
    }

    /// The name of an entry; 0 is the newest.
    @_lifetime(borrow self)
    func name(at index: Int) -> Span<UInt8> {
        let entry = ring[place(index)]
        let start = entry.start - removed
        return bytes.span.extracting(start..<(start + entry.nameLength))
    }

    /// The value of an entry; 0 is the newest.
    @_lifetime(borrow self)
    func value(at index: Int) -> Span<UInt8> {
        let entry = ring[place(index)]
        let start = entry.start - removed + entry.nameLength
        return bytes.span.extracting(start..<(start + entry.valueLength))
    }

    /// The newest entry with this field, and the newest with at least its name.
    func find(_ name: Span<UInt8>, hash: UInt32, value: Span<UInt8>) -> (exact: Int?, named: Int?) {
        var named: Int?
        for index in 0..<count where ring[place(index)].nameHash == hash {
            guard self.name(at: index).equals(name) else { continue }
            if self.value(at: index).equals(value) { return (index, index) }
            named = named ?? index
        }
        return (nil, named)
    }

    /// Adds a field, and takes away from the oldest what there is no room for. One that is larger than the whole table
    /// empties it and is not added (RFC 7541, 4.4). The bytes must not be the table's own.
    mutating func insert(name: Span<UInt8>, value: Span<UInt8>, hash: UInt32) {
        let entry = Entry(
            start: removed + bytes.count, nameLength: name.count, valueLength: value.count, nameHash: hash)
        evict(to: maximumSize - entry.size)
        guard entry.size <= maximumSize else { return }
        // Emptied, the buffer begins anew, and so may an entry's place: it is still what follows the bytes removed.
        bytes.append(name)
        bytes.append(value)
        if count == ring.count { growRing() }
        ring[(oldest + count) & (ring.count - 1)] = entry
        count += 1
        size += entry.size
    }

    /// Sets the size that may not be passed, and takes away what does not fit any more.
    mutating func resize(to maximumSize: Int) {
        self.maximumSize = maximumSize
        evict(to: maximumSize)
    }

    private mutating func evict(to limit: Int) {
        while size > limit, count > 0 {
            let entry = ring[oldest]
            bytes.consume(entry.nameLength + entry.valueLength)
            removed += entry.nameLength + entry.valueLength
            oldest = (oldest + 1) & (ring.count - 1)
            count -= 1
            size -= entry.size
        }
    }

    private mutating func growRing() {
        var grown = [Entry](repeating: Entry(), count: max(8, ring.count * 2))
        for index in 0..<count { grown[index] = ring[(oldest + index) & (ring.count - 1)] }
        (ring, oldest) = (grown, 0)
    }

    @inline(__always)
    private func place(_ index: Int) -> Int {
        precondition(index < count, "no such entry")
        return (oldest + count - 1 - index) & (ring.count - 1)
    }
}

extension Span<UInt8> {
    /// A number that tells most names apart (FNV-1a).
    @inline(__always)
    var nameHash: UInt32 {
        var hash: UInt32 = 0x811c_9dc5
        for index in indices { hash = (hash ^ UInt32(self[index])) &* 0x0100_0193 }
        return hash
    }
}
