import Bytes

/// Where values of one field lie in a message, tags included, with nothing else between them.
struct FieldRun {
    /// The field's place in its message.
    let place: Int32
    let start: Int32
    var end: Int32
    /// Where the last of them begins, behind its tag.
    var last: Int32
}

/// One message on its way from protobuf to JSON (https://protobuf.dev/programming-guides/json).
///
/// Fields may come in any order, and parts of one list or message in several places. So of each message it is first
/// noted where its fields are, without looking into them, and then they are written in the order of their numbers. An
/// error leaves something half written, which its owner takes back.
struct JSONFromProtobuf: ~Copyable, ~Escapable {
    let bytes: Span<UInt8>
    let schema: SchemaView
    /// For the types that an Any names.
    let types: SchemaSet
    let style: ProtoJSONStyle
    /// How long the output may become.
    let limit: Int
    var out = ByteBuffer()
    var scratch = TranscodingScratch()

    @_lifetime(copy bytes, copy schema)
    init(_ bytes: Span<UInt8>, _ schema: SchemaView, _ types: SchemaSet, _ style: ProtoJSONStyle, limit: Int) {
        self.bytes = bytes
        self.schema = schema
        self.types = types
        self.style = style
        self.limit = limit
    }

    /// Writes a message that lies in one piece.
    mutating func message(_ index: Int, _ payload: Range<Int>, depth: Int) throws(WireProblem) {
        let message = schema.messages[index]
        let base = scratch.runs.count
        try collect(payload, of: message, base: base, depth: depth)
        try finish(message, base: base, depth: depth)
    }

    /// Notes where the fields of a message are.
    private mutating func collect(
        _ payload: Range<Int>, of message: MessageEntry, base: Int, depth: Int
    ) throws(WireProblem) {
        guard depth > 0 else { throw WireProblem(offset: payload.lowerBound, reason: WireProblem.tooDeepReason) }
        var reader = WireReader(bytes, payload)
        while !reader.isAtEnd {
            let start = reader.offset
            let tag = try reader.tag()
            let value = Int32(truncatingIfNeeded: reader.offset)
            try reader.skip(tag, depth: depth)
            guard let place = schema.place(ofNumber: tag.number, in: message) else { continue }
            let field = schema.field(place, of: message)
            guard field.accepts(tag.type) else {
                let name = schema.text(field.protoName)
                throw WireProblem(offset: start, path: name, reason: "a value that is no \(field.type)")
            }
            let last = scratch.runs.count - 1
            if last >= base, Int(scratch.runs[last].place) == place, Int(scratch.runs[last].end) == start {
                scratch.runs[last].end = Int32(truncatingIfNeeded: reader.offset)
                scratch.runs[last].last = value
            } else {
                let (start, end) = (Int32(truncatingIfNeeded: start), Int32(truncatingIfNeeded: reader.offset))
                scratch.runs.append(
                    FieldRun(place: Int32(truncatingIfNeeded: place), start: start, end: end, last: value))
            }
        }
    }

    /// Writes the message whose fields have been noted from `base` on, and forgets them.
    private mutating func finish(_ message: MessageEntry, base: Int, depth: Int) throws(WireProblem) {
        guard out.count <= limit else { throw tooLong() }
        sortRuns(from: base)
        switch message.wellKnownType {
        case .none:
            out.append(0x7B)
            try members(of: message, base: base, isFirst: true, depth: depth)
            out.append(0x7D)
        case .any: try any(message, base: base, depth: depth)
        case .timestamp: try timestamp(message, base: base)
        case .duration: try duration(message, base: base)
        case .fieldMask: try fieldMask(base: base)
        case .value: try value(message, base: base, depth: depth)
        case .struct, .listValue, .wrapper:
            try self.field(schema.field(0, of: message), base..<scratch.runs.count, depth: depth)
        }
        scratch.runs.removeLast(scratch.runs.count - base)
    }

    private mutating func sortRuns(from base: Int) {
        guard scratch.runs.count - base > 1 else { return }
        for index in base + 1..<scratch.runs.count where scratch.runs[index].place < scratch.runs[index - 1].place {
            return scratch.runs[base...].sort { ($0.place, $0.start) < ($1.place, $1.start) }
        }
    }

    /// Writes the fields of a message that lies in one piece, behind members of an object that is open.
    mutating func members(_ index: Int, _ payload: Range<Int>, depth: Int) throws(WireProblem) {
        let message = schema.messages[index]
        let base = scratch.runs.count
        try collect(payload, of: message, base: base, depth: depth)
        sortRuns(from: base)
        try members(of: message, base: base, isFirst: false, depth: depth)
        scratch.runs.removeLast(scratch.runs.count - base)
    }

