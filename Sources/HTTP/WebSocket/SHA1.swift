/// SHA-1 (RFC 3174), for the accept value of WebSocket's handshake alone.
///
/// It is no security function here, and must not become one: collisions can be made. The handshake uses it only to
/// show that the peer has read the key and speaks WebSocket (RFC 6455, 10.8).
package enum SHA1 {
    /// The digest, 20 bytes.
    package static func digest(_ bytes: Span<UInt8>) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(bytes.count + 72)
        for index in bytes.indices { message.append(bytes[index]) }
        message.append(0x80)
        while message.count % 64 != 56 { message.append(0) }
        let bitCount = UInt64(bytes.count) * 8
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            message.append(UInt8(truncatingIfNeeded: bitCount >> shift))
        }
        var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
        for block in stride(from: 0, to: message.count, by: 64) {
            add(schedule(message, at: block), to: &state)
        }
        return state.flatMap { word in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
        }
    }

    /// The 80 words of a block.
    private static func schedule(_ message: [UInt8], at block: Int) -> [UInt32] {
        var words: [UInt32] = []
        words.reserveCapacity(80)
        for place in 0..<16 {
            let bytes = message[(block + 4 * place)..<(block + 4 * place + 4)]
            words.append(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        }
        for place in 16..<80 {
            words.append(rotate(words[place - 3] ^ words[place - 8] ^ words[place - 14] ^ words[place - 16], by: 1))
        }
        return words
    }

    private static func add(_ words: [UInt32], to state: inout [UInt32]) {
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for (place, word) in words.enumerated() {
            let mixed: UInt32
            switch place {
            case 0..<20: mixed = (b & c | ~b & d) &+ 0x5a82_7999
            case 20..<40: mixed = (b ^ c ^ d) &+ 0x6ed9_eba1
            case 40..<60: mixed = (b & c | b & d | c & d) &+ 0x8f1b_bcdc
            default: mixed = (b ^ c ^ d) &+ 0xca62_c1d6
            }
            (a, b, c, d, e) = (rotate(a, by: 5) &+ mixed &+ e &+ word, a, rotate(b, by: 30), c, d)
        }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
    }

    private static func rotate(_ word: UInt32, by bits: UInt32) -> UInt32 { word << bits | word >> (32 - bits) }
}
