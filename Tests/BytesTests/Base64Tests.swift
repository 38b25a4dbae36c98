import Bytes
import Testing

struct Base64Tests {
    /// RFC 4648, 10, and bytes whose digits are the two that the alphabets have differently.
    static let vectors: [([UInt8], String)] = [
        ([], ""), (Array("f".utf8), "Zg=="), (Array("fo".utf8), "Zm8="), (Array("foo".utf8), "Zm9v"),
        (Array("foob".utf8), "Zm9vYg=="), (Array("fooba".utf8), "Zm9vYmE="), (Array("foobar".utf8), "Zm9vYmFy"),
        ([0xfb, 0xef, 0xbe, 0xff, 0xff], "++++//8="), ([0], "AA=="),
    ]

    @Test("every form is written, and read to the letter", arguments: vectors)
    func forms(bytes: [UInt8], padded: String) {
        let unpadded = String(padded.prefix { $0 != "=" })
        let url = String(unpadded.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
        for (form, text) in [(Base64.Form.padded, padded), (.unpadded, unpadded), (.url, url)] {
            #expect(Base64.encode(bytes.span, as: form) == text)
            #expect(Base64.decode(text.utf8.span, as: form) == bytes)
        }
    }

    @Test("padding may be there or not for a lenient reader, and both alphabets if it is told so", arguments: vectors)
    func lenient(bytes: [UInt8], padded: String) {
        let bare = String(padded.prefix { $0 != "=" })
        for text in [padded, bare] {
            let forURL = String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
            #expect(Base64.decode(lenient: text.utf8.span) == bytes)
            #expect(Base64.decode(lenient: forURL.utf8.span, in: .url) == bytes)
            #expect(Base64.decode(lenient: text.utf8.span, in: .either) == bytes)
            #expect(Base64.decode(lenient: forURL.utf8.span, in: .either) == bytes)
            #expect(Base64.decodedCount(lenient: text.utf8.span) == bytes.count)
        }
    }

    @Test(
        "what is no base64 is read by no reader",
        arguments: [
            "A", "A===", "====", "=", "Zg=", "Zm8==", "Z=g=", "Zg==Zg==", "Zm9v\n", "\nZm9v", "Zm 9v", "Zm9vZ",
            "Zm9!", "Zm9\u{e9}", "Zm9v====", "Zm9.", "Zm\u{0}v",
        ])
    func malformed(text: String) {
        for form in [Base64.Form.padded, .unpadded, .url] { #expect(Base64.decode(text.utf8.span, as: form) == nil) }
        for alphabet in [Base64.Alphabet.standard, .url, .either] {
            #expect(Base64.decode(lenient: text.utf8.span, in: alphabet) == nil)
        }
    }

    @Test(
        "digits of the other alphabet are none",
        arguments: [("Zm9-", Base64.Alphabet.standard), ("Zm9_", .standard), ("Zm9+", .url), ("Zm9/", .url)])
    func otherAlphabet(text: String, alphabet: Base64.Alphabet) {
        #expect(Base64.decode(lenient: text.utf8.span, in: alphabet) == nil)
        #expect(Base64.decode(text.utf8.span, as: alphabet == .url ? .url : .unpadded) == nil)
        #expect(Base64.decode(lenient: text.utf8.span, in: .either)?.count == 3)
    }

    @Test(
        "a strict reader refuses padding that its form has not, and misses that which it has",
        arguments: [("Zg", Base64.Form.padded), ("Zm8", .padded), ("Zg==", .unpadded), ("Zm8=", .url), ("Zm9v=", .url)])
    func strictPadding(text: String, form: Base64.Form) {
        #expect(Base64.decode(text.utf8.span, as: form) == nil)
    }

    @Test(
        "bits that stand for nothing must be zero for a strict reader, and are not looked at by a lenient one",
        arguments: [("Zh==", "Zg=="), ("Zv==", "Zg=="), ("Zm9=", "Zm8="), ("Zm+=", "Zm8="), ("Zm9vYn==", "Zm9vYg==")])
    func spareBits(text: String, canonical: String) {
        let bare = String(text.prefix { $0 != "=" })
        #expect(Base64.decode(text.utf8.span, as: .padded) == nil)
        #expect(Base64.decode(bare.utf8.span, as: .unpadded) == nil)
        #expect(Base64.decode(bare.utf8.span, as: .url) == nil)
        #expect(Base64.decode(lenient: text.utf8.span) == Base64.decode(canonical.utf8.span, as: .padded))
    }

    @Test func `of all texts of two and three digits exactly those that are written are read strictly`() {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var pairs = 0
        var triples = 0
        for first in digits {
            for second in digits {
                if let bytes = Base64.decode([first, second].span, as: .url) {
                    pairs += 1
                    #expect(Base64.encode(bytes.span, as: .url) == String(decoding: [first, second], as: UTF8.self))
                }
                if Base64.decode([digits[9], first, second].span, as: .url) != nil { triples += 1 }
            }
        }
        #expect(pairs == 256)
        #expect(triples == 1_024)
    }

    @Test func `bytes of every length are written and read again, and a cut text is none or the bytes before the cut`()
    {
        for length in 0..<70 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ length &* 29) }
            for form in [Base64.Form.padded, .unpadded, .url] {
                let text = Array(Base64.encode(bytes.span, as: form).utf8)
                #expect(Base64.decode(text.span, as: form) == bytes)
                for cut in text.indices {
                    let read = Base64.decode(text.span.extracting(..<cut), as: form)
                    if cut % 4 == 0 {
                        #expect(read == Array(bytes[..<min(length, cut / 4 * 3)]))
                    } else if cut % 4 == 1 || form == .padded {
                        #expect(read == nil)
                    } else {
                        #expect(read == nil || read == Array(bytes[..<(cut * 3 / 4)]))
                    }
                }
            }
        }
    }

    @Test func `what cannot be read leaves a buffer as it was`() {
        var buffer = ByteBuffer("before")
        #expect(!Base64.decode(lenient: "Zm9vZm9v!Zm9".utf8.span, to: &buffer))
        #expect(!Base64.decode(lenient: "Zm9vZ".utf8.span, to: &buffer))
        #expect(buffer.text == "before")
        #expect(Base64.decode(lenient: "Zm9v".utf8.span, to: &buffer))
        #expect(buffer.text == "beforefoo")
        Base64.encode("f".utf8.span, to: &buffer)
        Base64.encode("f".utf8.span, as: .url, to: &buffer)
        #expect(buffer.text == "beforefooZg==Zg")
    }
}
