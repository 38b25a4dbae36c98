/// Reads JSON texts strictly (RFC 8259): one value, white space around it, nothing else.
///
/// Numbers keep their literal. Of members with one name the last counts. A `\u` escape that is half of a surrogate
/// pair is refused.
package enum JSONParser {
    /// Reads the whole of some bytes.
    ///
    /// - Throws: What is wrong and where, for the first thing that is, a limit that is passed included.
    package static func parse(
        _ bytes: Span<UInt8>,
        limits: JSONLimits = JSONLimits()
    ) throws(JSONProblem) -> JSONValue {
        var tree = JSONTreeBuilder(bytes, remainingValues: limits.values)
        try tree.cursor.skipToRoot()
        let value = try tree.value(depth: limits.depth)
        try tree.cursor.finish()
        return value
    }

    /// Reads the whole of a text.
    ///
    /// - Throws: As for bytes; offsets count the bytes of UTF-8.
    package static func parse(
        _ text: String,
        limits: JSONLimits = JSONLimits()
    ) throws(JSONProblem) -> JSONValue {
        try parse(text.utf8.span, limits: limits)
    }
}

private struct JSONTreeBuilder: ~Escapable {
    var cursor: JSONCursor
    var remainingValues: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, remainingValues: Int) {
        cursor = JSONCursor(bytes)
        self.remainingValues = remainingValues
    }

    mutating func value(depth: Int) throws(JSONProblem) -> JSONValue {
        remainingValues -= 1
        guard remainingValues >= 0 else { throw cursor.problem(JSONProblem.tooManyReason) }
        switch cursor.current {
        case 0x7B: return .object(try object(depth: depth))
        case 0x5B: return .array(try array(depth: depth))
        case 0x22: return .string(try string())
        case 0x2D, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39:
            return .number(text(try cursor.takeNumber()))
        case 0x74:
            try cursor.takeLiteral("true")
            return .bool(true)
        case 0x66:
            try cursor.takeLiteral("false")
            return .bool(false)
        case 0x6E:
            try cursor.takeLiteral("null")
            return .null
        default: throw cursor.unexpected("looking for the beginning of a value")
        }
    }

    private mutating func object(depth: Int) throws(JSONProblem) -> JSONObject {
        var object = JSONObject()
        guard try cursor.takeStart(depth: depth, end: 0x7D) else { return object }
        repeat {
            try cursor.takeToKey()
            let name = try string()
            try cursor.takeColon()
            object[name] = try value(depth: depth - 1)
        } while try cursor.takeCommaOrEnd(0x7D, "after an object member")
        return object
    }

    private mutating func array(depth: Int) throws(JSONProblem) -> [JSONValue] {
        var array: [JSONValue] = []
        guard try cursor.takeStart(depth: depth, end: 0x5D) else { return array }
        repeat {
            cursor.skipWhitespace()
            array.append(try value(depth: depth - 1))
        } while try cursor.takeCommaOrEnd(0x5D, "after an array element")
        return array
    }

    private mutating func string() throws(JSONProblem) -> String {
        let extent = try cursor.takeString()
        return extent.hasEscapes ? unescaped(extent.content) : text(extent.content)
    }

    private func text(_ range: Range<Int>) -> String {
        cursor.bytes.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// The content of a string whose escapes the cursor has found to be well formed.
    private func unescaped(_ range: Range<Int>) -> String {
        var content: [UInt8] = []
        content.reserveCapacity(range.count)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let byte = cursor.bytes[offset]
            offset += 1
            guard byte == 0x5C else {
                content.append(byte)
                continue
            }
            let letter = cursor.bytes[offset]
            offset += 1
            switch letter {
            case 0x62: content.append(0x08)
            case 0x66: content.append(0x0C)
            case 0x6E: content.append(0x0A)
            case 0x72: content.append(0x0D)
            case 0x74: content.append(0x09)
            case 0x75: content += UTF8.encode(character(at: &offset)) ?? .init()
            default: content.append(letter)
            }
        }
        return String(decoding: content, as: UTF8.self)
    }

    /// The character of the `\u` escape whose digits are at `offset`, or of the pair that it begins.
    private func character(at offset: inout Int) -> Unicode.Scalar {
        let first = codeUnit(at: offset)
        offset += 4
        if let scalar = Unicode.Scalar(first) { return scalar }
        let second = codeUnit(at: offset + 2)
        offset += 6
        return Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)) ?? "\u{FFFD}"
    }

    private func codeUnit(at offset: Int) -> UInt16 {
        var unit: UInt16 = 0
        for index in offset..<(offset + 4) {
            unit = unit << 4 | UInt16(cursor.bytes[index].hexadecimalValue ?? 0)
        }
        return unit
    }
}
