/// A DNS message (RFC 1035, 4), as multicast DNS uses it too (RFC 6762, 18).
package struct DNSMessage: Sendable, Equatable {
    package var id: UInt16
    package var flags: UInt16
    package var questions: [DNSQuestion]
    package var answers: [DNSRecord]
    package var authorities: [DNSRecord]
    package var additionals: [DNSRecord]

    /// The bit of `flags` that tells a response from a query.
    package static let response: UInt16 = 0x8000
    /// The bit of `flags` that says "this comes from the one who owns the name".
    package static let authoritative: UInt16 = 0x0400

    package init(
        id: UInt16 = 0, flags: UInt16 = 0, questions: [DNSQuestion] = [], answers: [DNSRecord] = [],
        authorities: [DNSRecord] = [], additionals: [DNSRecord] = []
    ) {
        self.id = id
        self.flags = flags
        self.questions = questions
        self.answers = answers
        self.authorities = authorities
        self.additionals = additionals
    }

    package var isResponse: Bool { flags & Self.response != 0 }

    /// The four bits that say what kind of query this is; 0 is the only kind multicast DNS knows.
    package var operation: UInt16 { flags >> 11 & 0xF }
}

/// A question: a name and the type of records asked for.
package struct DNSQuestion: Sendable, Hashable {
    package var name: DNSName
    package var type: DNSType
    /// The class with, in multicast DNS, the unicast bit on top.
    package var classField: UInt16

    package init(name: DNSName, type: DNSType, classField: UInt16 = DNSClass.internet) {
        self.name = name
        self.type = type
        self.classField = classField
    }

    /// True when the asker wants the answer for itself only (RFC 6762, 5.4).
    package var wantsUnicast: Bool { classField & DNSClass.topBit != 0 }
}

/// A resource record.
package struct DNSRecord: Sendable, Hashable {
    package var name: DNSName
    /// The class with, in multicast DNS, the cache-flush bit on top.
    package var classField: UInt16
    /// How long the record may be believed, in seconds. 0 withdraws it.
    package var lifetime: UInt32
    package var content: Content

    /// What a record says, by its type.
    package enum Content: Sendable, Hashable {
        case pointer(DNSName)
        case service(priority: UInt16, weight: UInt16, port: UInt16, target: DNSName)
        /// 4 bytes.
        case addressV4([UInt8])
        /// 16 bytes.
        case addressV6([UInt8])
        /// Strings of at most 255 bytes. None at all is against RFC 1035, but Go Micro sends it.
        case text([[UInt8]])
        /// A record of another type: its data as they came. Names inside are not decompressed.
        case other(DNSType, [UInt8])
    }

    package init(name: DNSName, classField: UInt16 = DNSClass.internet, lifetime: UInt32, _ content: Content) {
        self.name = name
        self.classField = classField
        self.lifetime = lifetime
        self.content = content
    }

    package var type: DNSType {
        switch content {
        case .pointer: .pointer
        case .service: .service
        case .addressV4: .addressV4
        case .addressV6: .addressV6
        case .text: .text
        case .other(let type, _): type
        }
    }
}

/// The type of a record, or of what a question asks for.
package struct DNSType: RawRepresentable, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let addressV4 = DNSType(rawValue: 1)
    package static let pointer = DNSType(rawValue: 12)
    package static let text = DNSType(rawValue: 16)
    package static let addressV6 = DNSType(rawValue: 28)
    package static let service = DNSType(rawValue: 33)
    /// In questions: all there is.
    package static let any = DNSType(rawValue: 255)
}

/// The class field of questions and records.
package enum DNSClass {
    package static let internet: UInt16 = 1
    package static let any: UInt16 = 255
    /// In multicast DNS not part of the class: "answer by unicast" in a question, "flush the cache" in a record.
    package static let topBit: UInt16 = 0x8000
}
