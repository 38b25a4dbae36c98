import Bytes

/// A way to compress content that the gateway knows (RFC 9110, 8.4.1).
package enum ContentCoding: Sendable, CaseIterable {
    case gzip, deflate

    package var name: StaticString {
        switch self {
        case .gzip: "gzip"
        case .deflate: "deflate"
        }
    }

    /// The coding of this name, whatever its case. `x-gzip` is gzip.
    package init?(_ name: Span<UInt8>) {
        if name.equalsIgnoringCase("gzip") || name.equalsIgnoringCase("x-gzip") {
            self = .gzip
        } else if name.equalsIgnoringCase("deflate") {
            self = .deflate
        } else {
            return nil
        }
    }
}

/// What a client says in `Accept-Encoding` (RFC 9110, 12.5.3). Reading it allocates nothing.
package struct AcceptedCodings: Sendable, Equatable {
    // Weights in thousandths; nil for what is not named.
    private var gzip: Int?
    private var deflate: Int?
    private var identity: Int?
    private var others: Int?

    /// A weight that is none counts as 0: better no compression than one that nobody asked for.
    package init(_ fields: borrowing HeaderFields) {
        guard fields.contains(.acceptEncoding) else { return }
        let bytes = fields.lines.span
        for entry in fields.entries where entry.name == .acceptEncoding {
            var items = ListItems(entry.valueRange)
            while let item = items.next(in: bytes) { take(bytes.extracting(item)) }
        }
    }

    /// The coding that the client likes best; nil for none. Content as it is comes last, unless the client ranks it.
    package var preferred: ContentCoding? {
        let gzip = gzip ?? others ?? 0
        let deflate = deflate ?? others ?? 0
        let best = max(gzip, deflate)
        guard best > 0, best >= identity ?? 0 else { return nil }
        return gzip == best ? .gzip : .deflate
    }

    /// Whether the client refuses content as it is.
    package var refusesIdentity: Bool { (identity ?? (others == 0 ? 0 : 1)) == 0 }

    private mutating func take(_ item: Span<UInt8>) {
        let end = item.first(.semicolon) ?? item.count
        let name = item.extracting(item.trimmingBlanks(0..<end))
        let weight = Self.weight(item.extracting(end..<item.count))
        if let coding = ContentCoding(name) {
            switch coding {
            case .gzip: gzip = max(gzip ?? 0, weight)
            case .deflate: deflate = max(deflate ?? 0, weight)
            }
        } else if name.equalsIgnoringCase("identity") {
            identity = max(identity ?? 0, weight)
        } else if name.equalsIgnoringCase("*") {
            others = max(others ?? 0, weight)
        }
    }

    /// The weight in `;q=0.5`, in thousandths (RFC 9110, 12.4.2); 1000 when there is none.
    private static func weight(_ parameter: Span<UInt8>) -> Int {
        let range = parameter.trimmingBlanks(0..<parameter.count)
        guard range.count > 1 else { return range.isEmpty ? 1_000 : 0 }
        let text = parameter.extracting(parameter.trimmingBlanks((range.lowerBound + 1)..<range.upperBound))
        guard text.count > 2, text.hasPrefixIgnoringCase("q="), text[2] == 0x30 || text[2] == 0x31 else { return 0 }
        var weight = text[2] == 0x31 ? 1_000 : 0
        guard text.count > 3 else { return weight }
        guard text[3] == .dot, text.count <= 7 else { return 0 }
        var unit = 100
        for index in 4..<text.count {
            guard text[index].isDigit else { return 0 }
            weight += Int(text[index] - 0x30) * unit
            unit /= 10
        }
        return weight <= 1_000 ? weight : 0
    }
}
