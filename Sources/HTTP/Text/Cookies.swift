/// Reading of `Cookie` (RFC 6265, 4.2). Costs time in proportion to the field's length, whatever is in it.
package enum Cookies {
    /// The value of the first cookie with this name, on any line; nil when there is none. Names have a case.
    package static func value(of name: String, in fields: borrowing HeaderFields) -> String? {
        guard fields.contains(.cookie) else { return nil }
        for place in 0..<fields.count where fields.knownName(at: place) == .cookie {
            let bytes = fields.valueSpan(at: place)
            var start = 0
            while start < bytes.count {
                let end = bytes.first(.semicolon, from: start) ?? bytes.count
                if let value = value(of: name, in: bytes.extracting(start..<end)) { return value }
                start = end + 1
            }
        }
        return nil
    }

    private static func value(of name: String, in pair: Span<UInt8>) -> String? {
        guard let sign = pair.first(.equals) else { return nil }
        guard pair.extracting(pair.trimmingBlanks(0..<sign)).equals(name.utf8.span) else { return nil }
        return String(pair.extracting(pair.trimmingBlanks((sign + 1)..<pair.count)))
    }
}
