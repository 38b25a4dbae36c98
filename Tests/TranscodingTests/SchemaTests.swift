import Bytes
import Testing
import Transcoding

/// From descriptors to schemas, and what can be asked of those.
struct SchemaTests {
    /// A field of a descriptor, with a length in front.
    private func field(_ number: Int, _ content: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(content.count) + content
    }

    private func field(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

    private func field(_ number: Int, _ value: Int) -> [UInt8] { varint(number << 3) + varint(value) }

    private func varint(_ value: Int) -> [UInt8] {
        value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
    }

    private func member(_ name: String, _ number: Int, type: Int = 5, typeName: String = "", label: Int = 1) -> [UInt8]
    {
        let content = field(1, name) + field(3, number) + field(4, label) + field(5, type)
        return field(2, content + (typeName.isEmpty ? [] : field(6, typeName)))
    }

    private func build(_ files: [[UInt8]], limits: SchemaLimits = SchemaLimits()) throws(SchemaProblem) -> SchemaSet {
        var builder = SchemaBuilder(limits: limits)
        for file in files { try builder.add(file: file.span) }
        return try builder.build()
    }

    private func problem(_ files: [[UInt8]], limits: SchemaLimits = SchemaLimits()) -> SchemaProblem? {
        do throws(SchemaProblem) {
            _ = try build(files, limits: limits)
            return nil
        } catch { return error }
    }

    @Test func `services and methods are listed with their types, streams and rules`() throws {
        let shop = try #require(Golden.schemas.service(named: "shop.v1.Shop"))
        #expect(shop.methods.map(\.name) == ["GetItem", "WatchItems", "PutItems", "Talk"])
        #expect(shop.methods.map(\.isClientStreaming) == [false, false, true, true])
        #expect(shop.methods.map(\.isServerStreaming) == [false, true, false, true])
        let get = try #require(Golden.schemas.method(at: "/shop.v1.Shop/GetItem"))
        #expect((get.input.name, get.output.name) == ("shop.v1.GetItemRequest", "shop.v1.Item"))
        #expect(get.path == "/shop.v1.Shop/GetItem")
        #expect(
            get.rules == [
                HTTPRule(method: "GET", pattern: "/v1/{name=items/*}"),
                HTTPRule(method: "POST", pattern: "/v1/items:get", body: "*"),
                HTTPRule(method: "HEAD", pattern: "/v1/any", responseBody: "title"),
            ])
        #expect(shop.methods[2].output.name == "google.protobuf.Empty")
        for path in ["/shop.v1.Shop/Nothing", "shop.v1.Shop/GetItem", "/shop.v1.Shop", "", "/a/b/c"] {
            #expect(Golden.schemas.method(at: path) == nil, "\(path)")
        }
    }

    @Test(
        "fields tell what they are",
        arguments: [
            ("an_int32", "anInt32 int32 1"), ("colour", "colour sample.Colour 16"),
            ("child", "child sample.Everything 17"),
            ("maybe_int32", "maybeInt32 int32 20 presence"), ("int32s", "int32s int32 30 list"),
            ("by_int64", "byInt64 sample.Everything 52 int64 map"), ("labels", "labels string 50 string map"),
            ("choice_text", "choiceText string 61 presence choice"), ("renamed", "other<name> string 100"),
            ("__odd__name1_2", "OddName12 int32 101"),
        ])
    func fields(name: String, description: String) throws {
        let field = try #require(Golden.everything.fields.first { $0.name == name })
        let type =
            switch field.valueType {
            case .scalar(let name): name
            case .message(let message): message.name
            case .enumeration(let enumeration): enumeration.name
            }
        var words = [field.jsonName, type, "\(field.number)"]
        if let key = field.keyType { words.append(key) }
        if field.isMap { words.append("map") }
        if field.isRepeated { words.append("list") }
        if field.hasPresence, name != "child" { words.append("presence") }
        if let oneof = field.oneof { words.append(oneof) }
        #expect(words.joined(separator: " ") == description)
    }

    @Test func `enumerations list their values, and special messages are known`() throws {
        let colour = try #require(Golden.schemas.enumeration(named: "sample.Colour"))
        #expect(colour.values.map(\.name) == ["NEGATIVE", "COLOUR_UNKNOWN", "RED", "CRIMSON", "GREEN"])
        #expect(colour.values.map(\.number) == [-5, 0, 1, 1, 2])
        #expect(!colour.isClosed)
        #expect(Golden.schemas.enumeration(named: "sample.legacy.Size")?.isClosed == true)
        #expect(Golden.schemas.enumeration(named: "sample.modern.Mood")?.isClosed == true)
        #expect(Golden.message("google.protobuf.Timestamp").hasOwnJSONForm)
        #expect(!Golden.message("google.protobuf.Empty").hasOwnJSONForm)
        #expect(Golden.message("sample.Everything.LabelsEntry").isMapEntry)
        #expect(Golden.message("sample.legacy.Order").fields.first?.isRequired == true)
        #expect(Golden.schemas.message(named: "sample.Nobody") == nil)
    }

