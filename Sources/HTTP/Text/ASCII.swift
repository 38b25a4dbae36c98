// Bytes as HTTP's grammar sees them: classes of bytes, and comparisons that ignore the case of letters.

extension UInt8 {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0a
    static let carriageReturn: UInt8 = 0x0d
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let numberSign: UInt8 = 0x23
    static let percent: UInt8 = 0x25
    static let asterisk: UInt8 = 0x2a
    static let comma: UInt8 = 0x2c
    static let hyphen: UInt8 = 0x2d
    static let dot: UInt8 = 0x2e
    static let slash: UInt8 = 0x2f
    static let colon: UInt8 = 0x3a
    static let semicolon: UInt8 = 0x3b
    static let equals: UInt8 = 0x3d
    static let questionMark: UInt8 = 0x3f
    static let openBracket: UInt8 = 0x5b
    static let backslash: UInt8 = 0x5c
    static let closeBracket: UInt8 = 0x5d
    static let underscore: UInt8 = 0x5f

    /// A byte of a token: a method, a field name, a coding (RFC 9110, 5.6.2). Two words of bits, one for each half of
    /// ASCII; a table would cost a check that it is initialised.
    @inline(__always)
    var isTokenByte: Bool {
        guard self < 0x80 else { return false }
        let bits: UInt64 = self < 0x40 ? 0x03ff_6cfa_0000_0000 : 0x57ff_ffff_c7ff_fffe
        return (bits >> UInt64(self & 0x3f)) & 1 == 1
    }

    @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }
    @inline(__always) var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    @inline(__always) var isBlank: Bool { self == .space || self == .tab }

    /// Control bytes, which are illegal everywhere in a head but for tab inside a value.
    @inline(__always) var isControl: Bool { self < 0x20 || self == 0x7f }

    @inline(__always) var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// 0 to 15, nil for a byte that is no hexadecimal digit.
    @inline(__always)
    var hexadecimalValue: UInt8? {
        if isDigit { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }
}

extension UInt64 {
    /// Eight letters at once in lower case. Exact as long as one of two compared words has only letters, digits and
    /// hyphens in it, since nothing else is mapped onto those.
    @inline(__always)
    fileprivate var folded: UInt64 { self | ((self & 0x4040_4040_4040_4040) >> 1) }
}

extension Span<UInt8> {
    /// Whether these bytes are that text, whatever the case of letters.
    ///
    /// - Precondition: The text has only letters, digits and hyphens.
    @inline(__always)
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard self.count == count else { return false }
        let pointer = UnsafeRawPointer(text.utf8Start)
        guard count >= 8 else {
            for index in 0..<count where self[index].lowercased != text.utf8Start[index].lowercased { return false }
            return true
        }
        var offset = 0
        while true {
            let mine = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let other = pointer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            guard mine.folded == other.folded else { return false }
            guard offset < count - 8 else { return true }
            offset = Swift.min(offset + 8, count - 8)  // The last word may overlap the one before it.
        }
    }

    /// Whether these bytes are those, whatever the case of letters.
    func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index].lowercased != other[index].lowercased { return false }
        return true
    }

    /// Whether these bytes are that text, to the letter.
    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in indices where self[index] != text.utf8Start[index] { return false }
        return true
    }

    func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }

    /// Whether these bytes begin with that lower-case text, whatever the case of their letters.
    func hasPrefixIgnoringCase(_ prefix: StaticString) -> Bool {
        let length = prefix.utf8CodeUnitCount
        guard count >= length else { return false }
        for index in 0..<length where self[index].lowercased != prefix.utf8Start[index] { return false }
        return true
    }

    /// Whether these bytes are a token: not empty, and nothing but token bytes.
    @inline(__always)
    var isToken: Bool {
        guard !isEmpty else { return false }
        for index in indices where !self[index].isTokenByte { return false }
        return true
    }

    /// The first place of a byte at or after `start`; nil when there is none.
    @inline(__always)
    package func first(_ byte: UInt8, from start: Int = 0) -> Int? {
        var index = start
        while index < count {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// The part of a range that is left when spaces and tabs are taken off both its ends.
    @inline(__always)
    func trimmingBlanks(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, self[start].isBlank { start += 1 }
        while start < end, self[end - 1].isBlank { end -= 1 }
        return start..<end
    }

    /// The first control byte at or after `start`, tab included; `count` when there is none. Eight bytes at a time.
    @inline(__always)
    package func firstControl(from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        var index = start
        while index <= count - 8 {
            let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let below = (word &- ones &* 0x20) & ~word
            let delete = word ^ (ones &* 0x7f)
            let found = (below | ((delete &- ones) & ~delete)) & tops
            // A borrow can only taint bytes above a true hit, so the lowest hit is always true.
            if found != 0 { return index + found.trailingZeroBitCount >> 3 }
            index += 8
        }
        while index < count, !self[index].isControl { index += 1 }
        return index
    }
}

extension String {
    /// These bytes as text; those that are not UTF-8 become U+FFFD.
    package init(_ bytes: Span<UInt8>) {
        self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
