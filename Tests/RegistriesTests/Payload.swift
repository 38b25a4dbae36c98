import CZlib

/// TXT strings around any text, sound or not.
enum Payload {
    static func strings(_ text: String) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        var length = compressBound(uLong(bytes.count))
        var compressed = [UInt8](repeating: 0, count: Int(length))
        precondition(compress(&compressed, &length, bytes, uLong(bytes.count)) == Z_OK)
        return [
            compressed.prefix(Int(length)).flatMap { byte in
                let digits = String(byte, radix: 16)
                return Array((digits.count == 1 ? "0" + digits : digits).utf8)
            }
        ]
    }
}
