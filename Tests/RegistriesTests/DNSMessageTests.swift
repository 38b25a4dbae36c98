import Registries
import TestSupport
import Testing

struct DNSMessageTests {
    @Test("recorded messages are read as they were meant", arguments: Golden.messages)
    func reads(golden: Golden) throws {
        #expect(try DNSReader.message(golden.bytes) == golden.message)
    }

    @Test("messages are written byte for byte as Go Micro writes them", arguments: Golden.messages)
    func writes(golden: Golden) throws {
        let isCompressed = golden.id == "mdns-list-response-captured"
        #expect(try DNSWriter.bytes(of: golden.message, compressing: isCompressed) == golden.bytes)
    }

    @Test("a compressed message says the same in fewer bytes", arguments: Golden.messages)
    func compresses(golden: Golden) throws {
        let message = try golden.message
        let compressed = try DNSWriter.bytes(of: message, compressing: true)
        #expect(compressed.count <= golden.bytes.count)
        #expect(try DNSReader.message(compressed) == message)
    }

    @Test("a message that was cut anywhere is refused", arguments: Golden.messages)
    func cut(golden: Golden) {
        for length in 0..<golden.bytes.count {
            #expect(throws: DNSProblem.truncated(offset: length)) {
                try DNSReader.message(Array(golden.bytes.prefix(length)))
            }
        }
    }

    @Test func `bytes after the end are ignored`() throws {
        let golden = Golden.message("mdns-query-list")
        #expect(try DNSReader.message(golden.bytes + [1, 2, 3]) == golden.message)
    }

    private static let header: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]

    @Test(
        "names that lead astray are refused",
        arguments: [
            ([0xC0, 12], DNSProblem.pointerNotBackwards(offset: 12)),  // To itself.
            ([0xC0, 14], .pointerNotBackwards(offset: 12)),  // Forwards.
            ([1, 97, 0xC0, 12], .pointerNotBackwards(offset: 14)),  // Round and round.
            ([0xFF, 0xFF], .pointerNotBackwards(offset: 12)),
            ([0x40, 0], .unknownLabelKind(offset: 12)),
            ([0x80, 0], .unknownLabelKind(offset: 12)),
            ([0xC0], .truncated(offset: 13)),
            ([63, 97], .truncated(offset: 14)),
        ] as [([UInt8], DNSProblem)])
    func badNames(name: [UInt8], problem: DNSProblem) {
        #expect(throws: problem) { try DNSReader.message(Self.header + name) }
    }

    @Test func `a name may have 255 bytes and no more, through pointers too`() throws {
        let label = [UInt8](repeating: 97, count: 63)
        let long = (0..<3).flatMap { _ in [63] + label } + [61] + label.prefix(61) + [0]
        let question: [UInt8] = [0, 12, 0, 1]
        #expect(try DNSReader.message(Self.header + long + question).questions[0].name.wire.count == 255)
        var two = Self.header
        two[5] = 2
        #expect(throws: DNSProblem.nameTooLong) {
            try DNSReader.message(two + long + question + [1, 97, 0xC0, 12] + question)
        }
    }

    @Test func `a count that promises more than there is costs nothing but an error`() {
        let counts = [UInt8](repeating: 0xFF, count: 8)
        #expect(throws: DNSProblem.truncated(offset: 12)) { try DNSReader.message([0, 0, 0x84, 0] + counts) }
    }

    @Test(
        "records whose data are longer or shorter than their length are refused",
        arguments: [
            (1, 5, [10, 0, 0, 5, 0]), (1, 3, [10, 0, 0, 5]), (28, 4, [10, 0, 0, 5]),
            (12, 4, [1, 97, 0, 0]), (16, 2, [3, 97, 97, 97]), (33, 6, [0, 1, 0, 1, 0, 1, 0]),
        ] as [(UInt8, UInt8, [UInt8])])
    func badData(type: UInt8, length: UInt8, data: [UInt8]) {
        let record: [UInt8] = [0, 0, type, 0, 1, 0, 0, 0, 120, 0, length]
        #expect(throws: DNSProblem.self) {
            try DNSReader.message([0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0] + record + data)
        }
    }

    @Test func `records of other types are kept as they came`() throws {
        let host = try DNSName("host.")
        let message = DNSMessage(
            authorities: [DNSRecord(name: host, lifetime: 1, .other(DNSType(rawValue: 47), [1, 2, 3]))],
            additionals: [DNSRecord(name: host, classField: 0x8001, lifetime: .max, .addressV6(Array(0..<16)))])
        #expect(try DNSReader.message(DNSWriter.bytes(of: message, compressing: true)) == message)
    }

    @Test func `what does not fit a length field is refused, rather than cut`() {
        let name = DNSName.root
        for text in [[[UInt8](repeating: 0, count: 256)], [[UInt8]](repeating: [], count: 65_536)] {
            let message = DNSMessage(answers: [DNSRecord(name: name, lifetime: 0, .text(text))])
            #expect(throws: DNSProblem.tooLarge) { try DNSWriter.bytes(of: message) }
        }
    }

    @Test func `two hundred thousand damaged messages bring errors or messages, never a crash`() throws {
        var random = SeededNumbers(seed: 0x6d_64_6e_73)
        let seeds = Golden.messages.map(\.bytes)
        var understood = 0
        for _ in 0..<200_000 {
            var bytes = seeds[random.roll(seeds.count)]
            for _ in 0...random.roll(4) {
                switch random.roll(4) {
                case 0: bytes[random.roll(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes[random.roll(bytes.count)] ^= 1 << UInt8(random.roll(8))
                case 2: bytes.removeLast(random.roll(bytes.count - 12))
                default: bytes.insert(0xC0, at: random.roll(bytes.count))
                }
            }
            guard let message = try? DNSReader.message(bytes) else { continue }
            understood += 1
            // Whatever was read can be written, and then says the same.
            #expect(try DNSReader.message(DNSWriter.bytes(of: message)) == message)
            if understood.isMultiple(of: 64) { _ = MDNSNews(message) }
        }
        #expect(understood > 10_000)
    }
}
