import Bytes
import JSON
import TestSupport
import Testing

struct JSONWriterTests {
    private let value: JSONValue = ["b": [1, [], [:]], "a": ["x": .null, "w": "<&>"]]

    @Test func `compact is one line, with the characters of HTML escaped`() {
        #expect(value.text() == #"{"b":[1,[],{}],"a":{"x":null,"w":"\u003c\u0026\u003e"}}"#)
    }

    @Test func `indented has a line for each element, and none in what is empty`() {
        let lines = ["{", "\t\"b\": [", "\t\t1,", "\t\t[],", "\t\t{}", "\t],", "\t\"a\": {", "\t\t\"x\": null,"]
        let text = value.text(.indented)
        #expect(text == (lines + [#"\#t\#t"w": "\u003c\u0026\u003e""#, "\t}", "}"]).joined(separator: "\n"))
    }

    @Test func `members can be sorted and HTML left alone`() {
        let style = JSONStyle(sortsMembers: true, escapesHTML: false)
        #expect(value.text(style) == #"{"a":{"w":"<&>","x":null},"b":[1,[],{}]}"#)
    }

    @Test(
        "strings are escaped where they must be and nowhere else",
        arguments: [
            ("", #""""#), ("a\"b\\c/", #""a\"b\\c/""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
            ("\u{0}\u{1F}\u{7F}", "\"\\u0000\\u001f\u{7F}\""),
            ("\u{2027}\u{2028}\u{2029}\u{202A}", "\"\u{2027}\\u2028\\u2029\u{202A}\""),
            ("é€😀", "\"é€😀\""), ("\u{E000}\u{FFFF}", "\"\u{E000}\u{FFFF}\""),
            ("trailing\u{2028}", #""trailing\u2028""#),
        ])
    func strings(text: String, written: String) {
        #expect(JSONValue.string(text).text() == written)
    }

    @Test func `what is written is appended`() {
        var buffer = ByteBuffer("data: ")
        JSONWriter.write([1, 2], to: &buffer)
        JSONWriter.write("<", to: &buffer, escapesHTML: false)
        #expect(buffer.text == #"data: [1,2]"<""#)
    }

    @Test("what is written is read back, whatever it is", arguments: 0..<200 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        let value = JSONValue.random(depth: 5, using: &random)
        for style in [.compact, .indented, JSONStyle(indentation: "  ", sortsMembers: true, escapesHTML: false)] {
            let text = value.text(style)
            #expect(try JSONParser.parse(text) == value)
            #expect(throws: Never.self) { try JSONScanner.validate(text.utf8.span) }
        }
    }
}

extension JSONValue {
    static func random(depth: Int, using random: inout SeededNumbers) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return .integer(.random(in: .min ... .max, using: &random))
        case 3:
            return .number("\(Int.random(in: -9...9, using: &random)).50e-\(UInt8.random(in: 0...99, using: &random))")
        case 4: return .string(randomText(using: &random))
        case 5:
            return .array(
                (0..<Int.random(in: 0...6, using: &random)).map { _ in .random(depth: depth - 1, using: &random) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                object[randomText(using: &random)] = .random(depth: depth - 1, using: &random)
            }
            return .object(object)
        }
    }

    private static func randomText(using random: inout SeededNumbers) -> String {
        let highest: [UInt32] = [0x20, 0x7F, 0x800, 0x3000, 0xFFFF, 0x10FFFF]
        var text = ""
        for _ in 0..<Int.random(in: 0...8, using: &random) {
            let bound = highest.randomElement(using: &random) ?? 0x7F
            if let scalar = Unicode.Scalar(UInt32.random(in: 0...bound, using: &random)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
