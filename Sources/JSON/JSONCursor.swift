/// The tokens of a JSON text, one after the other. What lies between them is the affair of scanner, parser and
/// transcoder.
///
/// It allocates nothing. After an error it must not be used again.
package struct JSONCursor: ~Escapable {
    package let bytes: Span<UInt8>
    /// Where the next token is looked for.
    package var offset = 0

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    /// The byte at the cursor, nil at the end.
    @inline(__always)
    package var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    /// Goes on to what is no white space, or to the end.
    @inline(__always)
    package mutating func skipWhitespace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    /// Skips white space, and refuses a text that has nothing else.
    package mutating func skipToRoot() throws(JSONProblem) {
        skipWhitespace()
        if offset == bytes.count { throw JSONProblem(offset: 0, reason: JSONProblem.emptyReason) }
    }

    /// Refuses everything but white space after the root.
    package mutating func finish() throws(JSONProblem) {
        skipWhitespace()
        if offset < bytes.count { throw unexpected("after the top-level value") }
    }

    /// Takes one byte, if it is the one at the cursor.
    @inline(__always)
    package mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    /// Takes all of `true`, `false` or `null`.
    package mutating func takeLiteral(_ literal: StaticString) throws(JSONProblem) {
        for index in 0..<literal.utf8CodeUnitCount {
            guard take(literal.utf8Start[index]) else { throw unexpected("in the literal \(literal)") }
        }
    }

    /// Takes a number (RFC 8259, section 6) and tells where it lies.
    package mutating func takeNumber() throws(JSONProblem) -> Range<Int> {
        let start = offset
        _ = take(0x2D)
        if take(0x30) {
            if let byte = current, byte.isDigit { throw problem("a number with a leading zero") }
        } else {
            try takeDigits("in a number")
        }
        if take(0x2E) { try takeDigits("after the decimal point of a number") }
        if take(0x65) || take(0x45) {
            if !take(0x2B) { _ = take(0x2D) }
            try takeDigits("in the exponent of a number")
        }
        return start..<offset
    }

    private mutating func takeDigits(_ place: StaticString) throws(JSONProblem) {
        guard let byte = current, byte.isDigit else { throw unexpected(place) }
        while let byte = current, byte.isDigit { offset += 1 }
    }

    /// Where the content of a string lies, between the quotes.
    package struct StringExtent {
        package let content: Range<Int>
        package let hasEscapes: Bool
    }

    /// Takes a string with both quotes (RFC 8259, section 7); the opening one is at the cursor.
    package mutating func takeString() throws(JSONProblem) -> StringExtent {
        offset += 1
        let start = offset
        var hasEscapes = false
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x22:
                offset += 1
                return StringExtent(content: start..<(offset - 1), hasEscapes: hasEscapes)
            case 0x5C:
                hasEscapes = true
                try takeEscape()
            case 0x80...:
                let length = bytes.multibyteCharacterLength(at: offset)
                guard length > 0 else { throw problem("invalid UTF-8 in a string") }
                offset += length
            case 0x20...: offset += 1
            default: throw unexpected("in a string")
            }
        }
        throw unexpected("in a string")
    }

    private mutating func takeEscape() throws(JSONProblem) {
        offset += 1
        switch current {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: offset += 1
        case 0x75: try takeCodeUnits()
        default: throw unexpected("in a string escape")
        }
    }

    /// Takes a `\u` escape, and the one after it when both are a surrogate pair. Half a pair is no character, and no two
    /// readers agree on what to make of it (RFC 8259, section 8.2); ProtoJSON refuses it too.
    private mutating func takeCodeUnits() throws(JSONProblem) {
        let start = offset - 1
        let first = try takeCodeUnit()
        guard (0xD800...0xDFFF).contains(first) else { return }
        if first < 0xDC00, bytes.count - offset >= 2, bytes[offset] == 0x5C, bytes[offset + 1] == 0x75 {
            offset += 1
            if (0xDC00...0xDFFF).contains(try takeCodeUnit()) { return }
        }
        throw JSONProblem(offset: start, reason: "half a surrogate pair in a \\u escape")
    }

    /// Takes the letter `u` and four digits.
    private mutating func takeCodeUnit() throws(JSONProblem) -> UInt16 {
        offset += 1
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = current?.hexadecimalValue else { throw unexpected("in a \\u escape") }
            unit = unit << 4 | UInt16(digit)
            offset += 1
        }
        return unit
    }
}

// What lies between the tokens of an array or object.
extension JSONCursor {
    /// Takes the opening bracket, and the closing one if nothing is between. Returns whether something is.
    package mutating func takeStart(depth: Int, end: UInt8) throws(JSONProblem) -> Bool {
        guard depth > 0 else { throw problem(JSONProblem.tooDeepReason) }
        offset += 1
        skipWhitespace()
        return !take(end)
    }

    /// Goes on to the quotation mark that begins a member's name.
    package mutating func takeToKey() throws(JSONProblem) {
        skipWhitespace()
        guard current == 0x22 else { throw unexpected("looking for the beginning of an object key") }
    }

    /// Takes the colon after a member's name, and the white space around it.
    package mutating func takeColon() throws(JSONProblem) {
        skipWhitespace()
        guard take(0x3A) else { throw unexpected("after an object key") }
        skipWhitespace()
    }

    /// Returns true after a comma, false after the closing bracket.
    package mutating func takeCommaOrEnd(_ end: UInt8, _ place: StaticString) throws(JSONProblem) -> Bool {
        skipWhitespace()
        if take(0x2C) { return true }
        guard take(end) else { throw unexpected(place) }
        return false
    }
}

extension JSONCursor {
    func unexpected(_ place: StaticString) -> JSONProblem { unexpected("\(place)") }

    /// What to say when the byte at the cursor does not belong there, such as `in a number`.
    package func unexpected(_ place: String) -> JSONProblem {
        guard let byte = current else { return problem("unexpected end of the text \(place)") }
        guard (0x20..<0x7F).contains(byte) else {
            return problem("invalid byte 0x\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16)) \(place)")
        }
        return problem("invalid character '\(UnicodeScalar(byte))' \(place)")
    }

    /// A problem at the cursor.
    package func problem(_ reason: String) -> JSONProblem { JSONProblem(offset: offset, reason: reason) }
}

extension UInt8 {
    @inline(__always)
    var isDigit: Bool { (0x30...0x39).contains(self) }

    /// What the byte stands for as a hexadecimal digit.
    var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}
