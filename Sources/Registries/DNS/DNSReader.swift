/// Reads DNS messages. Its work is bounded by the length of the message: a name takes at most 255 bytes and its pointers
/// lead backwards only, and a count never makes room for records that are not there.
package struct DNSReader {
    private let bytes: [UInt8]
    private var offset = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads one message. Bytes after its end are ignored.
    package static func message(_ bytes: [UInt8]) throws(DNSProblem) -> DNSMessage {
        var reader = DNSReader(bytes)
        var message = DNSMessage(id: try reader.uint16(), flags: try reader.uint16())
        let questions = try reader.uint16()
        let answers = try reader.uint16()
        let authorities = try reader.uint16()
        let additionals = try reader.uint16()
        for _ in 0..<questions { message.questions.append(try reader.question()) }
        for _ in 0..<answers { message.answers.append(try reader.record()) }
        for _ in 0..<authorities { message.authorities.append(try reader.record()) }
        for _ in 0..<additionals { message.additionals.append(try reader.record()) }
        return message
    }

    private mutating func question() throws(DNSProblem) -> DNSQuestion {
        DNSQuestion(name: try name(), type: DNSType(rawValue: try uint16()), classField: try uint16())
    }

    private mutating func record() throws(DNSProblem) -> DNSRecord {
        let name = try name()
        let type = DNSType(rawValue: try uint16())
        let classField = try uint16()
        let lifetime = try uint32()
        let length = Int(try uint16())
        let start = offset
        guard bytes.count - start >= length else { throw .truncated(offset: bytes.count) }
        let content = try content(of: type, length: length)
        guard offset == start + length else { throw .malformedRecord(type: type.rawValue, offset: start) }
        return DNSRecord(name: name, classField: classField, lifetime: lifetime, content)
    }

    /// Reads the data of a record. The caller checks that exactly `length` bytes were used.
    private mutating func content(of type: DNSType, length: Int) throws(DNSProblem) -> DNSRecord.Content {
        switch type {
        case .pointer: return .pointer(try name())
        case .service:
            let (priority, weight, port) = (try uint16(), try uint16(), try uint16())
            return .service(priority: priority, weight: weight, port: port, target: try name())
        case .addressV4: return .addressV4(try take(4))
        case .addressV6: return .addressV6(try take(16))
        case .text: return .text(try strings(until: offset + length))
        default: return .other(type, try take(length))
        }
    }

    private mutating func strings(until end: Int) throws(DNSProblem) -> [[UInt8]] {
        var strings: [[UInt8]] = []
        while offset < end { strings.append(try take(Int(try uint8()))) }
        return strings
    }

    /// Reads a name, following its pointers (RFC 1035, 4.1.4).
    private mutating func name() throws(DNSProblem) -> DNSName {
        var wire: [UInt8] = []
        var position = offset
        var limit = offset  // A pointer must lead to before the place where the current run of labels began.
        var end: Int?
        while true {
            guard position < bytes.count else { throw .truncated(offset: bytes.count) }
            let length = bytes[position]
            switch length >> 6 {
            case 0b00:
                let next = position + 1 + Int(length)
                guard next <= bytes.count else { throw .truncated(offset: bytes.count) }
                guard wire.count + next - position <= DNSName.maximumLength else { throw .nameTooLong }
                wire += bytes[position..<next]
                position = next
                if length == 0 {
                    offset = end ?? position
                    return DNSName(wire: wire)
                }
            case 0b11:
                guard position + 1 < bytes.count else { throw .truncated(offset: bytes.count) }
                let target = Int(length & 0x3F) << 8 | Int(bytes[position + 1])
                guard target < limit else { throw .pointerNotBackwards(offset: position) }
                end = end ?? position + 2
                (position, limit) = (target, target)
            default: throw .unknownLabelKind(offset: position)
            }
        }
    }

    private mutating func take(_ count: Int) throws(DNSProblem) -> [UInt8] {
        guard bytes.count - offset >= count else { throw .truncated(offset: bytes.count) }
        defer { offset += count }
        return Array(bytes[offset..<(offset + count)])
    }

    private mutating func uint8() throws(DNSProblem) -> UInt8 {
        guard offset < bytes.count else { throw .truncated(offset: bytes.count) }
        defer { offset += 1 }
        return bytes[offset]
    }

    private mutating func uint16() throws(DNSProblem) -> UInt16 {
        let high = try uint8()
        return UInt16(high) << 8 | UInt16(try uint8())
    }

    private mutating func uint32() throws(DNSProblem) -> UInt32 {
        let high = try uint16()
        return UInt32(high) << 16 | UInt32(try uint16())
    }
}