    /// Writes the fields as members of an object.
    private mutating func members(
        of message: MessageEntry, base: Int, isFirst: Bool, depth: Int
    ) throws(WireProblem) {
        let end = scratch.runs.count
        let winners = noteWinners(of: message, base: base)
        var isFirst = isFirst
        var place = 0
        var position = base
        while position < end || style.writesDefaults && place < Int(message.fields.count) {
            let nextPlace = position < end ? Int(scratch.runs[position].place) : Int(message.fields.count)
            if style.writesDefaults, place < nextPlace {
                defaultMember(schema.field(place, of: message), isFirst: &isFirst)
                place += 1
                continue
            }
            let first = position
            while position < end, Int(scratch.runs[position].place) == nextPlace { position += 1 }
            place = nextPlace + 1
            let field = schema.field(nextPlace, of: message)
            // Of a oneof, only what came last counts.
            if field.oneof >= 0, scratch.seen[winners + Int(field.oneof)] != UInt64(scratch.runs[position - 1].start) {
                continue
            }
            do throws(WireProblem) {
                try member(field, first..<position, isFirst: &isFirst, depth: depth)
            } catch {
                throw error.within(schema.text(field.protoName))
            }
        }
        scratch.seen.removeLast(scratch.seen.count - winners)
    }

    /// For each oneof, notes where the last of its fields is. Returns where that is noted.
    private mutating func noteWinners(of message: MessageEntry, base: Int) -> Int {
        let winners = scratch.seen.count
        guard message.oneofCount > 0 else { return winners }
        for _ in 0..<message.oneofCount { scratch.seen.append(0) }
        for index in base..<scratch.runs.count {
            let run = scratch.runs[index]
            let oneof = Int(schema.field(Int(run.place), of: message).oneof)
            if oneof >= 0 { scratch.seen[winners + oneof] = max(scratch.seen[winners + oneof], UInt64(run.start)) }
        }
        return winners
    }

    /// Writes a field with its name, unless its value is one that is left out.
    private mutating func member(
        _ field: FieldEntry, _ runs: Range<Int>, isFirst: inout Bool, depth: Int
    ) throws(WireProblem) {
        if !style.writesDefaults, field.cardinality != .map, try isDefault(field, runs) { return }
        label(field, isFirst: &isFirst)
        try self.field(field, runs, depth: depth)
    }

    @inline(__always)
    private mutating func label(_ field: FieldEntry, isFirst: inout Bool) {
        if !isFirst { out.append(0x2C) }
        isFirst = false
        let label = style.usesDeclaredNames ? field.protoLabel : field.jsonLabel
        out.append(schema.names.extracting(label.range))
    }

    private mutating func defaultMember(_ field: FieldEntry, isFirst: inout Bool) {
        guard field.cardinality != .singular || field.isImplicit else { return }
        label(field, isFirst: &isFirst)
        absent(field)
    }

    /// Whether the field, though there, has a value that is left out: zero where that is the same as none, or a packed
    /// list without elements.
    private func isDefault(_ field: FieldEntry, _ runs: Range<Int>) throws(WireProblem) -> Bool {
        switch field.cardinality {
        case .singular:
            guard field.isImplicit else { return false }
            var reader = lastValue(runs)
            return field.type.wireType == .delimited
                ? try reader.delimited().isEmpty : try bits(field.type, &reader) == 0
        case .packed, .expanded:
            guard field.type.isPackable else { return false }
            for index in runs {
                var reader = values(index)
                while !reader.isAtEnd {
                    guard try reader.tag().type == .delimited, try reader.delimited().isEmpty else { return false }
                }
            }
            return true
        case .map: return false
        }
    }

    /// A reader before the last of the values, behind its tag.
    @_lifetime(copy self)
    @inline(__always)
    func lastValue(_ runs: Range<Int>) -> WireReader {
        let run = scratch.runs[runs.upperBound - 1]
        return WireReader(bytes, Int(run.last)..<Int(run.end))
    }

    /// A reader before the first of the values of one run, with its tag.
    @_lifetime(copy self)
    @inline(__always)
    func values(_ index: Int) -> WireReader {
        let run = scratch.runs[index]
        return WireReader(bytes, Int(run.start)..<Int(run.end))
    }

    /// Writes a field's value: of a list all, of messages all in one, of others the last.
    mutating func field(_ field: FieldEntry, _ runs: Range<Int>, depth: Int) throws(WireProblem) {
        guard !runs.isEmpty else { return absent(field) }
        switch field.cardinality {
        case .map: try map(field, runs, depth: depth)
        case .packed, .expanded: try list(field, runs, depth: depth)
        case .singular:
            guard field.type.isMessage else {
                var reader = lastValue(runs)
                return try scalar(field, &reader)
            }
            let message = schema.messages[Int(field.reference)]
            let base = scratch.runs.count
            for index in runs {
                var reader = values(index)
                while !reader.isAtEnd {
                    try collect(try payload(&reader), of: message, base: base, depth: depth - 1)
                }
            }
            try finish(message, base: base, depth: depth - 1)
        }
    }

