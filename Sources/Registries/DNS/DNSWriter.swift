/// Writes DNS messages, with or without name compression (RFC 1035, 4.1.4).
package struct DNSWriter {
    /// The largest message, in bytes: what a datagram can carry.
    package static let maximumLength = 65_535

    private var bytes: [UInt8] = []
    private let isCompressing: Bool
    /// Where each name, and each end of a name, was written first.
    private var places: [ArraySlice<UInt8>: UInt16] = [:]

    private init(compressing: Bool) { isCompressing = compressing }

    /// - Throws: `.tooLarge` only.
    package static func bytes(of message: DNSMessage, compressing: Bool = false) throws(DNSProblem) -> [UInt8] {
        var writer = DNSWriter(compressing: compressing)
        writer.append(message.id)
        writer.append(message.flags)
        for count in [
            message.questions.count, message.answers.count, message.authorities.count, message.additionals.count,
        ] {
            guard let count = UInt16(exactly: count) else { throw .tooLarge }
            writer.append(count)
        }
        for question in message.questions { writer.append(question) }
        for record in message.answers { try writer.append(record) }
        for record in message.authorities { try writer.append(record) }
        for record in message.additionals { try writer.append(record) }
        guard writer.bytes.count <= maximumLength else { throw .tooLarge }
        return writer.bytes
    }

    private mutating func append(_ question: DNSQuestion) {
        append(question.name, mayPoint: true)
        append(question.type.rawValue)
        append(question.classField)
    }

    private mutating func append(_ record: DNSRecord) throws(DNSProblem) {
        append(record.name, mayPoint: true)
        append(record.type.rawValue)
        append(record.classField)
        append(UInt16(record.lifetime >> 16))
        append(UInt16(truncatingIfNeeded: record.lifetime))
        let lengthPlace = bytes.count
        append(UInt16(0))
        try append(record.content)
        guard let length = UInt16(exactly: bytes.count - lengthPlace - 2) else { throw .tooLarge }
        bytes[lengthPlace] = UInt8(length >> 8)
        bytes[lengthPlace + 1] = UInt8(truncatingIfNeeded: length)
    }

    private mutating func append(_ content: DNSRecord.Content) throws(DNSProblem) {
        switch content {
        case .pointer(let name): append(name, mayPoint: true)
        case .service(let priority, let weight, let port, let target):
            append(priority)
            append(weight)
            append(port)
            append(target, mayPoint: false)  // RFC 2782 forbids it, and Go Micro keeps to that.
        case .addressV4(let address), .addressV6(let address), .other(_, let address): bytes += address
        case .text(let strings):
            for string in strings {
                guard let length = UInt8(exactly: string.count) else { throw .tooLarge }
                bytes.append(length)
                bytes += string
            }
        }
    }

    /// Writes a name, as far as it was not written before; later names may point to it in any case.
    private mutating func append(_ name: DNSName, mayPoint: Bool) {
        guard isCompressing else { return bytes += name.wire }
        var position = 0
        while name.wire[position] != 0 {
            let rest = name.wire[position...]
            if let place = places[rest] {
                if mayPoint { return append(0xC000 | place) }
            } else if bytes.count < 0x4000 {
                places[rest] = UInt16(bytes.count)
            }
            let next = position + 1 + Int(name.wire[position])
            bytes += name.wire[position..<next]
            position = next
        }
        bytes.append(0)
    }

    private mutating func append(_ number: UInt16) {
        bytes.append(UInt8(number >> 8))
        bytes.append(UInt8(truncatingIfNeeded: number))
    }
}
