import Gateway
import HTTP

/// The segments of a request's path in canonical form: no empty ones, no `.` and `..`, however these were encoded.
///
/// They stay encoded until one becomes a name. So a resolver that takes the first segment does not mind what a
/// backend's own paths have in theirs.
struct PathSegments {
    private let segments: [String]

    /// - Throws: `.notFound` when there is no segment: the root, `OPTIONS *` and `CONNECT` name no service.
    init(of head: RequestHead) throws(GatewayError) {
        if let path = PercentEncoding.canonicalPath(head.routedSpan) {
            segments = Self.split(path.utf8.span)
        } else {
            segments = Self.split(head.routedSpan)
        }
        guard segments.isEmpty else { return }
        let asked = head.pathSpan.isEmpty ? "A request without a path" : "The path \(head.path)"
        throw GatewayError(.notFound, "\(asked) names no service. Begin the path with one, as in /greeter.")
    }

    /// What stands between the slashes of a canonical path. Most are short enough to need no memory of their own.
    private static func split(_ path: Span<UInt8>) -> [String] {
        var segments: [String] = []
        let slash = UInt8(ascii: "/")
        guard path.count > 1, path[0] == slash else { return segments }
        segments.reserveCapacity(4)
        var start = 1
        for index in 1...path.count where index == path.count || path[index] == slash {
            if index > start { segments.append(String(path.extracting(start..<index))) }
            start = index + 1
        }
        return segments
    }

    var count: Int { segments.count }

    /// The text of one segment, decoded once.
    ///
    /// - Throws: `.badRequest` when it is malformed, or has a slash or a control byte in it: such names could be taken
    ///   for something else by whoever reads them next.
    func name(at index: Int) throws(GatewayError) -> String {
        let segment = segments[index]
        guard segment.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 >= 0x7f || $0 < 0x20 }) else {
            return segment
        }
        guard let name = PercentEncoding.decode(segment) else {
            throw GatewayError(.badRequest, "\(segment) is not percent-encoded UTF-8.")
        }
        if name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 < 0x20 || $0 == 0x7f }) {
            throw GatewayError(.badRequest, "\(segment) stands for a slash or a control byte, which no name has.")
        }
        return name
    }

    /// The endpoint that the last two segments name, or the only one: `say/hello` is `Say.Hello`, and `greeter` is
    /// `Greeter.Call`.
    func endpoint() throws(GatewayError) -> String {
        let last = try name(at: count - 1).camelCased
        return count > 1 ? try "\(name(at: count - 2).camelCased).\(last)" : "\(last).Call"
    }

    /// The name of the service for resolvers that see a version as part of it: the first two segments, joined with a
    /// dot, if the first is a version and not the only one.
    func versionedName() throws(GatewayError) -> String {
        let first = try name(at: 0)
        guard first.isVersion, count > 1 else { return first }
        return try "\(first).\(name(at: 1))"
    }
}

extension String {
    /// Whether this is `v` and digits, as in `/v1/greeter`.
    var isVersion: Bool {
        let bytes = utf8
        return bytes.count > 1 && bytes.first == UInt8(ascii: "v") && bytes.dropFirst().allSatisfy { $0.isDigit }
    }
}

extension UInt8 {
    var isDigit: Bool { self &- 0x30 < 10 }
    var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
}
