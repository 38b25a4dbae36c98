internal import Bytes

// The wire format of protobuf, as far as the messages of `go.api` need it.
extension ByteBuffer {
    mutating func append(number: Int) {
        var rest = UInt(bitPattern: number)
        while rest > 0x7f {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// A field of bytes, or of text in UTF-8. The empty one is what an absent field stands for.
    mutating func append(content: borrowing ByteBuffer, field: Int) {
        guard !content.isEmpty else { return }
        append(number: field << 3 | 2)
        append(number: content.count)
        append(content)
    }

    /// A field of text. The empty text is what an absent field stands for.
    mutating func append(text: String, field: Int) {
        if !text.isEmpty { append(item: text, field: field) }
    }

    private mutating func append(item text: String, field: Int) {
        append(number: field << 3 | 2)
        append(number: text.utf8.count)
        append(text)
    }

    /// An entry of a map, whose value has the key once more.
    mutating func append(_ pair: (name: String, values: [String]), field: Int) {
        var value = Self.size(ofItem: pair.name)
        for text in pair.values { value += Self.size(ofItem: text) }
        append(number: field << 3 | 2)
        append(number: Self.size(ofItem: pair.name) + 1 + Self.size(ofNumber: value) + value)
        append(item: pair.name, field: 1)
        append(number: 2 << 3 | 2)
        append(number: value)
        append(item: pair.name, field: 1)
        for text in pair.values { append(item: text, field: 2) }
    }

    private static func size(ofItem text: String) -> Int {
        1 + size(ofNumber: text.utf8.count) + text.utf8.count
    }

    private static func size(ofNumber number: Int) -> Int {
        max(1, (Int.bitWidth - number.leadingZeroBitCount + 6) / 7)
    }
}
