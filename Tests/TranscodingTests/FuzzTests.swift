import Bytes
import JSON
import TestSupport
import Testing
import Transcoding

/// Messages with a few bytes changed. Whatever they are, what comes out is right or nothing does.
struct FuzzTests {
    private static let rounds = 4_000

    /// Changes, takes out, puts in or repeats a few bytes.
    private func mutate(_ bytes: [UInt8], _ random: inout SeededNumbers) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 2: bytes.remove(at: index)
            case 3: bytes.insert([0x00, 0x7B, 0x5B, 0x22, 0x80, 0xFF].randomElement(using: &random) ?? 0, at: index)
            default:
                let end = Int.random(in: index..<min(bytes.count, index + 20), using: &random)
                bytes.insert(contentsOf: bytes[index...end], at: index)
            }
        }
        return bytes
    }

    @Test func `changed messages are refused or become JSON, which becomes a message again`() throws {
        var random = SeededNumbers(seed: 1)
        let messages = Golden.records("messages.json").map { Golden.bytes(hex: $0["hex"]?.stringValue ?? "") }
        var transcoder = Transcoder()
        var read = 0
        for _ in 0..<Self.rounds {
            let message = mutate(messages.randomElement(using: &random) ?? [], &random)
            var (text, again, twice) = (ByteBuffer(), ByteBuffer(), ByteBuffer())
            guard (try? transcoder.appendJSON(fromProtobuf: message.span, as: Golden.everything, to: &text)) != nil
            else { continue }
            read += 1
            try transcoder.appendProtobuf(fromJSON: text.span, as: Golden.everything, to: &again)
            try transcoder.appendJSON(fromProtobuf: again.span, as: Golden.everything, to: &twice)
            let isSame = try JSONParser.parse(twice.span).means(JSONParser.parse(text.span))
            #expect(isSame, "\(Golden.hex(message))")
        }
        #expect(read > Self.rounds / 50 && read < Self.rounds)
    }

    @Test func `changed JSON is refused or becomes a message, which becomes JSON again`() throws {
        var random = SeededNumbers(seed: 2)
        let texts = Golden.records("messages.json").map { Array(($0["json"]?.stringValue ?? "").utf8) }
        var transcoder = Transcoder()
        var read = 0
        for _ in 0..<Self.rounds {
            let text = mutate(texts.randomElement(using: &random) ?? [], &random)
            var (message, again) = (ByteBuffer(), ByteBuffer())
            guard (try? transcoder.appendProtobuf(fromJSON: text.span, as: Golden.everything, to: &message)) != nil
            else { continue }
            read += 1
            #expect(throws: Never.self) { try JSONScanner.validate(text.span, limits: JSONLimits(depth: 300)) }
            try transcoder.appendJSON(fromProtobuf: message.span, as: Golden.everything, to: &again)
        }
        #expect(read > Self.rounds / 50 && read < Self.rounds)
    }

    @Test func `changed descriptors are refused or make a schema that works`() {
        var random = SeededNumbers(seed: 3)
        let person = Golden.bytes(hex: "0a044a6f686e102a")
        for _ in 0..<300 {
            let bytes = mutate(Golden.descriptors, &random)
            var builder = SchemaBuilder()
            guard (try? builder.add(fileDescriptorSet: bytes.span)) != nil, let schemas = try? builder.build() else {
                continue
            }
            for name in ["sample.Person", "sample.Everything", "google.protobuf.Value", "google.protobuf.Any"] {
                guard let message = schemas.message(named: name) else { continue }
                _ = message.fields.map {
                    "\($0.name) \($0.jsonName) \($0.valueType) \($0.keyType ?? "") \($0.oneof ?? "")"
                }
                _ = problem(with: person, as: message)
                _ = problem(with: #"{"name":"x","age":1,"labels":{"a":"b"},"any":{},"value":[1]}"#, as: message)
            }
        }
    }
}
