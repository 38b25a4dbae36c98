import Bytes
import JSON

/// What transcoding needs for a while and keeps for the next message.
struct TranscodingScratch {
    var lengths = PendingLengths()
    /// For each message that is open, the fields and then the oneofs that were there already, a bit each.
    var seen: [UInt64] = []
    /// For each map that is open, the hashes of its keys.
    var keys: [UInt64] = []
    /// The string being read, if it had escapes.
    var text = ByteBuffer()
    /// For each message that is open, where its fields are.
    var runs: [FieldRun] = []

    /// Forgets everything, and gives back what only a hostile message needs.
    mutating func reset() {
        lengths.removeAll()
        seen.removeAll(keepingCapacity: seen.capacity <= 4_096)
        keys.removeAll(keepingCapacity: keys.capacity <= 4_096)
        runs.removeAll(keepingCapacity: runs.capacity <= 4_096)
        if text.capacity > 65_536 { text.releaseMemory() } else { text.removeAll() }
    }
}

/// One message on its way from JSON to protobuf (https://protobuf.dev/programming-guides/json).
///
/// The text is read once and written at once; nothing is built in between. An error leaves something half written, which
/// its owner takes back.
struct ProtobufFromJSON: ~Copyable, ~Escapable {
    var cursor: JSONCursor
    let schema: SchemaView
    /// For the types that an Any names.
    let types: SchemaSet
    var out = ByteBuffer()
    var scratch = TranscodingScratch()
    /// How many bytes were read to find the types of Anys.
    var lookedAhead = 0

    static let twice = "the field is there twice"

    @_lifetime(copy json, copy schema)
    init(_ json: Span<UInt8>, _ schema: SchemaView, _ types: SchemaSet) {
        cursor = JSONCursor(json)
        self.schema = schema
        self.types = types
    }

    /// Reads the whole text as a message of that type.
    mutating func root(_ index: Int, depth: Int) throws(JSONProblem) {
        try cursor.skipToRoot()
        try message(index, depth: depth)
        try cursor.finish()
        scratch.lengths.settle(in: &out)
    }

    /// Reads a message and writes its content, without tag and length. `depth` is how many messages may still be opened.
    mutating func message(_ index: Int, depth: Int) throws(JSONProblem) {
        guard depth > 0 else { throw cursor.problem(WireProblem.tooDeepReason) }
        let message = schema.messages[index]
        switch message.wellKnownType {
        case .none: try object(message, depth: depth)
        case .any: try any(depth: depth)
        case .timestamp: try timestamp()
        case .duration: try duration()
        case .fieldMask: try fieldMask()
        case .struct: try map(schema.field(0, of: message), depth: depth)
        case .value: try value(message, depth: depth)
        case .listValue: try elements(schema.field(0, of: message), depth: depth)
        case .wrapper: try scalar(schema.field(0, of: message), isTagged: true)
        }
    }

    /// Reads an object whose members are the fields.
    ///
    /// - Parameter isInAny: The member `@type` has been read and is passed over.
    mutating func object(_ message: MessageEntry, depth: Int, isInAny: Bool = false) throws(JSONProblem) {
        guard cursor.current == 0x7B else { throw cursor.expected("an object") }
        let start = cursor.offset
        let base = scratch.seen.count
        for _ in 0..<(Int(message.fields.count) + Int(message.oneofCount) + 63) / 64 { scratch.seen.append(0) }
        // Members mostly come in the order of the fields.
        var next = 0
        var hasType = false
        if try cursor.takeStart(depth: depth, end: 0x7D) {
            repeat {
                try cursor.takeToKey()
                let offset = cursor.offset
                let name = try takeString()
                let isType = isInAny && isEqual(content(name), "@type")
                let isEmptyValue = isInAny && message.fields.count == 0 && isEqual(content(name), "value")
                guard !isType, !isEmptyValue else {
                    guard !isType || !hasType else { throw JSONProblem(offset: offset, reason: Self.twice) }
                    hasType = true
                    try skipMember(isType: isType)
                    continue
                }
                guard let place = find(content(name), in: message, next: next) else {
                    throw JSONProblem(offset: offset, reason: "there is no such field")
                }
                next = place + 1
                guard mark(place, base: base) else { throw JSONProblem(offset: offset, reason: Self.twice) }
                try cursor.takeColon()
                try field(place, of: message, base: base, keyOffset: offset, depth: depth)
            } while try cursor.takeCommaOrEnd(0x7D, "after an object member")
        }
        if message.hasRequiredFields { try requireFields(of: message, base: base, start: start) }
        scratch.seen.removeLast(scratch.seen.count - base)
    }

