internal import Bytes

extension HeaderFields {
    /// How much the client wants a media type, in thousandths, where `Accept` lists exactly this type (RFC 9110, 12.5.1).
    /// A weight that is malformed counts as 1. Allocates nothing.
    ///
    /// - Parameter type: In lower case, such as `text/event-stream`, or a range such as `*/*` for that very range.
    /// - Returns: 0 when the type is refused, nil when it is not listed.
    package func acceptedWeight(of type: StaticString) -> Int? {
        var weight: Int?
        for (index, entry) in entries.enumerated() where entry.name == .accept {
            let value = valueSpan(at: index)
            var items = ListItems(0..<value.count)
            while let item = items.next(in: value) {
                guard let found = Self.weight(of: type, in: value.extracting(item)) else { continue }
                weight = max(weight ?? 0, found)
            }
        }
        return weight
    }

    /// Of one item, `type/subtype;parameter;q=0.5`; nil when it is for another type.
    private static func weight(of type: StaticString, in item: Span<UInt8>) -> Int? {
        var end = item.first(.semicolon) ?? item.count
        let essence = item.extracting(item.trimmingBlanks(0..<end))
        guard essence.count == type.utf8CodeUnitCount, essence.hasPrefixIgnoringCase(type) else { return nil }
        while end < item.count {
            let next = item.first(.semicolon, from: end + 1) ?? item.count
            let parameter = item.extracting(item.trimmingBlanks((end + 1)..<next))
            if parameter.count >= 2, parameter.hasPrefixIgnoringCase("q=") {
                return thousandths(parameter.extracting(2..<parameter.count))
            }
            end = next
        }
        return 1_000
    }

    /// `1`, `0.5` or `0.333`.
    private static func thousandths(_ digits: Span<UInt8>) -> Int {
        guard digits.count > 0, digits.count <= 5, digits[0] == 0x30 else { return 1_000 }
        guard digits.count > 1 else { return 0 }
        guard digits[1] == .dot else { return 1_000 }
        var (weight, unit) = (0, 100)
        for index in 2..<digits.count {
            guard digits[index].isDigit else { return 1_000 }
            weight += Int(digits[index] &- 0x30) * unit
            unit /= 10
        }
        return weight
    }
}
