import Bytes
import JSON
import Testing
import Transcoding

/// Protobuf to JSON, from messages that no well-behaved sender would write too.
struct FromProtobufTests {
    @Test(
        "fields may come in any order, in parts and more than once",
        arguments: [
            ("", "{}"),
            ("10020801", #"{"anInt32":1,"anInt64":"2"}"#),
            ("08010802", #"{"anInt32":2}"#),
            // Zero, though it is there.
            ("080110000800", "{}"),
            ("a00100", #"{"maybeInt32":0}"#),
            // A list, packed and not, with another field in between.
            ("f2010201020805f00103f001c801", #"{"anInt32":5,"int32s":[1,2,3,200]}"#),
            ("b2020101b00202", #"{"unpacked":[1,2]}"#),
            ("f20100", "{}"),
            // A message in two parts is one, and so are the messages in it.
            ("8a010208018a01021002", #"{"child":{"anInt32":1,"anInt64":"2"}}"#),
            ("8a01058a010208018a01058a01021002", #"{"child":{"child":{"anInt32":1,"anInt64":"2"}}}"#),
            // Of a oneof the last counts.
            ("e00301ea030178", #"{"choiceText":"x"}"#),
            ("ea030178e00301", #"{"choiceNumber":1}"#),
            // Of a key the last entry counts.
            ("9203060a01611201789203060a01621201799203060a016112017a", #"{"labels":{"b":"y","a":"z"}}"#),
            // The parts of an entry may be missing, or come in another order, or be there twice.
            ("920300", #"{"labels":{"":""}}"#), ("a20300", #"{"byInt64":{"0":{}}}"#),
            ("ba0300", #"{"byBool":{"false":""}}"#),
            ("9a03041002082a", #"{"byInt32":{"42":2}}"#), ("9a030608010802" + "1003", #"{"byInt32":{"2":3}}"#),
            ("da0300", #"{"valuesByName":{"":null}}"#),
            // Unknown fields of every form, a group among them.
            ("b83e01b93e0000000000000000ba3e0100bd3e00000000bb3e0801bb3ebc3ebc3e0803", #"{"anInt32":3}"#),
            // Numbers in longer forms than they need, and with bits that their types lack.
            ("0880808080808080808001", "{}"), ("08ffffffff1f", #"{"anInt32":-1}"#), ("6802", #"{"aBool":true}"#),
            ("808000" + "01", nil),
            ("28ffffffffffffffffff01", #"{"aSint32":-2147483648}"#),
            ("8001b1ffffffffffffffff01", #"{"colour":-79}"#), ("800101", #"{"colour":"RED"}"#),
            ("5d0000c07f", #"{"aFloat":"NaN"}"#), ("61000000000000f0ff", #"{"aDouble":"-Infinity"}"#),
            ("610000000000000080", #"{"aDouble":-0}"#),
            ("6100000020 5fa00242".filter { $0 != " " }, #"{"aDouble":10000000000}"#),
            ("6150efe2d6e41a4b44", #"{"aDouble":1e+21}"#), ("610100000000000000", #"{"aDouble":5e-324}"#),
            ("5dcdcccc3d", #"{"aFloat":0.1}"#), ("5df9021550", #"{"aFloat":1e+10}"#),
            ("720122", #"{"aString":"\""}"#), ("7203e280a8", #"{"aString":"\u2028"}"#),
            ("72033c263e", #"{"aString":"\u003c\u0026\u003e"}"#),
            ("f00400", "{}"), ("f80300", #"{"choiceNull":null}"#),
        ])
    func reads(hex: String, text: String?) {
        let bytes = Golden.bytes(hex: hex)
        #expect((try? json(bytes)) == text, "\(problem(with: bytes)?.description ?? "")")
    }

    @Test(
        "what is no message is refused with a reason",
        arguments: [
            ("08", "anInt32", "the message ends within a number"),
            ("0880", "", "the message ends within a number"),
            ("08ffffffffffffffffff02", "", "a number of more than 64 bits"),
            ("08ffffffffffffffffffff01", "", "a number of more than 64 bits"),
            ("00", "", "no tag of a field"), ("06", "", "no tag of a field"), ("07", "", "no tag of a field"),
            ("ffffffffff0f01", "", "no tag of a field"), ("8080808010", "", "no tag of a field"),
            ("0c", "", "the end of a group never begun"),
            ("0a", "", "the message ends within a number"), ("7205616263", "", "a length that goes beyond the end"),
            ("72ffffffffffffffffff01", "", "a length that goes beyond the end"),
            ("72ffffffff07", "", "a length that goes beyond the end"),
            ("5d000000", "", "the message ends within a number of 4 bytes"),
            ("6100000000000000", "", "the message ends within a number of 8 bytes"),
            ("0a0101", "an_int32", "a value that is no int32"), ("0d01000000", "an_int32", "a value that is no int32"),
            ("7001", "a_string", "a value that is no string"), ("8b018c01", "child", "a value that is no message"),
            ("8a01020a00", "child.an_int32", "a value that is no int32"),
            ("f2010180", "int32s", "the message ends within a number"),
            ("9203040a02c328", "labels", "a string that is no UTF-8"),
            ("7201ff", "a_string", "a string that is no UTF-8"),
            ("7203eda080", "a_string", "a string that is no UTF-8"),
            ("bb3e", "", "the message ends within a group"), ("bb3ec43e", "", "the end of another group"),
            ("bb3e0801", "", "the message ends within a group"),
            ("b2040b08ffffffffffffffffff01", "time", ""), ("b204071080808080" + "08", "time", nil),
            ("b204021080", "", "the message ends within a number"),
            ("ba0404080110ff", "", nil),
            ("ba040d080110ffffffffffffffffff01", "duration", "a duration of more than 10,000 years, or of two signs"),
            ("c204050a03612d42", "mask", "a path of fields that JSON cannot have"),
            ("c204040a02615f", "mask", "a path of fields that JSON cannot have"),
            ("d2040911000000000000f07f", "value", "a value that is no number of JSON"),
            ("e204050a03782f79", "any", "an Any whose type is not known here"), ("e204021200", "any", nil),
            ("e20403120101", "any", "an Any whose type is not known here"),
        ])
    func refuses(hex: String, path: String, reason: String?) {
        let problem = problem(with: Golden.bytes(hex: hex))
        guard let reason, !reason.isEmpty else { return }
        #expect(problem?.reason == reason)
        if !path.isEmpty, path != "anInt32" { #expect(problem?.path == path) }
    }

    @Test(
        "the style decides where the rules leave a choice",
        arguments: [
            (ProtoJSONStyle(), #"{"anInt64":"1","colour":"RED","aString":"\u003c"}"#),
            (ProtoJSONStyle(usesDeclaredNames: true), #"{"an_int64":"1","a_string":"\u003c","colour":"RED"}"#),
            (.goMicro, #"{"an_int64":"1","a_string":"\u003c","colour":"RED"}"#),
            (ProtoJSONStyle(writesEnumNumbers: true), #"{"anInt64":"1","aString":"\u003c","colour":1}"#),
            (ProtoJSONStyle(writesLongNumbers: true), #"{"anInt64":1,"aString":"\u003c","colour":"RED"}"#),
            (ProtoJSONStyle(escapesHTML: false), #"{"anInt64":"1","aString":"<","colour":"RED"}"#),
        ])
    func styles(style: ProtoJSONStyle, text: String) throws {
        let result = try json(Golden.bytes(hex: "100172013c800101"), style: style)
        let (one, other) = (try JSONParser.parse(result.utf8.span), try JSONParser.parse(text.utf8.span))
        #expect(one.means(other), "\(result)")
    }

    @Test func `messages may be nested to the limit and no deeper, groups too`() throws {
        func nested(_ count: Int) -> [UInt8] {
            var bytes: [UInt8] = []
            for _ in 1..<count { bytes = [0x8A, 0x01] + length(bytes.count) + bytes }
            return bytes
        }
        #expect(try json(nested(100)).utf8.count > 900)
        #expect(problem(with: nested(101))?.reason == "messages nested too deeply")
        let groups = [UInt8](repeating: 0xBB, count: 200_000).enumerated().map { $0 & 1 == 0 ? $1 : 0x3E }
        #expect(problem(with: groups)?.reason == "messages nested too deeply")
    }

    @Test func `keys that are there twice on every level cost no more than once`() throws {
        // A struct in a struct, twelve times, each with the same key twice.
        var value: [UInt8] = [0x08, 0x00]
        for _ in 0..<12 {
            let entry: [UInt8] = [0x0A, 0x01, 0x61, 0x12] + length(value.count) + value
            let one = [0x0A] + length(entry.count) + entry
            value = [0x2A] + length(one.count * 2) + one + one
        }
        let text = try json([0xD2, 0x04] + length(value.count) + value)
        #expect(text.filter { $0 == "{" }.count == 13)
    }

    private func length(_ count: Int) -> [UInt8] {
        count < 0x80 ? [UInt8(count)] : [UInt8(count & 0x7F) | 0x80] + length(count >> 7)
    }

    @Test func `a short message cannot become an endless text`() {
        let empty = [UInt8](repeating: 0, count: 3_000).enumerated().map { [0xAA, 0x02, 0x00][$0.offset % 3] as UInt8 }
        let limits = TranscodingLimits(output: 100_000)
        let error = #expect(throws: TranscodingProblem.self) {
            try json(empty, style: ProtoJSONStyle(writesDefaults: true), limits: limits)
        }
        #expect(error?.reason.contains("more than 100000 bytes of JSON") == true)
    }

    @Test func `a message cut anywhere either ends between two fields or is refused`() throws {
        for record in Golden.records("messages.json").prefix(40) {
            let bytes = Golden.bytes(hex: record["hex"]?.stringValue ?? "")
            for count in 0..<bytes.count {
                var buffer = ByteBuffer("before")
                var transcoder = Transcoder()
                do throws(TranscodingProblem) {
                    try transcoder.appendJSON(
                        fromProtobuf: bytes.span.extracting(0..<count), as: Golden.everything, to: &buffer)
                } catch {
                    #expect(buffer.text == "before")
                    continue
                }
                let text = Array(buffer.text.utf8.dropFirst(6))
                #expect(throws: Never.self) { try JSONScanner.validate(text.span) }
            }
        }
    }
}
