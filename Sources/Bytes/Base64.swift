/// Base64 (RFC 4648). What is read strictly is exactly what `encode` writes in the same form, so that no two texts stand
/// for the same bytes: that is for what is signed or compared. What is read leniently is for peers that are sloppy.
///
/// Nothing here has a limit of its own: what comes out is as long as what went in allows, three quarters or four thirds.
package enum Base64 {
    /// How bytes are written.
    package enum Form: Sendable {
        /// The standard alphabet (section 4), filled up with equals signs to a multiple of four.
        case padded
        /// The standard alphabet without padding, as in the fields of gRPC.
        case unpadded
        /// The alphabet for URLs and file names (section 5) without padding, as in JSON Web Tokens and ACME.
        case url
    }

    /// Which characters are digits to a lenient reader.
    package enum Alphabet: Sendable {
        /// `+` and `/`, beside letters and numbers.
        case standard
        /// `-` and `_`, beside letters and numbers.
        case url
        /// All four.
        case either
    }

    /// The text for these bytes.
    package static func encode(_ bytes: Span<UInt8>, as form: Form = .padded) -> String {
        var text = ByteBuffer(capacity: (bytes.count + 2) / 3 * 4)
        encode(bytes, as: form, to: &text)
        return text.text
    }

    /// Appends the text for these bytes, which must not be the buffer's own.
    package static func encode(_ bytes: Span<UInt8>, as form: Form = .padded, to buffer: inout ByteBuffer) {
        buffer.reserve((bytes.count + 2) / 3 * 4)
        var offset = 0
        while offset < bytes.count {
            let length = min(3, bytes.count - offset)
            var group: UInt32 = 0
            for place in 0..<3 { group = group << 8 | (place < length ? UInt32(bytes[offset + place]) : 0) }
            for place in 0..<4 {
                if place <= length {
                    let value = UInt8(truncatingIfNeeded: group >> UInt32(18 - 6 * place)) & 0x3f
                    buffer.append(digit(for: value, as: form))
                } else if form == .padded {
                    buffer.append(padding)
                }
            }
            offset += length
        }
    }

    /// The bytes whose text in this form is this one, to the letter.
    ///
    /// - Returns: Nil for every other text: with a character of another alphabet, white space, missing or needless
    ///   padding, an impossible length, or bits of the last digit that stand for nothing and are not zero.
    package static func decode(_ text: Span<UInt8>, as form: Form) -> [UInt8]? {
        let count = form == .padded ? digitCount(text) : text.count
        guard form != .padded || text.count % 4 == 0, count % 4 != 1 else { return nil }
        var bytes = ByteBuffer(capacity: count * 3 / 4)
        guard let spare = decode(text.extracting(0..<count), in: form == .url ? .url : .standard, to: &bytes),
            spare == 0
        else { return nil }
        return bytes.bytes
    }

    /// The bytes that a text stands for, whether it is padded or not. Bits of the last digit that stand for nothing are
    /// not looked at, as most readers do not.
    ///
    /// - Returns: Nil when another character than a digit is in it, or its length, its padding included, is none that
    ///   encoding makes.
    package static func decode(lenient text: Span<UInt8>, in alphabet: Alphabet = .standard) -> [UInt8]? {
        var bytes = ByteBuffer(capacity: text.count / 4 * 3 + 2)
        return decode(lenient: text, in: alphabet, to: &bytes) ? bytes.bytes : nil
    }

    /// Appends the bytes that a text stands for, which must not be the buffer's own.
    ///
    /// - Returns: False for what the function above returns nil for. Nothing is appended then.
    package static func decode(
        lenient text: Span<UInt8>, in alphabet: Alphabet = .standard, to buffer: inout ByteBuffer
    ) -> Bool {
        guard decodedCount(lenient: text) != nil else { return false }
        let before = buffer.count
        guard decode(text.extracting(0..<digitCount(text)), in: alphabet, to: &buffer) != nil else {
            buffer.removeLast(buffer.count - before)
            return false
        }
        return true
    }

    /// The same for a text that lies in a buffer of its own.
    package static func decode(
        lenient text: borrowing ByteBuffer, in alphabet: Alphabet = .standard, to buffer: inout ByteBuffer
    ) -> Bool {
        decode(lenient: text.span, in: alphabet, to: &buffer)
    }

    /// How many bytes a text stands for when its characters are digits, which is not looked at. For who writes a length
    /// first.
    ///
    /// - Returns: Nil when a text of this length and padding stands for none.
    package static func decodedCount(lenient text: Span<UInt8>) -> Int? {
        let digits = digitCount(text)
        guard digits == text.count || text.count % 4 == 0, digits % 4 != 1 else { return nil }
        return digits * 3 / 4
    }

    /// The number below 64 that a digit stands for; nil for another byte. For who reads a text that comes in pieces.
    @inline(__always)
    package static func value(of digit: UInt8, in alphabet: Alphabet = .standard) -> UInt8? {
        switch digit {
        case 0x41...0x5a: digit - 0x41
        case 0x61...0x7a: digit - 0x61 + 26
        case 0x30...0x39: digit - 0x30 + 52
        case 0x2b: alphabet == .url ? nil : 62
        case 0x2f: alphabet == .url ? nil : 63
        case 0x2d: alphabet == .standard ? nil : 62
        case 0x5f: alphabet == .standard ? nil : 63
        default: nil
        }
    }
}

extension Base64 {
    /// The equals sign.
    private static let padding: UInt8 = 0x3d

    /// The length without padding, of which there are at most two.
    private static func digitCount(_ text: Span<UInt8>) -> Int {
        var count = text.count
        while count > 0, text.count - count < 2, text[count - 1] == padding { count -= 1 }
        return count
    }

    /// Appends what digits stand for, and returns the bits of the last one that stand for nothing. Nil if there is
    /// another character; something may have been appended then.
    private static func decode(_ digits: Span<UInt8>, in alphabet: Alphabet, to buffer: inout ByteBuffer) -> UInt32? {
        buffer.reserve(digits.count * 3 / 4)
        var bits: UInt32 = 0
        for index in digits.indices {
            guard let value = value(of: digits[index], in: alphabet) else { return nil }
            bits = bits << 6 | UInt32(value)
            switch index & 3 {
            case 1: buffer.append(UInt8(truncatingIfNeeded: bits >> 4))
            case 2: buffer.append(UInt8(truncatingIfNeeded: bits >> 2))
            case 3: buffer.append(UInt8(truncatingIfNeeded: bits))
            default: break
            }
        }
        switch digits.count & 3 {
        case 2: return bits & 0xf
        case 3: return bits & 0x3
        default: return 0
        }
    }

    @inline(__always)
    private static func digit(for value: UInt8, as form: Form) -> UInt8 {
        switch value {
        case ..<26: value + 0x41
        case ..<52: value - 26 + 0x61
        case ..<62: value - 52 + 0x30
        case 62: form == .url ? 0x2d : 0x2b
        default: form == .url ? 0x5f : 0x2f
        }
    }
}
