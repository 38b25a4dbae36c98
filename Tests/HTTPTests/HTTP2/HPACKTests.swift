import Bytes
import HTTP
import Testing

struct HPACKTests {
    @Test(
        "numbers up to 2^31 - 1 are read, larger and overlong ones are refused",
        arguments: [
            ("1f e0 ff ff ff 07", 0x7fff_ffff), ("1f e1 ff ff ff 07", nil), ("1f 80 80 80 80 00", 31),
            ("1f 80 80 80 80 80 00", nil), ("1f ff ff ff ff ff ff ff ff 3f", nil), ("1f ff ff ff ff 7f", nil),
            ("1e", 30), ("1f 00", 31),
        ] as [(String, Int?)])
    func integers(wire: String, value: Int?) {
        let input = bytes(wire)
        var position = 0
        let decoded = Result { () throws(HPACKProblem) in
            try HPACKInteger.decode(input.span, at: &position, prefix: 5)
        }
        #expect(decoded == (value.map { .success($0) } ?? .failure(.integerTooLarge)))
    }

    @Test(
        "a number of any prefix comes back as it was",
        arguments: 1...8, [0, 1, 126, 127, 128, 254, 255, 16_383, 16_384, 0x7fff_ffff])
    func roundTrips(prefix: Int, value: Int) throws {
        var buffer = ByteBuffer()
        HPACKInteger.encode(value, prefix: prefix, pattern: 0, to: &buffer)
        for cut in 0..<buffer.count {
            #expect(throws: HPACKProblem.truncated) {
                var position = 0
                _ = try HPACKInteger.decode(buffer.span.extracting(0..<cut), at: &position, prefix: prefix)
            }
        }
        var position = 0
        #expect(try HPACKInteger.decode(buffer.span, at: &position, prefix: prefix) == value)
    }

    @Test("every byte is coded and read back, before and after others", arguments: UInt8.min...UInt8.max)
    func huffman(byte: UInt8) throws {
        let many = [UInt8](repeating: byte, count: 99)
        for text in [[byte], [0x61, byte], [byte, byte, byte], [byte, 0xff, 0x30], many] {
            var coded = ByteBuffer()
            HPACKHuffman.encode(text.span, to: &coded)
            #expect(coded.count == HPACKHuffman.encodedLength(text.span))
            var decoded = ByteBuffer()
            try HPACKHuffman.decode(coded.span, to: &decoded)
            #expect(decoded.bytes == text)
        }
    }

    @Test(
        "Huffman padding is at most seven ones, and the end is never coded",
        arguments: [
            ("1f", "a"), ("", ""), ("18", nil), ("1e", nil), ("1f ff", nil), ("ff", nil), ("ff ff ff ff", nil),
            ("3f ff ff ff ff", nil), ("fe", nil), ("00 1f", "009"), ("07", "0"), ("00", nil),
        ] as [(String, String?)])
    func padding(wire: String, text: String?) {
        var decoded = ByteBuffer()
        let input = bytes(wire)
        let result = Result { () throws(HPACKProblem) in try HPACKHuffman.decode(input.span, to: &decoded) }
        if let text {
            #expect(decoded.text == text)
            #expect(throws: Never.self) { try result.get() }
        } else {
            #expect(throws: HPACKProblem.badHuffman) { try result.get() }
        }
    }

    @Test(
        "a block against the rules is refused",
        arguments: [
            ("80", .badIndex), ("be", .badIndex), ("ff 80 80 80 80 01", .badIndex), ("7f 00 01 61", .badIndex),
            ("82 20", .misplacedSizeUpdate), ("20 3f e1 1f 82 20", .misplacedSizeUpdate),
            ("20 3f e1 1f 20", .misplacedSizeUpdate), ("3f e2 1f", .sizeUpdateTooLarge),
            ("3f ff ff ff ff ff ff ff ff 7f", .integerTooLarge), ("00 81 1e 00", .badHuffman),
            ("00 01 61 84 ff ff ff ff", .badHuffman), ("40 7f ff ff ff ff 07", .integerTooLarge),
            ("00 01", .truncated), ("00 05 61", .truncated), ("41", .truncated),
        ] as [(String, HPACKProblem)])
    func refusals(wire: String, problem: HPACKProblem) {
        var decoder = HPACKDecoder()
        #expect(decoder.result(bytes(wire)) == .problem(problem))
    }

    @Test func `a table size of nothing empties the table, and the setting bounds what comes back`() {
        var decoder = HPACKDecoder()
        #expect(decoder.result(bytes("40 01 61 01 62 be")) == .fields(["a: b", "a: b"]))
        #expect(decoder.tableSize == 34)
        #expect(decoder.result(bytes("20 3f e1 1f 82")) == .fields([":method: GET"]))
        #expect(decoder.tableSize == 0)
        #expect(decoder.result(bytes("be")) == .problem(.badIndex))
    }

    @Test func `after our setting was lowered, the next block says that the table is smaller`() {
        var decoder = HPACKDecoder()
        decoder.setAllowedTableSize(100)
        #expect(decoder.result(bytes("")) == .fields([]))
        var late = decoder
        #expect(late.result(bytes("82")) == .problem(.missingSizeUpdate))
        var greedy = decoder
        #expect(greedy.result(bytes("3f 46 82")) == .problem(.sizeUpdateTooLarge))
        #expect(decoder.result(bytes("3f 45 82")) == .fields([":method: GET"]))
        #expect(decoder.result(bytes("82")) == .fields([":method: GET"]))
    }

    @Test func `an encoder says the smallest and the last size that it was allowed`() {
        var encoder = HPACKEncoder()
        encoder.setAllowedTableSize(0)
        encoder.setAllowedTableSize(65_536)
        #expect(encoder.block([TestField(":method", "GET")]) == bytes("20 3f e1 1f 82"))
        #expect(encoder.block([TestField(":method", "GET")]) == bytes("82"))
        encoder.setAllowedTableSize(64)
        #expect(encoder.block([]) == bytes("3f 21"))
        encoder.setAllowedTableSize(64)
        #expect(encoder.block([]) == [])
    }

    @Test func `an entry that is larger than the table empties it`() {
        var decoder = HPACKDecoder(tableSize: 40)
        #expect(decoder.result(bytes("40 01 61 01 62")) == .fields(["a: b"]))
        #expect(decoder.tableSize == 34)
        #expect(decoder.result(bytes("40 01 61 0a 6262626262 6262626262")) == .fields(["a: bbbbbbbbbb"]))
        #expect(decoder.tableSize == 0)
    }

    @Test(
        "secrets are never indexed, and what does not come again is not remembered",
        arguments: [
            ("Authorization", HPACKIndexing.never), ("Cookie", .never), ("Set-Cookie", .never),
            ("Proxy-Authorization", .never), ("Content-Length", .without), ("User-Agent", .incremental),
            ("X-Other", .incremental),
        ])
    func policy(name: String, indexing: HPACKIndexing) throws {
        var encoder = HPACKEncoder()
        var buffer = ByteBuffer()
        encoder.encode(name.utf8.span, "v".utf8.span, to: &buffer)
        #expect((buffer.bytes[0] & 0x40 != 0) == (indexing == .incremental))
        #expect((encoder.tableSize > 0) == (indexing == .incremental))
        var list = HPACKFieldList()
        var decoder = HPACKDecoder()
        try decoder.decode(buffer.span, into: &list)
        #expect(list.texts == ["\(name.lowercased()): v"])
        #expect(list.isSensitive(at: 0) == (indexing == .never))
    }

    @Test func `a secret is written out even if a table has it`() {
        var encoder = HPACKEncoder(coding: .never)
        let known = encoder.block([TestField("cookie", "a"), TestField("cookie", "a", .never)])
        #expect(known == bytes("60 01 61 1f 11 01 61"))
    }

    @Test func `a large entry named again and again passes the limit, and in the end ends the connection`() {
        var decoder = HPACKDecoder(listLimit: 65_536)
        let large = bytes("40 01 61 7f 90 1e") + [UInt8](repeating: 0x62, count: 3_983)
        guard case .fields(let fields) = decoder.result(large) else {
            Issue.record("the large entry was not read")
            return
        }
        #expect(fields.count == 1)
        #expect(decoder.tableSize == 3_983 + 33)
        var patient = decoder
        #expect(patient.result([UInt8](repeating: 0xbe, count: 16)) == .fields(Array(repeating: fields[0], count: 16)))
        #expect(patient.result([UInt8](repeating: 0xbe, count: 17)) == .tooMany)
        #expect(patient.result([0xbe]) == .fields(fields))
        #expect(patient.result([UInt8](repeating: 0xbe, count: 16_000)) == .problem(.listTooLarge))
        // Empty fields count as well.
        #expect(decoder.result([UInt8](repeating: 0, count: 30_000)) == .problem(.listTooLarge))
    }

    @Test("each field of the static table is read from its place, and written as it", arguments: UInt8(1)...61)
    func staticFields(place: UInt8) throws {
        var list = HPACKFieldList()
        var decoder = HPACKDecoder()
        try decoder.decode([0x80 | place].span, into: &list)
        var encoder = HPACKEncoder()
        var buffer = ByteBuffer()
        encoder.encode(list.nameSpan(at: 0), list.valueSpan(at: 0), indexing: .incremental, to: &buffer)
        #expect(buffer.bytes == [0x80 | place])
        #expect(encoder.tableSize == 0)
        let landmarks: [UInt8: String] = [
            1: ":authority: ", 4: ":path: /", 14: ":status: 500", 16: "accept-encoding: gzip, deflate",
            31: "content-type: ", 32: "cookie: ", 61: "www-authenticate: ",
        ]
        if let landmark = landmarks[place] { #expect(list.texts == [landmark]) }
    }

    @Test func `fields beyond the limit still enter the table`() {
        var decoder = HPACKDecoder(listLimit: 40)
        #expect(decoder.result(bytes("40 01 61 01 62 40 01 63 01 64")) == .tooMany)
        #expect(decoder.result(bytes("be")) == .fields(["c: d"]))
        #expect(decoder.result(bytes("bf")) == .fields(["a: b"]))
    }
}
