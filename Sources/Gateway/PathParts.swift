internal import HTTP

/// The segments of a request's path: `/a/b` has two, `/a/` a second one that is empty, and `/` has none.
struct PathParts {
    /// More are no path that a template could match without its `**`; that takes as many.
    private static let maximumSegments = 256

    private let encoded: [String]
    let segments: [String]

    init?(_ path: Span<UInt8>) {
        if let canonical = PercentEncoding.canonicalPath(path) {
            self.init(canonical: canonical.utf8.span)
        } else {
            self.init(canonical: path)
        }
    }

    /// Every request whose path is not remembered gets here, so bytes are compared, and not characters.
    private init?(canonical path: Span<UInt8>) {
        let slash = UInt8(ascii: "/")
        guard path.first(slash) == 0 else { return nil }
        var encoded: [String] = []
        encoded.reserveCapacity(4)
        var start = 1
        while start < path.count || (start == path.count && start > 1), encoded.count <= Self.maximumSegments {
            let end = path.first(slash, from: start) ?? path.count
            encoded.append(String(path.extracting(start..<end)))
            start = end + 1
        }
        self.init(encoded, hasEscapes: path.first(UInt8(ascii: "%")) != nil)
    }

    private init?(_ encoded: [String], hasEscapes: Bool = true) {
        guard encoded.count <= Self.maximumSegments else { return nil }
        guard hasEscapes else {
            self.encoded = encoded
            segments = encoded
            return
        }
        var segments: [String] = []
        segments.reserveCapacity(encoded.count)
        for part in encoded {
            guard part.utf8.contains(UInt8(ascii: "%")) else {
                segments.append(part)
                continue
            }
            guard let decoded = PercentEncoding.decode(part) else { return nil }
            segments.append(decoded)
        }
        self.encoded = encoded
        self.segments = segments
    }

    /// The whole path, decoded. An encoded slash stays encoded, so that it can be told from one between segments.
    var text: String { "/" + encoded.map(Self.decodedBesidesSlashes).joined(separator: "/") }

    /// The word after the last colon, and the parts of the path before it.
    var withoutVerb: (verb: String, parts: PathParts)? {
        guard let last = encoded.last, let colon = last.lastIndex(of: ":"),
            let verb = PercentEncoding.decode(String(last[last.index(after: colon)...])),
            let parts = PathParts(encoded.dropLast() + [String(last[..<colon])])
        else { return nil }
        return (verb, parts)
    }

    /// What the variables of a template that matches stand for.
    func fields(of template: PathTemplate) -> [(name: String, value: String)] {
        let surplus = segments.count - template.segments.count
        let rest = template.segments.firstIndex(of: .rest) ?? Int.max
        var fields: [(name: String, value: String)] = []
        for variable in template.variables {
            let start = variable.segments.lowerBound + (variable.segments.lowerBound > rest ? surplus : 0)
            let end = variable.segments.upperBound + (variable.segments.upperBound > rest ? surplus : 0)
            let isOneSegment = variable.segments.count == 1 && template.segments[variable.segments.lowerBound] != .rest
            let value =
                isOneSegment
                ? segments[start] : encoded[start..<end].map(Self.decodedBesidesSlashes).joined(separator: "/")
            if !value.isEmpty { fields.append((variable.field, value)) }
        }
        return fields
    }

    /// In a value of several segments an encoded slash stays encoded, so that it can be told from one between segments.
    private static func decodedBesidesSlashes(_ segment: String) -> String {
        guard segment.utf8.contains(UInt8(ascii: "%")) else { return segment }
        var pieces: [String] = []
        var start = segment.startIndex
        var index = segment.startIndex
        while index < segment.endIndex {
            let tail = segment[index...]
            guard tail.hasPrefix("%2F") || tail.hasPrefix("%2f") else {
                index = segment.index(after: index)
                continue
            }
            let end = segment.index(index, offsetBy: 3)
            pieces += [PercentEncoding.decode(String(segment[start..<index])) ?? "", String(segment[index..<end])]
            (start, index) = (end, end)
        }
        pieces.append(PercentEncoding.decode(String(segment[start...])) ?? "")
        return pieces.joined()
    }
}
