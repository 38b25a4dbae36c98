import Bytes
import HTTP
import Testing

/// One series of blocks on a connection, with the size of the table after each.
struct HPACKExample: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var tableSize = 4_096
    var coding = HPACKEncoder.Coding.never
    var blocks: [Block]

    struct Block: Sendable {
        var wire: String
        var fields: [TestField]
        var size: Int
    }
}

private func requests(_ wires: [String]) -> [HPACKExample.Block] {
    let authority = TestField(":authority", "www.example.com")
    let first = [TestField(":method", "GET"), TestField(":scheme", "http"), TestField(":path", "/"), authority]
    let third = [
        TestField(":method", "GET"), TestField(":scheme", "https"), TestField(":path", "/index.html"), authority,
        TestField("custom-key", "custom-value"),
    ]
    return [
        .init(wire: wires[0], fields: first, size: 57),
        .init(wire: wires[1], fields: first + [TestField("cache-control", "no-cache")], size: 110),
        .init(wire: wires[2], fields: third, size: 164),
    ]
}

private func responses(_ wires: [String]) -> [HPACKExample.Block] {
    func fields(_ status: String, _ seconds: Int) -> [TestField] {
        [
            TestField(":status", status), TestField("cache-control", "private"),
            TestField("date", "Mon, 21 Oct 2013 20:13:\(seconds) GMT"),
            TestField("location", "https://www.example.com"),
        ]
    }
    let cookie = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"
    let last = [TestField("content-encoding", "gzip"), TestField("set-cookie", cookie)]
    return [
        .init(wire: wires[0], fields: fields("302", 21), size: 222),
        .init(wire: wires[1], fields: fields("307", 21), size: 222),
        .init(wire: wires[2], fields: fields("200", 22) + last, size: 215),
    ]
}

/// RFC 7541, appendix C.
private let examples = [
    HPACKExample(
        testDescription: "C.2.1",
        blocks: [
            .init(
                wire: "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
                fields: [TestField("custom-key", "custom-header")], size: 55)
        ]),
    HPACKExample(
        testDescription: "C.2.2",
        blocks: [
            .init(
                wire: "040c 2f73 616d 706c 652f 7061 7468", fields: [TestField(":path", "/sample/path", .without)],
                size: 0)
        ]),
    HPACKExample(
        testDescription: "C.2.3",
        blocks: [
            .init(
                wire: "1008 7061 7373 776f 7264 0673 6563 7265 74", fields: [TestField("password", "secret", .never)],
                size: 0)
        ]),
    HPACKExample(
        testDescription: "C.2.4", blocks: [.init(wire: "82", fields: [TestField(":method", "GET")], size: 0)]),
    HPACKExample(
        testDescription: "C.3",
        blocks: requests([
            "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "8286 84be 5808 6e6f 2d63 6163 6865",
            "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
        ])),
    HPACKExample(
        testDescription: "C.4", coding: .whenUseful,
        blocks: requests([
            "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
            "8286 84be 5886 a8eb 1064 9cbf",
            "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
        ])),
    HPACKExample(
        testDescription: "C.5", tableSize: 256,
        blocks: responses([
            """
            4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120
            474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d
            """,
            "4803 3330 37c1 c0bf",
            """
            88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738
            666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33
            3630 303b 2076 6572 7369 6f6e 3d31
            """,
        ])),
    HPACKExample(
        testDescription: "C.6", tableSize: 256, coding: .whenUseful,
        blocks: responses([
            """
            4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718
            63c7 8f0b 97c8 e9ae 82ae 43d3
            """,
            "4883 640e ffc1 c0bf",
            """
            88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7
            b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07
            """,
        ])),
]

/// The examples of RFC 7541, appendix C, both ways.
struct HPACKExamplesTests {
    @Test(
        "a number is written in its prefix, or in bytes of seven bits after it (C.1)",
        arguments: [(10, 5, "0a"), (1_337, 5, "1f 9a 0a"), (42, 8, "2a")])
    func integers(value: Int, prefix: Int, wire: String) throws {
        var buffer = ByteBuffer()
        HPACKInteger.encode(value, prefix: prefix, pattern: 0, to: &buffer)
        #expect(buffer.bytes == bytes(wire))
        var position = 0
        #expect(try HPACKInteger.decode(buffer.span, at: &position, prefix: prefix) == value)
        #expect(position == buffer.count)
    }

    @Test("blocks are read to the fields of the examples", arguments: examples)
    func decodes(example: HPACKExample) {
        var decoder = HPACKDecoder(tableSize: example.tableSize)
        for block in example.blocks {
            #expect(decoder.result(bytes(block.wire)) == .fields(block.fields.map(\.description)))
            #expect(decoder.tableSize == block.size)
        }
    }

    @Test("the fields are written as the blocks of the examples", arguments: examples)
    func encodes(example: HPACKExample) {
        var encoder = HPACKEncoder(tableSizeLimit: example.tableSize, coding: example.coding)
        for (number, block) in example.blocks.enumerated() {
            // The examples leave out that the table was made smaller.
            let prefix = number == 0 && example.tableSize != 4_096 ? "3fe101" : ""
            #expect(encoder.block(block.fields) == bytes(prefix + block.wire))
            #expect(encoder.tableSize == block.size)
        }
    }

    @Test("a block that is cut is never read as a whole one", arguments: examples)
    func cuts(example: HPACKExample) {
        var before = HPACKDecoder(tableSize: example.tableSize)
        for block in example.blocks {
            let wire = bytes(block.wire)
            let all = block.fields.map(\.description)
            for cut in 0..<wire.count {
                var decoder = before
                switch decoder.result(Array(wire[..<cut])) {
                case .fields(let some): #expect(some.count < all.count && some == Array(all[..<some.count]))
                case .problem(let problem): #expect(problem == .truncated)
                case .tooMany: Issue.record("cut at \(cut)")
                }
            }
            _ = before.result(wire)
        }
    }
}
