/// A domain name: labels of bytes. Names are compared byte for byte, upper and lower case differ, as Go Micro has it.
package struct DNSName: Sendable, Hashable {
    /// The longest label, in bytes (RFC 1035, 2.3.4).
    package static let maximumLabelLength = 63
    /// The longest name, in bytes on the wire (RFC 1035, 2.3.4).
    package static let maximumLength = 255

    package static let root = DNSName(wire: [0])

    /// The name as it is written without compression: each label after its length, then a zero.
    package let wire: [UInt8]

    /// Takes what is known to be well-formed.
    init(wire: [UInt8]) { self.wire = wire }

    /// Reads the usual form with dots, with or without the last one.
    ///
    /// A dot or backslash inside a label is written after a backslash, and any byte as a backslash and three digits.
    package init(_ text: String) throws(DNSProblem) {
        var wire: [UInt8] = []
        var label: [UInt8] = []
        var rest = Array(text.utf8)[...]
        if text == "." { rest = [] }
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "."):
                try Self.append(label, to: &wire)
                label = []
            case UInt8(ascii: "\\"): label.append(try Self.unescape(&rest))
            default: label.append(byte)
            }
        }
        if !label.isEmpty { try Self.append(label, to: &wire) }
        wire.append(0)
        guard wire.count <= Self.maximumLength else { throw .nameTooLong }
        self.wire = wire
    }

    private static func append(_ label: [UInt8], to wire: inout [UInt8]) throws(DNSProblem) {
        guard !label.isEmpty else { throw .emptyLabel }
        guard label.count <= maximumLabelLength else { throw .labelTooLong(bytes: label.count) }
        wire.append(UInt8(label.count))
        wire += label
    }

    /// Reads what stands after a backslash.
    private static func unescape(_ rest: inout ArraySlice<UInt8>) throws(DNSProblem) -> UInt8 {
        guard let first = rest.popFirst() else { throw .malformedEscape }
        guard first.isDigit else { return first }
        guard rest.count >= 2, let second = rest.popFirst(), let third = rest.popFirst(), second.isDigit, third.isDigit
        else { throw .malformedEscape }
        let value = Int(first - 0x30) * 100 + Int(second - 0x30) * 10 + Int(third - 0x30)
        guard let byte = UInt8(exactly: value) else { throw .malformedEscape }
        return byte
    }

    package var labels: [ArraySlice<UInt8>] {
        var labels: [ArraySlice<UInt8>] = []
        var position = 0
        while wire[position] != 0 {
            let end = position + 1 + Int(wire[position])
            labels.append(wire[(position + 1)..<end])
            position = end
        }
        return labels
    }

    /// What stands before `suffix`, without a dot at the end: `a.b` before `c.` in `a.b.c.`.
    ///
    /// Nil when the name does not end so, or is the suffix itself.
    package func text(before suffix: DNSName) -> String? {
        let cut = wire.count - suffix.wire.count
        guard cut > 0, wire[cut...].elementsEqual(suffix.wire) else { return nil }
        var position = 0
        while position < cut { position += 1 + Int(wire[position]) }
        guard position == cut else { return nil }  // The suffix begins in the middle of a label.
        return DNSName(wire: wire[..<cut] + [0]).text
    }

    /// The labels with dots between them, without one at the end.
    private var text: String {
        labels.map(Self.text(of:)).joined(separator: ".")
    }

    /// Escapes what would be read as something else, and what no terminal should be shown.
    private static func text(of label: ArraySlice<UInt8>) -> String {
        let isText = String(validating: label, as: UTF8.self) != nil
        var escaped: [UInt8] = []
        for byte in label {
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "\\"): escaped += [UInt8(ascii: "\\"), byte]
            case 0..<0x20, 0x7F: escaped += byte.escaped
            case 0x80... where !isText: escaped += byte.escaped
            default: escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}

extension DNSName: CustomStringConvertible {
    /// The usual form, with a dot at the end.
    package var description: String { "\(text)." }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }

    /// A backslash and three digits.
    fileprivate var escaped: [UInt8] {
        [UInt8(ascii: "\\"), 0x30 + self / 100, 0x30 + self / 10 % 10, 0x30 + self % 10]
    }
}