    @Test func `files may come one by one and twice, and it is known which are missing`() throws {
        var builder = SchemaBuilder()
        let a = field(1, "a.proto") + field(3, "b.proto") + field(3, "c.proto") + field(4, field(1, "A"))
        let b = field(1, "b.proto") + field(3, "c.proto") + field(4, field(1, "B"))
        try builder.add(file: a.span)
        #expect(builder.missingImports == ["b.proto", "c.proto"])
        try builder.add(file: b.span)
        try builder.add(file: a.span)
        #expect(builder.missingImports == ["c.proto"])
        #expect(builder.fileNames == ["a.proto", "b.proto"])
        // Nothing of it is used.
        let schemas = try builder.build()
        #expect(schemas.message(named: "A") != nil && schemas.message(named: "B") != nil)
        let other = a + field(4, field(1, "C"))
        #expect(throws: SchemaProblem.conflictingFiles("a.proto")) { try builder.add(file: other.span) }
    }

    @Test func `descriptors that cannot be are refused with a reason`() {
        let name = field(1, "a.proto")
        func message(_ content: [UInt8]...) -> [UInt8] { name + field(4, field(1, "M") + content.flatMap(\.self)) }
        #expect(problem([message(member("x", 1), member("y", 1))]) == .duplicate("field number 1 of M"))
        #expect(problem([message(member("x", 1), member("x", 2))]) == .duplicate("the name x in M"))
        #expect(problem([message() + field(4, field(1, "M"))]) == .duplicate("the type M"))
        #expect(problem([message(member("x", 0))]) == .impossible("M.x has no name, or an impossible number"))
        #expect(problem([message(member("x", 1 << 29))]) == .impossible("M.x has no name, or an impossible number"))
        #expect(
            problem([field(3, "b.proto") + message(member("x", 1, type: 11, typeName: ".b.B"))])
                == .unknownType(".b.B", in: "M.x", missingImports: ["b.proto"]))
        #expect(
            problem([message(member("x", 1, type: 14, typeName: ".M"))])
                == .impossible("M.x is an enumeration, but M is a message"))
        #expect(
            problem([message(field(2, field(1, "x") + field(3, 1) + field(5, 5) + field(9, 3)))])
                == .impossible("M.x is in a oneof that there is not"))
        #expect(problem([name + field(5, field(1, "E"))]) == .impossible("the enumeration E has no values"))
        let entry = field(3, field(1, "XEntry") + member("key", 1, type: 1) + member("value", 2) + field(7, [0x38, 1]))
        #expect(
            problem([message(entry, member("x", 1, type: 11, typeName: "XEntry", label: 3))])
                == .impossible("M.XEntry is no entry of a map"))
        #expect(
            problem([name + field(6, field(1, "S") + field(2, field(1, "Go") + field(2, ".N")))])
                == .unknownType(".N", in: "S.Go", missingImports: []))
        #expect(problem([message(member("x", 1, type: 19))])?.description.contains("unknown type") == true)
        #expect(problem([[0x0A, 0x05, 0x61]])?.description.contains("malformed") == true)
    }

    @Test func `files that import one another are named`() {
        let a = field(1, "a.proto") + field(3, "b.proto")
        let b = field(1, "b.proto") + field(3, "a.proto")
        let c = field(1, "c.proto") + field(3, "d.proto")
        #expect(problem([a, b, c]) == .circularImports(["a.proto", "b.proto"]))
        #expect(problem([field(1, "a.proto") + field(3, "a.proto")]) == .circularImports(["a.proto"]))
    }

    @Test func `more than the limits allow is refused`() {
        let file = field(1, "a.proto") + field(4, field(1, "A")) + field(4, field(1, "B"))
        #expect(problem([file], limits: SchemaLimits(bytes: 10)) == .tooLarge("more than 10 bytes"))
        #expect(problem([file], limits: SchemaLimits(types: 1)) == .tooLarge("more than 1 types"))
        #expect(problem([file, field(1, "b")], limits: SchemaLimits(files: 1)) == .tooLarge("more than 1 files"))
        var nested = field(1, "A")
        for _ in 0..<200 { nested = field(1, "A") + field(3, nested) }
        #expect(problem([field(1, "a") + field(4, nested)])?.description.contains("nested too deeply") == true)
    }

    @Test func `a special name with other fields is an ordinary message`() throws {
        let file =
            field(1, "t.proto") + field(2, "google.protobuf")
            + field(4, field(1, "Timestamp") + member("seconds", 1, type: 9) + member("nanos", 2))
        let message = try #require(try build([file]).message(named: "google.protobuf.Timestamp"))
        #expect(!message.hasOwnJSONForm)
        #expect(try protobuf(#"{"seconds":"x"}"#, as: message) == [0x0A, 0x01, 0x78])
    }

    @Test func `names without a dot in front are looked for from the inside out`() throws {
        let inner = field(3, field(1, "T") + member("inner", 1))
        let file =
            field(1, "t.proto") + field(2, "p.q") + field(4, field(1, "T") + member("outer", 1))
            + field(
                4,
                field(1, "M") + inner + member("near", 1, type: 11, typeName: "T")
                    + member("far", 2, type: 11, typeName: "q.T"))
        let message = try #require(try build([file]).message(named: "p.q.M"))
        let text = #"{"near":{"inner":1},"far":{"outer":1}}"#
        #expect(try json(protobuf(text, as: message), as: message) == text)
    }

    @Test func `descriptors cut anywhere make a schema of what was complete, or none`() {
        for count in stride(from: 0, to: Golden.descriptors.count, by: 7) {
            var builder = SchemaBuilder()
            let bytes = Array(Golden.descriptors[..<count])
            guard (try? builder.add(fileDescriptorSet: bytes.span)) != nil else { continue }
            _ = try? builder.build()
        }
    }
}
