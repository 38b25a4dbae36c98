import Bytes
import JSON

extension JSONCursor {
    /// Appends what the content of a string stands for, once its escapes are resolved, which the cursor has found well
    /// formed.
    func appendUnescaped(_ range: Range<Int>, to buffer: inout ByteBuffer) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            var plain = offset
            while plain < range.upperBound, bytes[plain] != 0x5C { plain += 1 }
            buffer.append(bytes.extracting(offset..<plain))
            guard plain < range.upperBound else { return }
            offset = plain + 2
            switch bytes[plain + 1] {
            case 0x62: buffer.append(0x08)
            case 0x66: buffer.append(0x0C)
            case 0x6E: buffer.append(0x0A)
            case 0x72: buffer.append(0x0D)
            case 0x74: buffer.append(0x09)
            case 0x75:
                for byte in UTF8.encode(character(at: &offset)) ?? .init() { buffer.append(byte) }
            case let letter: buffer.append(letter)
            }
        }
    }

    /// The character of the `\u` escape whose digits are at `offset`, and of the one after it if both are a pair.
    private func character(at offset: inout Int) -> Unicode.Scalar {
        let first = codeUnit(at: offset)
        offset += 4
        if let scalar = Unicode.Scalar(first) { return scalar }
        let second = codeUnit(at: offset + 2)
        offset += 6
        return Unicode.Scalar(0x10000 + (UInt32(first & 0x3FF) << 10 | UInt32(second & 0x3FF))) ?? "\u{FFFD}"
    }

    private func codeUnit(at offset: Int) -> UInt16 {
        var unit: UInt16 = 0
        for index in offset..<(offset + 4) {
            let digit = bytes[index]
            unit = unit << 4 | UInt16(digit < 0x40 ? digit & 0xF : (digit & 0xF) + 9)
        }
        return unit
    }

    /// What to say when a value of another kind was expected at the cursor.
    func expected(_ what: String) -> JSONProblem {
        let found =
            switch current {
            case 0x7B: "an object"
            case 0x5B: "an array"
            case 0x22: "a string"
            case 0x2D, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39: "a number"
            case 0x74: "true"
            case 0x66: "false"
            case 0x6E: "null"
            default: ""
            }
        return found.isEmpty ? unexpected("looking for \(what)") : problem("expected \(what), found \(found)")
    }
}

/// Writes the strings and numbers of JSON from the bytes of a message.
enum JSONText {
    /// Appends text with its quotation marks.
    ///
    /// - Returns: False if it is not UTF-8. Something may have been appended then.
    static func append(_ text: Span<UInt8>, to buffer: inout ByteBuffer, escapesHTML: Bool) -> Bool {
        buffer.append(0x22)
        var written = 0
        var offset = 0
        while offset < text.count {
            let byte = text[offset]
            var length = 1
            if byte >= 0x80 {
                length = text.multibyteCharacterLength(at: offset)
                guard length > 0 else { return false }
                // Two separators of lines would end a line in a script.
                guard byte == 0xE2, text[offset + 1] == 0x80, text[offset + 2] & 0xFE == 0xA8 else {
                    offset += length
                    continue
                }
            } else if byte >= 0x20, byte != 0x22, byte != 0x5C,
                !escapesHTML || (byte != 0x26 && byte != 0x3C && byte != 0x3E)
            {
                offset += 1
                continue
            }
            buffer.append(text.extracting(written..<offset))
            JSONWriter.writeEscape(length == 1 ? UInt16(byte) : 0x2000 | UInt16(text[offset + 2] & 0x3F), to: &buffer)
            offset += length
            written = offset
        }
        buffer.append(text.extracting(written..<text.count))
        buffer.append(0x22)
        return true
    }

    /// The same for what a buffer has.
    static func append(_ text: borrowing ByteBuffer, to buffer: inout ByteBuffer, escapesHTML: Bool) -> Bool {
        append(text.span, to: &buffer, escapesHTML: escapesHTML)
    }

    static func append(_ number: UInt64, to buffer: inout ByteBuffer) {
        guard number > UInt64(Int64.max) else { return buffer.append(decimal: Int(number)) }
        buffer.append(decimal: Int(number / 10))
        buffer.append(UInt8(number % 10) + 0x30)
    }

    static func append(_ number: Int64, to buffer: inout ByteBuffer) {
        if number < 0 { buffer.append(0x2D) }
        append(number.magnitude, to: &buffer)
    }

    /// Appends a number in the fewest digits that are read back as the same, or one of the three texts that are none.
    static func append<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ number: Number, to buffer: inout ByteBuffer
    ) {
        guard number.isFinite else {
            let text: StaticString = number.isNaN ? "\"NaN\"" : number > 0 ? "\"Infinity\"" : "\"-Infinity\""
            return buffer.append(text)
        }
        // Below this, every whole number has a value of its own, so all its digits are needed.
        if number.magnitude < Number(1 << (Number.significandBitCount + 1)), number == number.rounded(.towardZero) {
            if number.sign == .minus { buffer.append(0x2D) }
            return buffer.append(decimal: Int(number.magnitude))
        }
        let text = String(number)
        buffer.append(text)
        if text.hasSuffix(".0") { buffer.removeLast(2) }
    }
}
