import Bytes
import Gateway
import JSON
import Registries
import TestSupport
import Testing

struct ServiceTXTTests {
    @Test("recorded payloads are read completely", arguments: Golden.payloads)
    func reads(golden: Golden) throws {
        let (text, length) = try ServiceTXT.read(golden.strings)
        let object = golden.decoded
        #expect(.string(text.service) == object["Service"])
        #expect(.string(text.version) == object["Version"])
        let endpoints = try (object["Endpoints"]?.arrayValue ?? []).map { try Endpoint(json: $0) }
        #expect(text.endpoints == endpoints)
        #expect(text.metadata.count == object["Metadata"]?.objectValue?.count)
        for (key, value) in text.metadata { #expect(object["Metadata"]?[key] == .string(value)) }
        #expect(length >= golden.decoded.text().utf8.count)
    }

    @Test("a payload that was written is read again, and is cut like Go Micro's", arguments: Golden.payloads)
    func writes(golden: Golden) throws {
        let text = try ServiceTXT.read(golden.strings).text
        let strings = text.strings
        #expect(try ServiceTXT.read(strings).text == text)
        #expect(strings.dropLast().allSatisfy { $0.count == 255 })
        #expect((1...255).contains(strings.last?.count ?? 0))
    }

    @Test func `a payload is JSON with Go Micro's names, in zlib, in lower-case hexadecimal`() throws {
        let strings = ServiceTXT(service: "a<b", version: "1", metadata: ["z": "1", "a": "2"]).strings
        #expect(strings[0].starts(with: Array("789c".utf8)))
        #expect(strings.joined().allSatisfy { "0123456789abcdef".utf8.contains($0) })
        let expected = #"{"Service":"a\u003cb","Version":"1","Endpoints":null,"Metadata":{"a":"2","z":"1"}}"#
        #expect(try ServiceTXT.read(strings).length == expected.utf8.count)
    }

    @Test(
        "members may be missing, null, in any case and any order",
        arguments: [
            #"{"Service":"s"}"#, #"{"Metadata":null,"service":"s","Endpoints":null,"Version":null}"#,
            #"{"Unknown":[1],"SERVICE":"s","Endpoints":[]}"#,
        ])
    func lenient(json: String) throws {
        #expect(try ServiceTXT.read(Payload.strings(json)).text == ServiceTXT(service: "s", version: ""))
    }

    @Test(
        "what is no payload is refused",
        arguments: [
            [], [[]], [Array("78".utf8)], [Array("789".utf8)], [Array("xyz!".utf8)], [Array("789c00".utf8)],
            Payload.strings("[]"), Payload.strings("{"), Payload.strings(#"{"Service":1}"#), Payload.strings(""),
        ] as [[[UInt8]]])
    func refused(strings: [[UInt8]]) {
        #expect(throws: MalformedRecord.self) { try ServiceTXT.read(strings) }
    }

    @Test("a payload cut anywhere is refused", arguments: Golden.payloads)
    func cut(golden: Golden) {
        let digits = Array(golden.strings.joined())
        for length in 0..<digits.count {
            // The checksum ends the stream, so nothing shorter is complete.
            #expect(throws: MalformedRecord.self) { try ServiceTXT.read([Array(digits.prefix(length))]) }
        }
    }

    @Test(
        "a payload that expands to more than is allowed is refused",
        arguments: [(60_000, true), (1_000_000, false), (30_000_000, false)])
    func bombs(length: Int, isAccepted: Bool) {
        let json = #"{"Service":"s","Version":""# + String(repeating: "a", count: length) + #""}"#
        let result = Result { try ServiceTXT.read(Payload.strings(json)) }
        #expect(((try? result.get()) != nil) == isAccepted)
    }

    @Test func `a payload of one mebibyte is accepted when its text is worth it`() throws {
        var random = SeededNumbers(seed: 7)
        let noise = (0..<60_000).map { _ in String(random.next(), radix: 36) }.joined()
        let json = #"{"Service":"s","Version":""# + noise + #""}"#
        #expect(try ServiceTXT.read(Payload.strings(json)).text.version == noise)
    }
}
