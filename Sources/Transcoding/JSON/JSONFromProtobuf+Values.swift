import Bytes

// Values that are no messages, and messages that have a JSON form of their own.
extension JSONFromProtobuf {
    /// A number in the lower bits, as its type has it: those of 32 bits are cut to that, and signs are back in place.
    func bits(_ type: FieldType, _ reader: inout WireReader) throws(WireProblem) -> UInt64 {
        switch type.wireType {
        case .fixed64: return try reader.fixed64()
        case .fixed32:
            let bits = try reader.fixed32()
            return type == .sfixed32 ? UInt64(bitPattern: Int64(Int32(bitPattern: bits))) : UInt64(bits)
        default: break
        }
        let bits = try reader.varint()
        switch type {
        case .int32, .enum: return UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: bits)))
        case .uint32: return UInt64(UInt32(truncatingIfNeeded: bits))
        case .sint32:
            let bits = UInt32(truncatingIfNeeded: bits)
            return UInt64(bitPattern: Int64(Int32(bitPattern: bits >> 1 ^ (0 &- (bits & 1)))))
        case .sint64: return bits >> 1 ^ (0 &- (bits & 1))
        case .bool: return bits == 0 ? 0 : 1
        default: return bits
        }
    }

    /// Writes the value at the reader.
    mutating func scalar(_ field: FieldEntry, _ reader: inout WireReader) throws(WireProblem) {
        switch field.type {
        case .string: try text(try reader.delimited())
        case .bytes:
            out.append(0x22)
            Base64.encode(bytes.extracting(try reader.delimited()), to: &out)
            out.append(0x22)
        default: number(try bits(field.type, &reader), field)
        }
    }

    private mutating func text(_ range: Range<Int>) throws(WireProblem) {
        guard JSONText.append(bytes.extracting(range), to: &out, escapesHTML: style.escapesHTML) else {
            throw WireProblem(offset: range.lowerBound, reason: "a string that is no UTF-8")
        }
    }

    private mutating func number(_ bits: UInt64, _ field: FieldEntry) {
        switch field.type {
        case .double: JSONText.append(Double(bitPattern: bits), to: &out)
        case .float: JSONText.append(Float(bitPattern: UInt32(truncatingIfNeeded: bits)), to: &out)
        case .bool: bits == 0 ? out.append("false" as StaticString) : out.append("true" as StaticString)
        case .enum: enumeration(Int32(truncatingIfNeeded: bits), field)
        case .int32, .sint32, .sfixed32: JSONText.append(Int64(bitPattern: bits), to: &out)
        case .uint32, .fixed32: JSONText.append(bits, to: &out)
        default:
            let isSigned = field.type != .uint64 && field.type != .fixed64
            if !style.writesLongNumbers { out.append(0x22) }
            isSigned ? JSONText.append(Int64(bitPattern: bits), to: &out) : JSONText.append(bits, to: &out)
            if !style.writesLongNumbers { out.append(0x22) }
        }
    }

    private mutating func enumeration(_ number: Int32, _ field: FieldEntry) {
        let entry = schema.enums[Int(field.reference)]
        if entry.isNullValue { return out.append("null" as StaticString) }
        guard !style.writesEnumNumbers, let name = schema.name(ofValue: number, in: entry) else {
            return JSONText.append(Int64(number), to: &out)
        }
        out.append(0x22)
        out.append(schema.names.extracting(name.range))
        out.append(0x22)
    }

    /// Writes what stands for a field that is not there: an empty list or map, zero, or an empty message.
    mutating func absent(_ field: FieldEntry) {
        switch field.cardinality {
        case .packed, .expanded: return out.append("[]" as StaticString)
        case .map: return out.append("{}" as StaticString)
        case .singular: break
        }
        switch field.type {
        case .string, .bytes: out.append("\"\"" as StaticString)
        case .message, .group: absentMessage(Int(field.reference))
        case .enum: enumeration(schema.enums[Int(field.reference)].defaultNumber, field)
        default: number(0, field)
        }
    }

    private mutating func absentMessage(_ index: Int) {
        let message = schema.messages[index]
        switch message.wellKnownType {
        case .none, .any, .struct: out.append("{}" as StaticString)
        case .listValue: out.append("[]" as StaticString)
        case .value: out.append("null" as StaticString)
        case .timestamp: out.append("\"1970-01-01T00:00:00Z\"" as StaticString)
        case .duration: out.append("\"0s\"" as StaticString)
        case .fieldMask: out.append("\"\"" as StaticString)
        case .wrapper: absent(schema.field(0, of: message))
        }
    }

    /// Writes a key of a map, with quotation marks whatever its type.
    mutating func mapKey(_ field: FieldEntry, _ runs: Range<Int>) throws(WireProblem) {
        if field.type == .string {
            guard !runs.isEmpty else { return out.append("\"\"" as StaticString) }
            var reader = lastValue(runs)
            return try text(try reader.delimited())
        }
        let value = try keyBits(field, runs)
        out.append(0x22)
        switch field.type {
        case .bool: value == 0 ? out.append("false" as StaticString) : out.append("true" as StaticString)
        case .uint32, .uint64, .fixed32, .fixed64: JSONText.append(value, to: &out)
        default: JSONText.append(Int64(bitPattern: value), to: &out)
        }
        out.append(0x22)
    }

    /// A number by which keys are told apart.
    func keyHash(_ field: FieldEntry, _ runs: Range<Int>) throws(WireProblem) -> UInt64 {
        guard field.type == .string else { return try keyBits(field, runs) }
        // Seeded anew in each process, so that nobody can look for two keys of one hash.
        var hasher = Hasher()
        if !runs.isEmpty {
            var reader = lastValue(runs)
            bytes.extracting(try reader.delimited()).withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// A key that is a number or a truth value.
    private func keyBits(_ field: FieldEntry, _ runs: Range<Int>) throws(WireProblem) -> UInt64 {
        guard !runs.isEmpty else { return 0 }
        var reader = lastValue(runs)
        return try bits(field.type, &reader)
    }

    /// The runs of the field at that place, among those noted from `base` on.
    private func runs(of place: Int, base: Int) -> Range<Int> {
        var start = base
        while start < scratch.runs.count, Int(scratch.runs[start].place) < place { start += 1 }
        var end = start
        while end < scratch.runs.count, Int(scratch.runs[end].place) == place { end += 1 }
        return start..<end
    }

    /// Seconds and nanoseconds, which moments and durations have in the same fields.
    private func parts(of message: MessageEntry, base: Int) throws(WireProblem) -> (Int64, Int32) {
        var values: (UInt64, UInt64) = (0, 0)
        let (seconds, nanoseconds) = (runs(of: 0, base: base), runs(of: 1, base: base))
        if !seconds.isEmpty {
            var reader = lastValue(seconds)
            values.0 = try bits(.int64, &reader)
        }
        if !nanoseconds.isEmpty {
            var reader = lastValue(nanoseconds)
            values.1 = try bits(.int32, &reader)
        }
        return (Int64(bitPattern: values.0), Int32(truncatingIfNeeded: values.1))
    }

    mutating func timestamp(_ message: MessageEntry, base: Int) throws(WireProblem) {
        let (seconds, nanoseconds) = try parts(of: message, base: base)
        let moment = Moment(seconds: Int(seconds), nanoseconds: nanoseconds)
        guard moment.isProtobufTimestamp else { throw problem(base, "a time outside of the years 1 to 9999") }
        out.append(0x22)
        moment.append(to: &out, .shortest)
        out.append(0x22)
    }

    mutating func duration(_ message: MessageEntry, base: Int) throws(WireProblem) {
        let (seconds, nanoseconds) = try parts(of: message, base: base)
        let duration = ProtobufDuration(seconds: seconds, nanoseconds: nanoseconds)
        guard duration.isValid else { throw problem(base, "a duration of more than 10,000 years, or of two signs") }
        out.append(0x22)
        duration.append(to: &out)
        out.append(0x22)
    }

    /// A problem with a message whose fields have been noted.
    private func problem(_ base: Int, _ reason: String) -> WireProblem {
        WireProblem(offset: scratch.runs.count > base ? Int(scratch.runs[base].start) : 0, reason: reason)
    }

    /// Paths in lower camel case, with commas between.
    mutating func fieldMask(base: Int) throws(WireProblem) {
        scratch.text.removeAll()
        for index in base..<scratch.runs.count {
            var reader = values(index)
            while !reader.isAtEnd {
                _ = try reader.tag()
                let path = try reader.delimited()
                if !scratch.text.isEmpty { scratch.text.append(0x2C) }
                guard appendCamelCase(path) else {
                    throw WireProblem(offset: path.lowerBound, reason: "a path of fields that JSON cannot have")
                }
            }
        }
        guard JSONText.append(scratch.text, to: &out, escapesHTML: style.escapesHTML) else {
            throw problem(base, "a path of fields that is no UTF-8")
        }
    }

    private mutating func appendCamelCase(_ path: Range<Int>) -> Bool {
        var isAfterUnderscore = false
        for offset in path {
            let byte = bytes[offset]
            if isAfterUnderscore {
                guard (0x61...0x7A).contains(byte) else { return false }
                scratch.text.append(byte - 0x20)
                isAfterUnderscore = false
            } else if byte == 0x5F {
                isAfterUnderscore = true
            } else {
                guard !(0x41...0x5A).contains(byte), byte != 0x2C else { return false }
                scratch.text.append(byte)
            }
        }
        return !isAfterUnderscore
    }

    /// Any JSON value; `null` for a value without one.
    mutating func value(_ message: MessageEntry, base: Int, depth: Int) throws(WireProblem) {
        guard scratch.runs.count > base else { return out.append("null" as StaticString) }
        var last = base
        for index in base..<scratch.runs.count where scratch.runs[index].start > scratch.runs[last].start {
            last = index
        }
        let place = Int(scratch.runs[last].place)
        let field = schema.field(place, of: message)
        let runs = runs(of: place, base: base)
        if field.type == .double {
            var reader = lastValue(runs)
            guard Double(bitPattern: try bits(.double, &reader)).isFinite else {
                throw problem(base, "a value that is no number of JSON")
            }
        }
        try self.field(field, runs, depth: depth)
    }

    /// An object with `@type` and either the fields of that type or, if it has a form of its own, that as `value`.
    mutating func any(_ message: MessageEntry, base: Int, depth: Int) throws(WireProblem) {
        let (addresses, contents) = (runs(of: 0, base: base), runs(of: 1, base: base))
        var address = 0..<0
        var content = 0..<0
        if !addresses.isEmpty {
            var reader = lastValue(addresses)
            address = try reader.delimited()
        }
        if !contents.isEmpty {
            var reader = lastValue(contents)
            content = try reader.delimited()
        }
        out.append(0x7B)
        if !address.isEmpty || !content.isEmpty {
            let name = bytes.extracting(address).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            guard let slash = name.lastIndex(of: "/"),
                let index = types.messageIndexes[String(name[name.index(after: slash)...])]
            else { throw problem(base, "an Any whose type is not known here") }
            out.append("\"@type\":" as StaticString)
            try text(address)
            try anyContent(Int(index), content, depth: depth - 1)
        }
        out.append(0x7D)
    }

    private mutating func anyContent(_ index: Int, _ content: Range<Int>, depth: Int) throws(WireProblem) {
        let message = schema.messages[index]
        guard message.wellKnownType.isValueOfAny else { return try members(index, content, depth: depth) }
        out.append(",\"value\":" as StaticString)
        try self.message(index, content, depth: depth)
    }
}