    @inline(__always)
    private func find(_ name: Span<UInt8>, in message: MessageEntry, next: Int) -> Int? {
        if next < Int(message.fields.count), schema.isEqual(schema.field(next, of: message).jsonName, name) {
            return next
        }
        return schema.place(ofName: name, in: message)
    }

    /// Sets the bit of a field or oneof. Returns whether it was unset.
    @inline(__always)
    private mutating func mark(_ place: Int, base: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(place & 63)
        let word = base + place >> 6
        defer { scratch.seen[word] |= bit }
        return scratch.seen[word] & bit == 0
    }

    private func requireFields(of message: MessageEntry, base: Int, start: Int) throws(JSONProblem) {
        for place in 0..<Int(message.fields.count) where schema.field(place, of: message).traits.contains(.required) {
            guard scratch.seen[base + place >> 6] & 1 << UInt64(place & 63) == 0 else { continue }
            let name = schema.text(schema.field(place, of: message).jsonName)
            throw JSONProblem(offset: start, reason: "the required field \(name) is missing")
        }
    }

    /// Reads the value of a field and writes the field.
    private mutating func field(
        _ place: Int, of message: MessageEntry, base: Int, keyOffset: Int, depth: Int
    ) throws(JSONProblem) {
        let field = schema.field(place, of: message)
        let isNullValue = field.traits.contains(.nullable) && field.cardinality == .singular
        if cursor.current == 0x6E, !isNullValue {
            try cursor.takeLiteral("null")
            // As if it had not been there, so a required field is still missing.
            if field.traits.contains(.required) { scratch.seen[base + place >> 6] &= ~(1 << UInt64(place & 63)) }
            return
        }
        if field.oneof >= 0, !mark(Int(message.fields.count) + Int(field.oneof), base: base) {
            throw JSONProblem(offset: keyOffset, reason: "another field of the same oneof is there")
        }
        switch field.cardinality {
        case .singular: try single(field, depth: depth)
        case .packed: try packed(field)
        case .expanded: try elements(field, depth: depth)
        case .map: try map(field, depth: depth)
        }
    }

    /// Reads one value and writes it with its tag.
    @inline(__always)
    private mutating func single(_ field: FieldEntry, depth: Int) throws(JSONProblem) {
        switch field.type {
        case .message:
            out.append(tag: Int(field.number), .delimited)
            let opening = scratch.lengths.open(in: &out)
            try message(Int(field.reference), depth: depth - 1)
            scratch.lengths.close(opening, in: &out)
        case .group:
            out.append(tag: Int(field.number), .startGroup)
            try message(Int(field.reference), depth: depth - 1)
            out.append(tag: Int(field.number), .endGroup)
        default: try scalar(field, isTagged: true)
        }
    }

    private mutating func packed(_ field: FieldEntry) throws(JSONProblem) {
        guard cursor.current == 0x5B else { throw cursor.expected("an array") }
        guard try cursor.takeStart(depth: 1, end: 0x5D) else { return }
        out.append(tag: Int(field.number), .delimited)
        let opening = scratch.lengths.open(in: &out)
        repeat {
            cursor.skipWhitespace()
            try scalar(field, isTagged: false)
        } while try cursor.takeCommaOrEnd(0x5D, "after an array element")
        scratch.lengths.close(opening, in: &out)
    }

    private mutating func elements(_ field: FieldEntry, depth: Int) throws(JSONProblem) {
        guard cursor.current == 0x5B else { throw cursor.expected("an array") }
        guard try cursor.takeStart(depth: 1, end: 0x5D) else { return }
        repeat {
            cursor.skipWhitespace()
            try single(field, depth: depth)
        } while try cursor.takeCommaOrEnd(0x5D, "after an array element")
    }

    private mutating func map(_ field: FieldEntry, depth: Int) throws(JSONProblem) {
        guard cursor.current == 0x7B else { throw cursor.expected("an object") }
        let start = cursor.offset
        let entry = schema.messages[Int(field.reference)]
        let (key, value) = (schema.field(0, of: entry), schema.field(1, of: entry))
        let base = scratch.keys.count
        guard try cursor.takeStart(depth: 1, end: 0x7D) else { return }
        repeat {
            try cursor.takeToKey()
            out.append(tag: Int(field.number), .delimited)
            let opening = scratch.lengths.open(in: &out)
            try mapKey(key)
            try cursor.takeColon()
            try single(value, depth: depth)
            scratch.lengths.close(opening, in: &out)
        } while try cursor.takeCommaOrEnd(0x7D, "after an object member")
        if scratch.keys.count - base > 1 {
            scratch.keys[base...].sort()
            for index in base + 1..<scratch.keys.count where scratch.keys[index] == scratch.keys[index - 1] {
                throw JSONProblem(offset: start, reason: "a key is there twice")
            }
        }
        scratch.keys.removeLast(scratch.keys.count - base)
    }
}
