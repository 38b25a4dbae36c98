import JSON
import Testing
import Transcoding

/// JSON to protobuf, where the reference is too lenient or says nothing, and what is said about errors.
struct FromJSONTests {
    @Test(
        "what is wrong is said with the path of the field",
        arguments: [
            (#"{"nothing":1}"#, "nothing: there is no such field at byte 1"),
            (#"{"child":{"nothing":1}}"#, "child.nothing: there is no such field at byte 10"),
            (#"{"children":[{},{"anInt32":"x"}]}"#, "children[1].anInt32: a text that is no number at byte 27"),
            (#"{"int32s":[1,2,true]}"#, "int32s[2]: expected a whole number, found true at byte 15"),
            (#"{"labels":{"a b":1}}"#, #"labels["a b"]: expected a string, found a number at byte 17"#),
            (#"{"byInt32":{"x":1}}"#, "byInt32.x: a text that is no number at byte 12"),
            (#"{"anInt32":1,"anInt32":2}"#, "anInt32: the field is there twice at byte 13"),
            (#"{"anInt32":1,"an_int32":2}"#, "an_int32: the field is there twice at byte 13"),
            (
                #"{"choiceNumber":1,"choiceText":"x"}"#,
                "choiceText: another field of the same oneof is there at byte 18"
            ),
            (#"{"labels":{"a":"","b":"","a":""}}"#, "labels: a key is there twice at byte 10"),
            (#"{"byInt32":{"1":1,"1e0":1}}"#, "byInt32: a key is there twice at byte 11"),
            (#"{"struct":{"a":1,"a":1}}"#, "struct: a key is there twice at byte 10"),
            (#"{"anInt32":5000000000}"#, "anInt32: a number that does not fit into int32 at byte 11"),
            (#"{"anInt32":0.5}"#, "anInt32: expected a whole number at byte 11"),
            (#"{"colour":"BLUE"}"#, "colour: sample.Colour has no value of that name at byte 10"),
            (#"{"colour":true}"#, "colour: expected a name or number of sample.Colour, found true at byte 10"),
            (#"{"colour":"2"}"#, "colour: sample.Colour has no value of that name at byte 10"),
            (#"{"aString":"\ud800"}"#, #"aString: half a surrogate pair in a \u escape at byte 12"#),
            (#"{"aBytes":"a"}"#, "aBytes: base64 of an impossible length at byte 10"),
            (#"{"aBytes":"a==="}"#, "aBytes: not base64 at byte 10"),
            (#"{"aBytes":"AQI=="}"#, "aBytes: base64 of an impossible length at byte 10"),
            (#"{"aBytes":"A*B="}"#, "aBytes: not base64 at byte 10"),
            (#"{"child":[]}"#, "child: expected an object, found an array at byte 9"),
            (#"{"time":"yesterday"}"#, #"time: no time such as "2006-01-02T15:04:05.999Z" at byte 8"#),
            (#"{"duration":"1.0000000001s"}"#, #"duration: no duration such as "1.5s" at byte 12"#),
            (#"{"mask":"a,,b"}"#, #"mask: no paths of fields such as "user.displayName,photo" at byte 8"#),
            (#"{"value":1e999}"#, "value: no number that fits into double at byte 9"),
            ("[]", "expected an object, found an array at byte 0"),
            ("null", "expected an object, found null at byte 0"),
            ("", "the text is empty at byte 0"),
            ("\u{FEFF}{}", "invalid byte 0xef looking for an object at byte 0"),
            ("{} {}", "invalid character '{' after the top-level value at byte 3"),
            (#"{"anInt32":}"#, "anInt32: invalid character '}' looking for a whole number at byte 11"),
            (#"{"anInt32":1"#, "anInt32: unexpected end of the text after an object member at byte 12"),
        ])
    func problems(text: String, description: String) {
        #expect(problem(with: text)?.description == description)
    }

    @Test(
        "an Any says what is wrong with it",
        arguments: [
            (#"{"@type":"sample.Person"}"#, "any[\"@type\"]: a type that is not known here at byte 16"),
            (#"{"@type":"x/sample.Nobody"}"#, "any[\"@type\"]: a type that is not known here at byte 16"),
            (#"{"name":"x"}"#, "any: \"@type\" is missing at byte 7"),
            (
                #"{"@type":"x/sample.Person","@type":"x/sample.Sparse"}"#,
                "any[\"@type\"]: the field is there twice at byte 34"
            ),
            (#"{"@type":"x/google.protobuf.Duration"}"#, "any: the member \"value\" is missing at byte 7"),
            (#"{"@type":"x/google.protobuf.Duration","v":1}"#, "any.v: there is no such field at byte 45"),
            (#"{"@type":"x/google.protobuf.Empty","value":{"a":1}}"#, "any.value.a: there is no such field at byte 51"),
        ])
    func anyProblems(text: String, description: String) {
        #expect(problem(with: #"{"any":"# + text + "}")?.description == description)
    }

    @Test(
        "what the rules allow is read",
        arguments: [
            (#"{"aDouble":-0}"#, "610000000000000080"), (#"{"aDouble":"-0.0"}"#, "610000000000000080"),
            (#"{"anInt32":"1e2"}"#, "0864"), (#"{"anInt32":0.00000001e10}"#, "0864"),
            (#"{"anInt64":100000000000000000000000e-22}"#, "100a"), (#"{"anInt32":-0}"#, ""), (#"{"aUint32":-0}"#, ""),
            (#"{"aUint64":1.8446744073709551615e19}"#, "20ffffffffffffffffff01"),
            (#"{"aBytes":"-_+\/"}"#, "7a03fbffbf"), (#"{"aBytes":"AQ="}"#, nil), (#"{"aBytes":"AQ=="}"#, "7a0101"),
            (#"{"aFloat":3.4028235e38}"#, "5dffff7f7f"), (#"{"aFloat":1.00000005960464477539062500001}"#, "5d0100803f"),
            (
                #"{"any":{"@type":"x/google.protobuf.Empty","value":{}}}"#,
                "e204190a17782f676f6f676c652e70726f746f6275662e456d707479"
            ),
            (#"{"nullValue":"NULL_VALUE"}"#, ""), (#"{"values":[null]}"#, "da05020800"),
            (#"{"choiceNumber":null,"choiceText":"x"}"#, "ea030178"),
        ])
    func allowed(text: String, hex: String?) {
        #expect((try? protobuf(text)).map(Golden.hex) == hex, "\(problem(with: text)?.description ?? "")")
    }

    @Test func `lengths of more than one byte are put in wherever they are due`() throws {
        let long = String(repeating: "x", count: 100)
        let text =
            #"{"child":{"aString":"\#(long)","children":[{"aString":"\#(long)"},{"aString":"\#(long)","labels":{"\#(long)":"\#(long)"}}]},"#
            + #""children":[{},{"child":{"aString":"\#(long)\#(long)"}}],"aBool":true}"#
        let bytes = try protobuf(text)
        // Half of what the bytes say is their lengths, and reading them back tells whether they are right.
        let again = try json(bytes)
        let once = try JSONParser.parse(text.utf8.span)
        let twice = try JSONParser.parse(again.utf8.span)
        #expect(twice.means(once))
    }

    @Test func `messages may be nested to the limit and no deeper, whatever they are`() throws {
        func nested(_ count: Int) -> String {
            String(repeating: #"{"child":"#, count: count - 1) + "{}" + String(repeating: "}", count: count - 1)
        }
        #expect(try !protobuf(nested(100)).isEmpty)
        #expect(problem(with: nested(101))?.reason == "messages nested too deeply")
        for text in ["[", #"{"a":"#, #"{"@type":"x/google.protobuf.Value","value":["#] {
            let field = text.contains("@") ? "any" : "value"
            let deep = #"{"\#(field)":"# + String(repeating: text, count: 100_000)
            #expect(problem(with: deep) != nil)
        }
        #expect(problem(with: String(repeating: "[", count: 100_000)) != nil)
    }

    @Test func `a text longer than the limit is not looked at`() {
        let limits = TranscodingLimits(bytes: 10)
        #expect(throws: TranscodingProblem(path: "", offset: 10, reason: "a message of more than 10 bytes")) {
            try protobuf(#"{"anInt32": 1}"#, limits: limits)
        }
    }

    @Test func `types that come last, in one another, are looked for only so often`() {
        var text = #"{"@type":"x/sample.Person","name":"\#(String(repeating: "x", count: 10_000))"}"#
        for _ in 0..<30 { text = #"{"value":\#(text),"@type":"x/google.protobuf.Any"}"# }
        #expect(problem(with: #"{"any":\#(text)}"#)?.reason == #""@type" must come sooner"#)
    }

    @Test func `many keys are found to be different in little time`() throws {
        let keys = (0..<50_000).map { #""\#($0)":"""# }.joined(separator: ",")
        #expect(try protobuf(#"{"labels":{\#(keys)}}"#).count > 50_000)
    }

    @Test func `what is required must be there`() {
        let order = Golden.message("sample.legacy.Order")
        #expect(problem(with: "{}", as: order)?.reason == "the required field id is missing")
        #expect(problem(with: #"{"id":null}"#, as: order)?.reason == "the required field id is missing")
        #expect(problem(with: #"{"id":""}"#, as: order) == nil)
        let inner = #"{"id":"","detail":{"inner":{}}}"#
        #expect(
            problem(with: inner, as: order)?.description == "detail.inner: the required field id is missing at byte 27")
        #expect(problem(with: #"{"explicit":1}"#, as: Golden.message("sample.modern.Parcel")) != nil)
    }

    @Test func `a text cut anywhere is refused, and leaves nothing behind`() throws {
        for record in Golden.records("messages.json").prefix(12) {
            let text = Array((record["json"]?.stringValue ?? "").utf8)
            for count in 0..<text.count {
                #expect(problem(with: String(decoding: text[..<count], as: UTF8.self)) != nil, "cut at \(count)")
            }
        }
    }
}
