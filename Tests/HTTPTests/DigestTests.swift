import HTTP
import Testing

/// SHA-1 and base64, which WebSocket's handshake is made with.
struct DigestTests {
    @Test(
        "SHA-1 gives the digests that its standard lists",
        arguments: [
            ("", 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
            ),
            (
                "0123456701234567012345670123456701234567012345670123456701234567", 10,
                "dea356a2cddd90c7a7ecedc5ebb563934f460452"
            ),
            ("a", 55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"),
            ("a", 64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
        ])
    func sha1(text: String, times: Int, hex: String) {
        let input = Array(String(repeating: text, count: times).utf8)
        #expect(SHA1.digest(input.span) == bytes(hex: hex))
    }

    @Test(
        "base64 is written and read, with padding and without",
        arguments: [
            ("", ""), ("66", "Zg=="), ("666f", "Zm8="), ("666f6f", "Zm9v"), ("666f6f62", "Zm9vYg=="),
            ("666f6f6261", "Zm9vYmE="), ("666f6f626172", "Zm9vYmFy"), ("fbefbeffff", "++++//8="), ("00", "AA=="),
        ])
    func base64(hex: String, text: String) {
        let input = bytes(hex: hex)
        let bare = String(text.prefix { $0 != "=" })
        #expect(Base64.encode(input.span) == text)
        #expect(Base64.encode(input.span, padded: false) == bare)
        #expect(Base64.decode(text.utf8.span) == input)
        #expect(Base64.decode(bare.utf8.span) == input)
    }

    @Test(
        "what is no base64 is not read",
        arguments: [
            "A", "A===", "====", "Zg=", "Zm8==", "Z=g=", "Zg==Zg==", "Zm9v\n", "Zm9-", "Zm9_", "Zm 9v", "Zm9vZ",
        ])
    func malformed(text: String) {
        #expect(Base64.decode(text.utf8.span) == nil)
    }

    @Test func `every byte is written and read again`() {
        var random = SeededNumbers(state: 64)
        for length in 0..<100 {
            let input = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(Base64.decode(Base64.encode(input.span).utf8.span) == input)
        }
    }
}
