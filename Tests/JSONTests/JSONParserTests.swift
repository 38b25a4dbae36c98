import JSON
import Testing

struct JSONParserTests {
    @Test("what is JSON is read, and the scanner agrees", arguments: JSONDocuments.valid)
    func valid(text: String) throws {
        let value = try JSONParser.parse(text)
        #expect(try JSONScanner.validate(text.utf8.span) == kind(of: value))
    }

    @Test("what is no JSON is refused, and the scanner has the same reason", arguments: JSONDocuments.invalid)
    func invalid(text: String) throws {
        let problem = try #require(throws: JSONProblem.self) { try JSONParser.parse(text) }
        #expect(throws: problem) { try JSONScanner.validate(text.utf8.span) }
        #expect((0...text.utf8.count).contains(problem.offset))
    }

    @Test("strings that are no UTF-8 are refused", arguments: JSONDocuments.invalidUTF8)
    func invalidUTF8(content: [UInt8]) {
        let problem = JSONProblem(offset: 1, reason: "invalid UTF-8 in a string")
        let bytes = [0x22] + content + [0x22]
        #expect(throws: problem) { try JSONParser.parse(bytes.span) }
        #expect(throws: problem) { try JSONScanner.validate(bytes.span) }
    }

    @Test("cut anywhere, an array, object or string is refused", arguments: JSONDocuments.valid + JSONDocuments.invalid)
    func cut(text: String) {
        let bytes = Array(text.utf8)
        let closed = bytes.first { !" \t\r\n".utf8.contains($0) }.map { "[{\"".utf8.contains($0) } ?? false
        let isValid = (try? JSONParser.parse(text)) != nil
        let end = bytes.count - bytes.reversed().prefix { " \t\r\n".utf8.contains($0) }.count
        for length in 0..<bytes.count {
            let piece = bytes.span.extracting(0..<length)
            let value = try? JSONParser.parse(piece)
            #expect((value == nil) == ((try? JSONScanner.validate(piece)) == nil))
            if closed, isValid, length < end { #expect(value == nil, "\(length) bytes of \(text)") }
        }
    }

    @Test(
        "problems say what was found, what was expected and where",
        arguments: [
            ("", "the text is empty"),
            (" \n", "the text is empty"),
            ("{b", "invalid character 'b' looking for the beginning of an object key at byte 1"),
            ("{\"a\" 1}", "invalid character '1' after an object key at byte 5"),
            ("{\"a\":1;", "invalid character ';' after an object member at byte 6"),
            ("[1 2]", "invalid character '2' after an array element at byte 3"),
            ("[1,]", "invalid character ']' looking for the beginning of a value at byte 3"),
            ("[1", "unexpected end of the text after an array element at byte 2"),
            ("[1] x", "invalid character 'x' after the top-level value at byte 4"),
            ("nalse", "invalid character 'a' in the literal null at byte 1"),
            ("-x", "invalid character 'x' in a number at byte 1"),
            ("01", "a number with a leading zero at byte 1"),
            ("1.e", "invalid character 'e' after the decimal point of a number at byte 2"),
            ("1e-", "unexpected end of the text in the exponent of a number at byte 3"),
            ("\"\t", "invalid byte 0x09 in a string at byte 1"),
            ("\"\\x", "invalid character 'x' in a string escape at byte 2"),
            ("\"\\u00g", "invalid character 'g' in a \\u escape at byte 5"),
            ("ä", "invalid byte 0xc3 looking for the beginning of a value at byte 0"),
        ])
    func reasons(text: String, description: String) {
        let problem = #expect(throws: JSONProblem.self) { try JSONParser.parse(text) }
        #expect(problem?.description == description)
    }

    @Test(
        "half a surrogate pair is refused, by the scanner too",
        arguments: [
            (#""\ud83d""#, 1), (#""\ude00""#, 1), (#""a\ud83dx""#, 2), (#""\ud83d\n""#, 1), (#""\ud83d\u0041""#, 1),
            (#""\ud83d\ud83d\ude00""#, 1), (#""\uDE00\uD83D""#, 1), (#"{"\uDFFF":1}"#, 2),
        ])
    func halfPairs(text: String, offset: Int) {
        let problem = JSONProblem(offset: offset, reason: "half a surrogate pair in a \\u escape")
        #expect(throws: problem) { try JSONParser.parse(text) }
        #expect(throws: problem) { try JSONScanner.validate(text.utf8.span) }
    }

    @Test(
        "escapes are read",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u0041\u00e9\u20AC\u0000""#, "A\u{E9}\u{20AC}\u{0}"),
            (#""\ud83d\ude00""#, "\u{1F600}"),
        ])
    func escapes(text: String, content: String) throws {
        #expect(try JSONParser.parse(text) == .string(content))
    }

    @Test(
        "numbers keep their literal",
        arguments: ["9007199254740993", "1.50", "1E3", "-0", "123456789012345678901234567890", "1e400", "0.1e-7"])
    func numbers(literal: String) throws {
        #expect(try JSONParser.parse("[\(literal)]") == [.number(literal)])
        #expect(try JSONParser.parse(literal).text() == literal)
    }

    @Test(
        "depth is counted in arrays and objects alike", arguments: [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")])
    func depth(opening: String, closing: String) throws {
        let levels = opening.filter { "[{".contains($0) }.count
        let inside = 64 / levels
        let deepest = String(repeating: opening, count: inside) + "1" + String(repeating: closing, count: inside)
        #expect(try JSONScanner.validate(deepest.utf8.span) == kind(of: JSONParser.parse(deepest)))

        let bomb = String(repeating: opening, count: 100_000)
        let offset = opening.utf8.count * inside
        let problem = JSONProblem(offset: offset, reason: "arrays and objects nested too deeply")
        #expect(throws: problem) { try JSONParser.parse(bomb) }
        #expect(throws: problem) { try JSONScanner.validate(bomb.utf8.span) }
    }

    @Test func `a tree of too many values is refused, although the text is short`() throws {
        let limits = JSONLimits(values: 4)
        #expect(try JSONParser.parse("[1,2,3]", limits: limits).arrayValue?.count == 3)
        #expect(throws: JSONProblem(offset: 7, reason: "too many values")) {
            try JSONParser.parse("[1,2,3,4]", limits: limits)
        }
    }

    private func kind(of value: JSONValue) -> JSONScanner.Kind {
        switch value {
        case .null: .null
        case .bool: .bool
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }
}
