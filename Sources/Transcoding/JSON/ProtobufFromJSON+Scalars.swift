import Bytes
import JSON

// Values that are no messages.
extension ProtobufFromJSON {
    /// Takes a string; if it has escapes, what it stands for is in the scratch afterwards.
    mutating func takeString() throws(JSONProblem) -> JSONCursor.StringExtent {
        let extent = try cursor.takeString()
        if extent.hasEscapes {
            scratch.text.removeAll()
            cursor.appendUnescaped(extent.content, to: &scratch.text)
        }
        return extent
    }

    /// What the string that was taken last stands for.
    @_lifetime(borrow self)
    @inline(__always)
    func content(_ extent: JSONCursor.StringExtent) -> Span<UInt8> {
        if extent.hasEscapes { return scratch.text.span }
        return cursor.bytes.extracting(extent.content)
    }

    func isEqual(_ text: Span<UInt8>, _ other: StaticString) -> Bool {
        guard text.count == other.utf8CodeUnitCount else { return false }
        for index in text.indices where text[index] != other.utf8Start[index] { return false }
        return true
    }

    /// Reads one value and writes it. With its tag it is left out where zero and none are the same.
    mutating func scalar(_ field: FieldEntry, isTagged: Bool) throws(JSONProblem) {
        let skipsZero = isTagged && field.isImplicit
        switch field.type {
        case .string: try string(field, skipsEmpty: skipsZero)
        case .bytes: try bytes(field, skipsEmpty: skipsZero)
        case .double:
            let bits = try double().bitPattern
            if skipsZero, bits == 0 { return }
            if isTagged { out.append(tag: Int(field.number), .fixed64) }
            out.append(fixed64: bits)
        case .float:
            let bits = try float().bitPattern
            if skipsZero, bits == 0 { return }
            if isTagged { out.append(tag: Int(field.number), .fixed32) }
            out.append(fixed32: bits)
        case .bool: try append(try bool() ? 1 : 0, field, isTagged: isTagged, skipsZero: skipsZero)
        case .enum: try append(try enumeration(field), field, isTagged: isTagged, skipsZero: skipsZero)
        default: try append(try integer(field.type), field, isTagged: isTagged, skipsZero: skipsZero)
        }
    }

    @inline(__always)
    private mutating func append(
        _ bits: UInt64, _ field: FieldEntry, isTagged: Bool, skipsZero: Bool
    ) throws(JSONProblem) {
        if skipsZero, bits == 0 { return }
        let type = field.type.wireType
        if isTagged { out.append(tag: Int(field.number), type) }
        switch type {
        case .fixed64: out.append(fixed64: bits)
        case .fixed32: out.append(fixed32: UInt32(truncatingIfNeeded: bits))
        default: out.append(varint: bits)
        }
    }

    private mutating func string(_ field: FieldEntry, skipsEmpty: Bool) throws(JSONProblem) {
        guard cursor.current == 0x22 else { throw cursor.expected("a string") }
        let extent = try takeString()
        let count = extent.hasEscapes ? scratch.text.count : extent.content.count
        if skipsEmpty, count == 0 { return }
        out.append(tag: Int(field.number), .delimited)
        out.append(varint: UInt64(count))
        appendContent(extent)
    }

    /// Appends what the string that was taken last stands for.
    private mutating func appendContent(_ extent: JSONCursor.StringExtent) {
        if extent.hasEscapes {
            out.append(scratch.text)
        } else {
            out.append(cursor.bytes.extracting(extent.content))
        }
    }

    private mutating func bytes(_ field: FieldEntry, skipsEmpty: Bool) throws(JSONProblem) {
        guard cursor.current == 0x22 else { throw cursor.expected("bytes in base64") }
        let start = cursor.offset
        let extent = try takeString()
        guard let count = Base64.decodedCount(lenient: content(extent)) else {
            throw JSONProblem(offset: start, reason: "base64 of an impossible length")
        }
        if skipsEmpty, count == 0 { return }
        out.append(tag: Int(field.number), .delimited)
        out.append(varint: UInt64(count))
        let isValid =
            extent.hasEscapes
            ? Base64.decode(lenient: scratch.text, in: .either, to: &out)
            : Base64.decode(lenient: cursor.bytes.extracting(extent.content), in: .either, to: &out)
        guard isValid else { throw JSONProblem(offset: start, reason: "not base64") }
    }

    mutating func bool() throws(JSONProblem) -> Bool {
        switch cursor.current {
        case 0x74:
            try cursor.takeLiteral("true")
            return true
        case 0x66:
            try cursor.takeLiteral("false")
            return false
        default: throw cursor.expected("true or false")
        }
    }

    /// A whole number as a number or as a string of one, as it is written on the wire.
    private mutating func integer(_ type: FieldType) throws(JSONProblem) -> UInt64 {
        let start = cursor.offset
        if cursor.current == 0x22 {
            let extent = try takeString()
            return try Self.integer(content(extent), type, at: start)
        }
        guard let byte = cursor.current, byte == 0x2D || byte &- 0x30 < 10 else {
            throw cursor.expected("a whole number")
        }
        let range = try cursor.takeNumber()
        return try Self.integer(cursor.bytes.extracting(range), type, at: start)
    }

