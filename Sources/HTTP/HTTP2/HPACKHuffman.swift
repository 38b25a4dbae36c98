package import Bytes

/// The Huffman code of HPACK (RFC 7541, 5.2 and appendix B).
///
/// The code is canonical: codes of one length follow each other in the order of their symbols. So the lengths are the
/// whole table, and the codes are computed from them once.
package enum HPACKHuffman {
    /// How many bytes the text takes when it is coded.
    package static func encodedLength(_ text: Span<UInt8>) -> Int {
        let codes = codes
        var bits = 0
        for index in text.indices { bits += Int(codes[Int(text[index])] & 0xff) }
        return (bits + 7) / 8
    }

    /// Writes the text, coded, and ones up to the end of the last byte.
    package static func encode(_ text: Span<UInt8>, to buffer: inout ByteBuffer) {
        let codes = codes
        // The longest code has thirty bits.
        _ = buffer.write(atMost: text.count * 30 / 8 + 1) { room in
            var (word, count, written): (UInt64, UInt64, Int) = (0, 0, 0)
            for index in text.indices {
                let code = codes[Int(text[index])]
                word = word << (code & 0xff) | code >> 8
                count += code & 0xff
                while count >= 8 {
                    count -= 8
                    room[written] = UInt8(truncatingIfNeeded: word >> count)
                    written += 1
                }
            }
            guard count > 0 else { return written }
            room[written] = UInt8(truncatingIfNeeded: word << (8 - count) | (0xff >> count))
            return written + 1
        }
    }

    /// Appends the text that these bytes code.
    ///
    /// - Throws: `.badHuffman` when what is left after the last symbol is more than seven bits or not all ones, and for
    ///   the code that means the end.
    package static func decode(_ coded: Span<UInt8>, to buffer: inout ByteBuffer) throws(HPACKProblem) {
        let decoder = decoder
        // No code is shorter than five bits. The text is written in one go, because it is most of what a peer sends.
        let count = buffer.write(atMost: coded.count * 8 / 5 + 1) { room in decoder.decode(coded, to: room) }
        guard count >= 0 else { throw .badHuffman }
    }

    /// The symbol after those of the 256 bytes, which never occurs in a text.
    private static let end: UInt16 = 256

    /// For each byte its code, and in the low eight bits how long it is.
    private static let codes: [UInt64] = {
        var codes = [UInt64](repeating: 0, count: lengths.count)
        var code: UInt64 = 0
        for length in 5...30 {
            code <<= 1
            for symbol in lengths.indices where lengths[symbol] == length {
                codes[symbol] = code << 8 | UInt64(length)
                code += 1
            }
        }
        return codes
    }()

    private static let decoder = Decoder()

    /// Finds the symbol that bits begin with: by one look for codes of up to eight bits, which all common bytes have,
    /// else by the first length whose codes are not all below.
    private struct Decoder {
        /// By the first eight bits: the symbol, and above it the length of its code; 0 when that is longer.
        private var short = [UInt16](repeating: 0, count: 256)
        /// By length: the first number of 32 bits that is above all its codes.
        private var limits = [UInt64](repeating: 0, count: 31)
        /// By length: how far a symbol's place in `ordered` is from its code.
        private var offsets = [Int](repeating: 0, count: 31)
        /// All symbols in the order of their codes.
        private var ordered: [UInt16] = []

        init() {
            var code = 0
            for length in 5...30 {
                code <<= 1
                offsets[length] = ordered.count - code
                for symbol in lengths.indices where lengths[symbol] == length {
                    ordered.append(UInt16(symbol))
                    if length <= 8 {
                        let first = code << (8 - length)
                        for bits in first..<(first + 1 << (8 - length)) { short[bits] = UInt16(length << 8 | symbol) }
                    }
                    code += 1
                }
                limits[length] = UInt64(code) << UInt64(32 - length)
            }
        }

        /// Returns how many bytes the text has; a negative number when it is malformed.
        func decode(_ coded: Span<UInt8>, to text: UnsafeMutableRawBufferPointer) -> Int {
            var (word, count, position, written): (UInt64, Int, Int, Int) = (0, 0, 0, 0)
            while true {
                // The bits not yet read stand at the top of the word.
                while count <= 56, position < coded.count {
                    word |= UInt64(coded[position]) << UInt64(56 - count)
                    (count, position) = (count + 8, position + 1)
                }
                let padded = word | (count == 64 ? 0 : UInt64.max >> UInt64(count))
                if count < 8, padded == .max { return written }
                let (symbol, length) = symbol(UInt32(truncatingIfNeeded: padded >> 32))
                guard length <= count, symbol != HPACKHuffman.end else { return -1 }
                text[written] = UInt8(truncatingIfNeeded: symbol)
                written += 1
                word <<= UInt64(length)
                count -= length
            }
        }

        @inline(__always)
        private func symbol(_ bits: UInt32) -> (symbol: UInt16, length: Int) {
            let found = short[Int(bits >> 24)]
            if found != 0 { return (found & 0xff, Int(found >> 8)) }
            var length = 9
            while UInt64(bits) >= limits[length] { length += 1 }
            return (ordered[Int(bits >> UInt32(32 - length)) + offsets[length]], length)
        }
    }

    /// How many bits the code of each byte has, and of the end.
    private static let lengths: [UInt8] = [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
        28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
        7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
        23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
        21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
    ]
}
