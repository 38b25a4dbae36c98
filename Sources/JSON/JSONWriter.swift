package import Bytes

/// How a value is written.
package struct JSONStyle: Sendable, Equatable {
    /// What one level is indented by, every element then being on its own line. Nil, the default: no white space.
    package var indentation: String?

    /// Whether members are written in the order of their names' bytes rather than in their own. Default false.
    package var sortsMembers: Bool

    /// Whether `<`, `>` and `&` are written as `\u003c` and so on, as Go does, so that the text may stand inside
    /// HTML. Default true.
    package var escapesHTML: Bool

    package init(indentation: String? = nil, sortsMembers: Bool = false, escapesHTML: Bool = true) {
        self.indentation = indentation
        self.sortsMembers = sortsMembers
        self.escapesHTML = escapesHTML
    }

    /// On one line, without white space.
    package static let compact = JSONStyle()

    /// On many lines, with tabs.
    package static let indented = JSONStyle(indentation: "\t")
}

/// Writes JSON texts (RFC 8259).
package enum JSONWriter {
    /// Appends a value. Numbers are written as they are: their literal must be one of JSON.
    package static func write(_ value: JSONValue, to buffer: inout ByteBuffer, style: JSONStyle = .compact) {
        write(value, to: &buffer, style: style, level: 0)
    }

    /// Appends one string with its quotes. U+2028 and U+2029 are always escaped, as they end lines in scripts.
    package static func write(_ text: String, to buffer: inout ByteBuffer, escapesHTML: Bool = true) {
        let bytes = text.utf8.span
        buffer.append(0x22)
        var written = 0
        for offset in bytes.indices {
            let length = escapedLength(at: offset, in: bytes, escapesHTML: escapesHTML)
            guard length > 0 else { continue }
            buffer.append(bytes.extracting(written..<offset))
            writeEscape(length == 1 ? UInt16(bytes[offset]) : 0x2000 | UInt16(bytes[offset + 2] & 0x3F), to: &buffer)
            written = offset + length
        }
        buffer.append(bytes.extracting(written..<bytes.count))
        buffer.append(0x22)
    }

    private static func write(_ value: JSONValue, to buffer: inout ByteBuffer, style: JSONStyle, level: Int) {
        switch value {
        case .null: buffer.append("null" as StaticString)
        case .bool(true): buffer.append("true" as StaticString)
        case .bool(false): buffer.append("false" as StaticString)
        case .number(let literal): buffer.append(literal)
        case .string(let text): write(text, to: &buffer, escapesHTML: style.escapesHTML)
        case .array(let elements):
            guard !elements.isEmpty else { return buffer.append("[]" as StaticString) }
            for (position, element) in elements.enumerated() {
                buffer.append(position == 0 ? 0x5B : 0x2C)
                breakLine(in: &buffer, style: style, level: level + 1)
                write(element, to: &buffer, style: style, level: level + 1)
            }
            breakLine(in: &buffer, style: style, level: level)
            buffer.append(0x5D)
        case .object(let object): write(object, to: &buffer, style: style, level: level)
        }
    }

    private static func write(_ object: JSONObject, to buffer: inout ByteBuffer, style: JSONStyle, level: Int) {
        guard !object.isEmpty else { return buffer.append("{}" as StaticString) }
        var opening: UInt8 = 0x7B
        for (name, value) in style.sortsMembers ? object.sorted() : object {
            buffer.append(opening)
            opening = 0x2C
            breakLine(in: &buffer, style: style, level: level + 1)
            write(name, to: &buffer, escapesHTML: style.escapesHTML)
            buffer.append(0x3A)
            if style.indentation != nil { buffer.append(0x20) }
            write(value, to: &buffer, style: style, level: level + 1)
        }
        breakLine(in: &buffer, style: style, level: level)
        buffer.append(0x7D)
    }

    private static func breakLine(in buffer: inout ByteBuffer, style: JSONStyle, level: Int) {
        guard let indentation = style.indentation else { return }
        buffer.append(0x0A)
        for _ in 0..<level { buffer.append(indentation) }
    }

    /// How many bytes at `offset` are a character that must be escaped; 0 if they are none.
    @inline(__always)
    private static func escapedLength(at offset: Int, in bytes: Span<UInt8>, escapesHTML: Bool) -> Int {
        switch bytes[offset] {
        case ..<0x20, 0x22, 0x5C: 1
        case 0x26, 0x3C, 0x3E: escapesHTML ? 1 : 0
        case 0xE2 where bytes[offset + 1] == 0x80 && bytes[offset + 2] & 0xFE == 0xA8: 3
        default: 0
        }
    }

    /// Writes a character that must not stand in a string as it is, as the shortest escape that there is (RFC 8259, 7).
    package static func writeEscape(_ unit: UInt16, to buffer: inout ByteBuffer) {
        buffer.append(0x5C)
        switch unit {
        case 0x22, 0x5C: buffer.append(UInt8(truncatingIfNeeded: unit))
        case 0x08: buffer.append(0x62)
        case 0x09: buffer.append(0x74)
        case 0x0A: buffer.append(0x6E)
        case 0x0C: buffer.append(0x66)
        case 0x0D: buffer.append(0x72)
        default:
            buffer.append(0x75)
            for shift in stride(from: 12, through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: unit >> UInt16(shift)) & 0xF
                buffer.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
            }
        }
    }
}

extension JSONValue {
    /// The value as a JSON text.
    package func text(_ style: JSONStyle = .compact) -> String {
        var buffer = ByteBuffer()
        JSONWriter.write(self, to: &buffer, style: style)
        return buffer.text
    }
}
