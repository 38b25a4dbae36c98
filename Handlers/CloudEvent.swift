internal import Bytes
package import JSON

/// An event in the form of CloudEvents 1.0. What comes in version 0.1, which is all that Micro v2 knew, is brought to it.
package struct CloudEvent: Equatable {
    /// The version that is published.
    package static let version = "1.0"

    /// What the event is about.
    package enum Content: Equatable {
        case none
        case json(JSONValue)
        case text(String)
        case binary([UInt8])
    }

    /// Together with `source` unlike that of any other event.
    package var id: String
    /// A reference to where it comes from.
    package var source: String
    package var type: String
    /// All other attributes in the order in which they are written: `time`, `subject`, `datacontenttype`, `dataschema`,
    /// and extensions. Strings, truth values and whole numbers.
    package var attributes: JSONObject
    package var content: Content

    package init(
        id: String, source: String, type: String, attributes: JSONObject = JSONObject(), content: Content = .none
    ) {
        self.id = id
        self.source = source
        self.type = type
        self.attributes = attributes
        self.content = content
    }

    /// The event as one JSON object, the structured mode of JSON.
    package var json: JSONValue {
        var object: JSONObject = [
            "specversion": .string(Self.version), "id": .string(id), "source": .string(source), "type": .string(type),
        ]
        for (name, value) in attributes { object[name] = value }
        switch content {
        case .none: break
        case .json(let value): object["data"] = value
        case .text(let text): object["data"] = .string(text)
        case .binary(let bytes): object["data_base64"] = .string(Base64.encode(bytes.span))
        }
        return .object(object)
    }
}

/// Why something is no event, as a sentence for the client.
package struct CloudEventProblem: Error, Equatable {
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
}

/// The rules for attributes (CloudEvents 1.0, section 3).
enum CloudEventAttribute {
    /// Attributes of the specification itself, which no extension may be called.
    static let own: Set<String> = [
        "specversion", "id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "data",
        "data_base64",
    ]

    /// Lower-case letters and digits.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) }
    }

    /// A name of version 0.1 as one of version 1.0. Nil when nothing is left of it.
    static func name(of old: String) -> String? {
        let name = old.lowercased().filter { isName(String($0)) }
        if name.isEmpty { return nil }
        return own.contains(name) ? "x\(name)" : name
    }

    /// A value of version 0.1 as one of version 1.0: what is no simple value becomes its own text in JSON.
    static func value(of old: JSONValue) -> JSONValue? {
        switch old {
        case .null: nil
        case .string, .bool: old
        case .number: old.isInteger32 ? old : .string(old.text())
        case .array, .object: .string(old.text(JSONStyle(escapesHTML: false)))
        }
    }

    /// A reference as URIs have it, as far as can be told without knowing its scheme.
    static func isReference(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && !"<>\"{}|\\^`".utf8.contains($0) }
    }

    /// A moment of RFC 3339, such as `2020-04-01T12:00:00.5+02:00`.
    static func isTime(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let digits = { (range: Range<Int>) in
            range.upperBound <= bytes.count && bytes[range].allSatisfy { (0x30...0x39).contains($0) }
        }
        let value = { (range: Range<Int>) in bytes[range].reduce(0) { $0 * 10 + Int($1 - 0x30) } }
        guard bytes.count >= 20, [0..<4, 5..<7, 8..<10, 11..<13, 14..<16, 17..<19].allSatisfy(digits) else {
            return false
        }
        let marks = [bytes[4], bytes[7], bytes[10] | 0x20, bytes[13], bytes[16]]
        guard marks == Array("--t::".utf8), (1...12).contains(value(5..<7)), (1...31).contains(value(8..<10)),
            value(11..<13) < 24, value(14..<16) < 60, value(17..<19) <= 60
        else { return false }
        var index = 19
        if bytes[index] == 0x2e {
            let end = bytes[(index + 1)...].firstIndex { !(0x30...0x39).contains($0) } ?? bytes.count
            guard end > index + 1, end < bytes.count else { return false }
            index = end
        }
        if bytes[index] | 0x20 == 0x7a { return index + 1 == bytes.count }
        guard bytes[index] == 0x2b || bytes[index] == 0x2d, bytes.count == index + 6, bytes[index + 3] == 0x3a,
            digits(index + 1..<index + 3), digits(index + 4..<index + 6)
        else { return false }
        return value(index + 1..<index + 3) < 24 && value(index + 4..<index + 6) < 60
    }
}

extension JSONValue {
    /// Whether it is a whole number that fits where CloudEvents has integers.
    var isInteger32: Bool { intValue.flatMap { Int32(exactly: $0) } != nil }
}
