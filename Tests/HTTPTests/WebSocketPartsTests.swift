import Bytes
import HTTP
import TestSupport
import Testing

/// What frames are made of: masks, text, close codes.
struct WebSocketPartsTests {
    @Test func `a mask is applied alike in place, while copying, and in pieces`() {
        let key: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
        for length in 0...40 {
            let payload = (0..<length).map { UInt8($0 * 6) }
            let masked = payload.enumerated().map { $1 ^ key[$0 % 4] }
            for cut in 0...length {
                var mask = WebSocketMask(key: 0x37fa_213d)
                var (front, back) = (Array(payload[..<cut]), Array(payload[cut...]))
                var frontSpan = front.mutableSpan
                mask.apply(to: &frontSpan)
                var backSpan = back.mutableSpan
                mask.apply(to: &backSpan)
                #expect(front + back == masked)

                var copying = WebSocketMask(key: 0x37fa_213d)
                var buffer = ByteBuffer()
                copying.copy(payload.span.extracting(0..<cut), to: &buffer)
                copying.copy(payload.span.extracting(cut..<length), to: &buffer)
                #expect(buffer.bytes == masked)
            }
        }
    }

    static let texts: [(hex: String, isValid: Bool)] = [
        ("", true), ("6162636465666768696a", true), ("7f", true), ("c280", true), ("dfbf", true), ("e0a080", true),
        ("ed9fbf", true), ("ee8080", true), ("efbfbf", true), ("f0908080", true), ("f48fbfbf", true),
        ("cebae1bdb9cf83cebcceb5", true), ("6162636465666768c3a46162636465666768", true), ("00", true),
        ("80", false), ("bf", false), ("c080", false), ("c1bf", false), ("e08080", false), ("e09fbf", false),
        ("eda080", false), ("edbfbf", false), ("f0808080", false), ("f08fbfbf", false), ("f4908080", false),
        ("f5808080", false), ("fe", false), ("ff", false), ("c3", false), ("e282", false), ("f09f98", false),
        ("c3c3a4", false), ("e28261", false), ("61626364656667c3", false), ("6162636465666768ff61626364656667", false),
    ]

    @Test("text is UTF-8 or not, however it is cut", arguments: texts.indices)
    func text(place: Int) {
        let (hex, isValid) = Self.texts[place]
        let input = bytes(hex: hex)
        for cut in 0...input.count {
            var checker = UTF8Checker()
            let holds =
                checker.take(input.span.extracting(0..<cut)) && checker.take(input.span.extracting(cut..<input.count))
            #expect((holds && checker.isComplete) == isValid, "cut at \(cut)")
        }
    }

    @Test func `random bytes are judged as the standard library judges them`() {
        var random = SeededNumbers(seed: 3_629)
        let pool: [UInt8] = [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xe0, 0xe2, 0xed, 0xf0, 0xf4]
        for _ in 0..<20_000 {
            let input = (0..<Int.random(in: 1...6, using: &random)).map { _ in pool.randomElement(using: &random) ?? 0 }
            var checker = UTF8Checker()
            let holds = checker.take(input.span) && checker.isComplete
            #expect(holds == (String(validating: input, as: UTF8.self) != nil), "\(input)")
        }
    }

    @Test(
        "a text that cannot be right is refused at its first wrong byte",
        arguments: ["f490", "eda0", "e09f", "c0", "f5"])
    func early(hex: String) {
        var checker = UTF8Checker()
        let input = bytes(hex: hex)
        let holds = checker.take(input.span)
        #expect(!holds)
    }

    @Test func `only codes that may be sent are close codes`() {
        let valid = (0...UInt16.max).filter { WebSocketCloseCode($0) != nil }
        #expect(valid == Array(1000...1003) + Array(1007...1014) + Array(3000...4999))
    }

    @Test func `a close reason that is too long loses its end, and no half of a character`() throws {
        let close = WebSocketClose(.internalError, reason: String(repeating: "ä", count: 100))
        #expect(close.reason == String(repeating: "ä", count: 61))
        #expect(close.payload.count == 124)
        #expect(try WebSocketClose(close.payload.span) == close)
        #expect(WebSocketClose(.normal, reason: String(repeating: "a", count: 200)).payload.count == 125)
        #expect(WebSocketClose(nil, reason: "lost").payload.isEmpty)
    }
}