    /// Takes a tag and a message, and tells where the content of that lies.
    private func payload(_ reader: inout WireReader) throws(WireProblem) -> Range<Int> {
        let tag = try reader.tag()
        return tag.type == .startGroup ? try reader.group(tag.number, depth: Int.max) : try reader.delimited()
    }

    private mutating func list(_ field: FieldEntry, _ runs: Range<Int>, depth: Int) throws(WireProblem) {
        out.append(0x5B)
        var isFirst = true
        for index in runs {
            var reader = values(index)
            while !reader.isAtEnd {
                if field.type.isMessage {
                    try comma(&isFirst)
                    try message(Int(field.reference), try payload(&reader), depth: depth - 1)
                } else if try reader.tag().type == .delimited, field.type.isPackable {
                    var elements = WireReader(bytes, try reader.delimited())
                    while !elements.isAtEnd {
                        try comma(&isFirst)
                        try scalar(field, &elements)
                    }
                } else {
                    try comma(&isFirst)
                    try scalar(field, &reader)
                }
            }
        }
        out.append(0x5D)
    }

    /// What stands before an element or entry. Values can be longer in JSON, so it is also looked at how long that is.
    @inline(__always)
    private mutating func comma(_ isFirst: inout Bool) throws(WireProblem) {
        guard out.count <= limit else { throw tooLong() }
        if !isFirst { out.append(0x2C) }
        isFirst = false
    }

    private func tooLong() -> WireProblem { WireProblem(offset: 0, reason: "more than \(limit) bytes of JSON") }

    /// Writes the entries of a map; of several with one key the last.
    private mutating func map(_ field: FieldEntry, _ runs: Range<Int>, depth: Int) throws(WireProblem) {
        let entry = schema.messages[Int(field.reference)]
        let keys = scratch.keys.count
        let last = try lastEntries(entry, runs, depth: depth)
        var number = 0
        out.append(0x7B)
        var isFirst = true
        for index in runs {
            var reader = values(index)
            while !reader.isAtEnd {
                defer { number += 1 }
                let payload = try payload(&reader)
                if let last, last[scratch.keys[keys + number]] != number { continue }
                try comma(&isFirst)
                let base = scratch.runs.count
                let middle = try collectEntry(payload, of: entry, base: base, depth: depth)
                try mapKey(schema.field(0, of: entry), base..<middle)
                out.append(0x3A)
                try self.field(schema.field(1, of: entry), middle..<scratch.runs.count, depth: depth)
                scratch.runs.removeLast(scratch.runs.count - base)
            }
        }
        out.append(0x7D)
        scratch.keys.removeLast(scratch.keys.count - keys)
    }

    /// Notes where key and value of an entry are. Returns where the runs of the value begin.
    private mutating func collectEntry(
        _ payload: Range<Int>, of entry: MessageEntry, base: Int, depth: Int
    ) throws(WireProblem) -> Int {
        try collect(payload, of: entry, base: base, depth: depth)
        sortRuns(from: base)
        var middle = base
        while middle < scratch.runs.count, scratch.runs[middle].place == 0 { middle += 1 }
        return middle
    }

    /// Notes the hash of every entry's key. If one is there twice, tells which entry is the last of each.
    ///
    /// Only keys are looked at: were values written to find out, maps in maps would be written twice as often on each
    /// level.
    private mutating func lastEntries(
        _ entry: MessageEntry, _ runs: Range<Int>, depth: Int
    ) throws(WireProblem) -> [UInt64: Int]? {
        let keys = scratch.keys.count
        for index in runs {
            var reader = values(index)
            while !reader.isAtEnd {
                let payload = try payload(&reader)
                if runs.count == 1, reader.isAtEnd, scratch.keys.count == keys { return nil }
                let base = scratch.runs.count
                let middle = try collectEntry(payload, of: entry, base: base, depth: depth)
                scratch.keys.append(try keyHash(schema.field(0, of: entry), base..<middle))
                scratch.runs.removeLast(scratch.runs.count - base)
            }
        }
        let count = scratch.keys.count - keys
        scratch.keys.append(contentsOf: scratch.keys[keys...])
        scratch.keys[(keys + count)...].sort()
        var isTwice = false
        for index in keys + count + 1..<scratch.keys.count where scratch.keys[index] == scratch.keys[index - 1] {
            isTwice = true
        }
        scratch.keys.removeLast(count)
        guard isTwice else { return nil }
        return Dictionary(scratch.keys[keys...].enumerated().map { ($1, $0) }) { max($0, $1) }
    }
}

extension FieldEntry {
    /// Whether values of the field may have that form. Lists of numbers are read packed and not, whatever was declared.
    @inline(__always)
    func accepts(_ form: WireType?) -> Bool {
        form == type.wireType || form == .delimited && cardinality != .singular && type.isPackable
    }
}