    private static func integer(_ text: Span<UInt8>, _ type: FieldType, at offset: Int) throws(JSONProblem) -> UInt64 {
        guard let number = DecimalNumber(text) else {
            throw JSONProblem(offset: offset, reason: "a text that is no number")
        }
        do throws(DecimalNumber.Fault) {
            return try type.wireBits(of: number)
        } catch {
            switch error {
            case .isFraction: throw JSONProblem(offset: offset, reason: "expected a whole number")
            case .isOutOfRange: throw JSONProblem(offset: offset, reason: "a number that does not fit into \(type)")
            }
        }
    }

    /// The value of an enumeration by name or number, as it is written on the wire.
    private mutating func enumeration(_ field: FieldEntry) throws(JSONProblem) -> UInt64 {
        let entry = schema.enums[Int(field.reference)]
        let start = cursor.offset
        if cursor.current == 0x22 {
            let extent = try takeString()
            guard let number = schema.number(ofValue: content(extent), in: entry) else {
                throw JSONProblem(offset: start, reason: "\(schema.text(entry.name)) has no value of that name")
            }
            return UInt64(bitPattern: Int64(number))
        }
        if cursor.current == 0x6E, entry.isNullValue {
            try cursor.takeLiteral("null")
            return 0
        }
        guard let byte = cursor.current, byte == 0x2D || byte &- 0x30 < 10 else {
            throw cursor.expected("a name or number of \(schema.text(entry.name))")
        }
        let bits = try integer(.int32)
        guard !entry.isClosed || schema.name(ofValue: Int32(truncatingIfNeeded: bits), in: entry) != nil else {
            throw JSONProblem(offset: start, reason: "\(schema.text(entry.name)) has no value of that number")
        }
        return bits
    }

    /// A number, as a number or as a string of one, or one of the three texts that are none.
    mutating func double() throws(JSONProblem) -> Double {
        let start = cursor.offset
        let value: Double?
        if cursor.current == 0x22 {
            let extent = try takeString()
            value = Self.double(content(extent)) ?? Self.special(content(extent))
        } else {
            value = Self.double(cursor.bytes.extracting(try takeNumber()))
        }
        guard let value else { throw JSONProblem(offset: start, reason: "no number that fits into double") }
        return value
    }

    private mutating func float() throws(JSONProblem) -> Float {
        let start = cursor.offset
        let value: Float?
        if cursor.current == 0x22 {
            let extent = try takeString()
            value = Self.float(content(extent)) ?? Self.special(content(extent)).map { Float($0) }
        } else {
            value = Self.float(cursor.bytes.extracting(try takeNumber()))
        }
        guard let value else { throw JSONProblem(offset: start, reason: "no number that fits into float") }
        return value
    }

    private mutating func takeNumber() throws(JSONProblem) -> Range<Int> {
        guard let byte = cursor.current, byte == 0x2D || byte &- 0x30 < 10 else { throw cursor.expected("a number") }
        return try cursor.takeNumber()
    }

    private static func double(_ text: Span<UInt8>) -> Double? {
        guard let number = DecimalNumber(text) else { return nil }
        if let value = number.fastDouble { return value }
        let slow = text.withUnsafeBufferPointer { Double(String(decoding: $0, as: UTF8.self)) }
        return slow.flatMap { $0.isFinite ? $0 : nil }
    }

    private static func float(_ text: Span<UInt8>) -> Float? {
        guard let number = DecimalNumber(text) else { return nil }
        if let value = number.fastFloat { return value }
        let slow = text.withUnsafeBufferPointer { Float(String(decoding: $0, as: UTF8.self)) }
        return slow.flatMap { $0.isFinite ? $0 : nil }
    }

    private static func special(_ text: Span<UInt8>) -> Double? {
        switch text.withUnsafeBufferPointer({ String(decoding: $0.prefix(16), as: UTF8.self) }) {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: nil
        }
    }

    /// Reads a key of a map, which is a string whatever its type, writes it, and notes it.
    mutating func mapKey(_ field: FieldEntry) throws(JSONProblem) {
        let start = cursor.offset
        let extent = try takeString()
        let before: Int
        switch field.type {
        case .string:
            let count = extent.hasEscapes ? scratch.text.count : extent.content.count
            out.append(tag: Int(field.number), .delimited)
            out.append(varint: UInt64(count))
            before = out.count
            appendContent(extent)
        case .bool:
            let isTrue = isEqual(content(extent), "true")
            guard isTrue || isEqual(content(extent), "false") else {
                throw JSONProblem(offset: start, reason: "expected \"true\" or \"false\" as a key")
            }
            before = out.count
            try append(isTrue ? 1 : 0, field, isTagged: true, skipsZero: false)
        default:
            let bits = try Self.integer(content(extent), field.type, at: start)
            before = out.count
            try append(bits, field, isTagged: true, skipsZero: false)
        }
        // Seeded anew in each process, so that nobody can look for two keys of one hash.
        var hasher = Hasher()
        out.span.extracting(before..<out.count).withUnsafeBytes { hasher.combine(bytes: $0) }
        scratch.keys.append(UInt64(bitPattern: Int64(hasher.finalize())))
    }
}
