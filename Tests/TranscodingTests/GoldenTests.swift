import Bytes
import JSON
import Testing
import Transcoding

/// Both ways against the reference implementation.
struct GoldenTests {
    private static let styles: [String: ProtoJSONStyle] = [
        "plain": ProtoJSONStyle(), "declared": ProtoJSONStyle(usesDeclaredNames: true),
        "defaults": ProtoJSONStyle(writesDefaults: true), "numbers": ProtoJSONStyle(writesEnumNumbers: true),
    ]

    @Test func `random messages become the JSON that the reference makes of them`() throws {
        let records = Golden.records("messages.json")
        #expect(records.count == 300)
        for record in records {
            let style = try #require(Self.styles[record["style"]?.stringValue ?? ""])
            let bytes = Golden.bytes(hex: record["hex"]?.stringValue ?? "")
            let expected = record["json"]?.stringValue ?? ""
            let text = try json(bytes, style: style)
            let isSame = try parse(text).means(parse(expected))
            #expect(isSame, "\(text) is not \(expected)")
        }
    }

    @Test func `the JSON of random messages becomes the bytes that the reference makes of it`() throws {
        for record in Golden.records("messages.json") {
            let text = record["json"]?.stringValue ?? ""
            let bytes = try protobuf(text)
            let expected = Golden.bytes(hex: record["hex"]?.stringValue ?? "")
            // Where maps have several entries, those may come in another order.
            if record["isOrdered"]?.boolValue == true {
                #expect(Golden.hex(bytes) == Golden.hex(expected), "\(text)")
            } else {
                #expect(bytes.count == expected.count)
                #expect(bytes.sorted() == expected.sorted(), "\(text)")
            }
        }
    }

    @Test func `each rule holds as in the reference`() throws {
        let records = Golden.records("rules.json")
        #expect(records.count > 200)
        for record in records {
            let text = record["json"]?.stringValue ?? ""
            let message = Golden.message(record["type"]?.stringValue ?? "")
            let bytes = try? protobuf(text, as: message)
            let reason = problem(with: text, as: message).map(\.description) ?? "no problem"
            #expect(bytes.map(Golden.hex) == record["hex"]?.stringValue, "\(text): \(reason)")
        }
    }

    private func parse(_ text: String) throws -> JSONValue {
        let bytes = Array(text.utf8)
        return try JSONParser.parse(bytes.span)
    }
}
