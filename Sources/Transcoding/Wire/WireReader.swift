/// Reads the protobuf wire format: https://protobuf.dev/programming-guides/encoding.
///
/// It never reads past `end`, whatever the bytes are. After an error it must not be used again.
struct WireReader: ~Escapable {
    let bytes: Span<UInt8>
    var offset: Int
    /// Where the message ends, at most the end of the bytes.
    let end: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { self.init(bytes, 0..<bytes.count) }

    @inline(__always)
    var isAtEnd: Bool { offset == end }

    /// A number of up to ten bytes. Forms that are longer than necessary are read, as everybody does.
    @inline(__always)
    mutating func varint() throws(WireProblem) -> UInt64 {
        if offset < end, bytes[offset] < 0x80 {
            offset += 1
            return UInt64(bytes[offset - 1])
        }
        return try longVarint()
    }

    private mutating func longVarint() throws(WireProblem) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < end {
            let byte = bytes[offset]
            guard shift < 63 || byte <= 1 else { throw problem("a number of more than 64 bits") }
            offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw problem("the message ends within a number")
    }

    /// What stands before each field.
    mutating func tag() throws(WireProblem) -> WireTag {
        let start = offset
        let value = try varint()
        let tag = WireTag(rawValue: UInt32(truncatingIfNeeded: value))
        guard value <= UInt64(UInt32.max), tag.number > 0, let type = tag.type else {
            throw WireProblem(offset: start, reason: "no tag of a field")
        }
        guard type != .endGroup else { throw WireProblem(offset: start, reason: "the end of a group never begun") }
        return tag
    }

    /// Takes a length and as many bytes, and tells where those lie.
    mutating func delimited() throws(WireProblem) -> Range<Int> {
        let start = offset
        let length = try varint()
        guard length <= UInt64(end - offset) else {
            throw WireProblem(offset: start, reason: "a length that goes beyond the end")
        }
        offset += Int(length)
        return offset - Int(length)..<offset
    }

    mutating func fixed32() throws(WireProblem) -> UInt32 {
        guard end - offset >= 4 else { throw problem("the message ends within a number of 4 bytes") }
        defer { offset += 4 }
        var value: UInt32 = 0
        for index in 0..<4 { value |= UInt32(bytes[offset + index]) << UInt32(index * 8) }
        return value
    }

    mutating func fixed64() throws(WireProblem) -> UInt64 {
        guard end - offset >= 8 else { throw problem("the message ends within a number of 8 bytes") }
        defer { offset += 8 }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[offset + index]) << UInt64(index * 8) }
        return value
    }

    /// Passes over the value of a field whose tag has just been read. `depth` is how many groups may still be opened.
    mutating func skip(_ tag: WireTag, depth: Int) throws(WireProblem) {
        switch tag.type {
        case .varint: _ = try varint()
        case .fixed64: _ = try fixed64()
        case .delimited: _ = try delimited()
        case .startGroup: _ = try group(tag.number, depth: depth)
        case .fixed32: _ = try fixed32()
        case .endGroup, nil: throw problem("no value")
        }
    }

    /// Passes over a group whose first tag has just been read, and over its last tag. Tells where what is between lies.
    mutating func group(_ number: Int, depth: Int) throws(WireProblem) -> Range<Int> {
        guard depth > 0 else { throw problem(WireProblem.tooDeepReason) }
        let start = offset
        while offset < end {
            let place = offset
            let tag = WireTag(rawValue: UInt32(truncatingIfNeeded: try varint()))
            if tag.type == .endGroup {
                guard tag.number == number else { throw WireProblem(offset: place, reason: "the end of another group") }
                return start..<place
            }
            offset = place
            try skip(try self.tag(), depth: depth - 1)
        }
        throw problem("the message ends within a group")
    }

    func problem(_ reason: String) -> WireProblem { WireProblem(offset: offset, reason: reason) }
}

/// The number of a field and the form of its value.
struct WireTag: Equatable {
    let rawValue: UInt32

    @inline(__always)
    init(rawValue: UInt32) { self.rawValue = rawValue }

    @inline(__always)
    init(_ number: Int, _ type: WireType) { rawValue = UInt32(truncatingIfNeeded: number) << 3 | UInt32(type.rawValue) }

    @inline(__always)
    var number: Int { Int(rawValue >> 3) }

    /// Nil for the two forms that there are not.
    @inline(__always)
    var type: WireType? { WireType(rawValue: UInt8(rawValue & 7)) }
}

/// The forms of values, by their numbers in a tag.
enum WireType: UInt8 {
    case varint = 0
    case fixed64 = 1
    case delimited = 2
    case startGroup = 3
    case endGroup = 4
    case fixed32 = 5
}

/// Why bytes are no message of their type.
struct WireProblem: Error, Equatable {
    /// In bytes from the start of the outermost message.
    let offset: Int
    /// Names of fields from the outermost message to the one in question, each but the first with a dot before it.
    var path = ""
    let reason: String

    static let tooDeepReason = "messages nested too deeply"

    /// The same problem, seen from the message around it.
    func within(_ field: String) -> WireProblem {
        let separator = path.isEmpty || path.hasPrefix("[") ? "" : "."
        return WireProblem(offset: offset, path: field + separator + path, reason: reason)
    }
}
