/// A pattern for paths, as `google.api.http` and the endpoints of Go Micro's services write it: `/v1/{name=shelves/*}`,
/// `/files/{path=**}`, `/orders/{order.id}:cancel`.
///
///     template = "/" [ segments ] [ ":" verb ]        segments = segment { "/" segment }
///     segment  = "*" | "**" | literal | variable      variable = "{" field { "." field } [ "=" segments ] "}"
///
/// `*` is one segment that is not empty, `**` any number of them, also none; there is at most one `**`. A variable
/// without segments is `*`. Literals are compared with the decoded path, byte for byte; `%` is no escape in them.
package struct PathTemplate: Sendable, Equatable {
    /// What one segment of a path must be; `rest` is any number of segments.
    package enum Segment: Sendable, Equatable {
        case literal(String)
        case one
        case rest
    }

    /// A part of the path that becomes a field of the request.
    package struct Variable: Sendable, Equatable {
        /// With dots for fields of fields: `order.id`.
        package let field: String
        /// Which segments of the template it is.
        package let segments: Range<Int>
    }

    /// The most segments of a template.
    package static let maximumSegments = 32

    package let segments: [Segment]
    package let variables: [Variable]
    /// What follows the last segment after a colon: a word of its own, and no part of any segment.
    package let verb: String?

    /// - Throws: What is wrong with it.
    package init(_ text: String) throws(Malformed) {
        let bytes = Array(text.utf8)
        guard bytes.first == UInt8(ascii: "/") else { throw Malformed("it does not begin with a slash") }
        let colon = Self.verbColon(bytes)
        verb = try colon.map { colon throws(Malformed) in
            guard bytes[colon - 1] != UInt8(ascii: "/") else {
                throw Malformed("there is nothing before :; variables are written {name}")
            }
            return try PathTemplateReader.literal(bytes[(colon + 1)...])
        }
        var reader = PathTemplateReader(bytes[..<(colon ?? bytes.endIndex)])
        try reader.read()
        segments = reader.segments
        variables = reader.variables
    }

    /// The colon before the verb: the last one of the last segment, outside of variables.
    private static func verbColon(_ bytes: [UInt8]) -> Int? {
        for index in bytes.indices.reversed() {
            switch bytes[index] {
            case UInt8(ascii: ":"): return index
            case UInt8(ascii: "/"), UInt8(ascii: "}"): return nil
            default: continue
            }
        }
        return nil
    }

    /// Why a text is no template, as the end of a sentence.
    package struct Malformed: Error, Equatable, CustomStringConvertible {
        package let description: String
        init(_ description: String) { self.description = description }
    }
}

private struct PathTemplateReader {
    private let bytes: ArraySlice<UInt8>
    private var offset: Int
    private(set) var segments: [PathTemplate.Segment] = []
    private(set) var variables: [PathTemplate.Variable] = []

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        offset = bytes.startIndex + 1
    }

    mutating func read() throws(PathTemplate.Malformed) {
        guard offset < bytes.endIndex else { return }
        try readSegments(within: nil)
        guard offset == bytes.endIndex else { throw PathTemplate.Malformed("there is a } without a {") }
    }

    /// - Parameter variable: The field whose segments these are; nil outside of variables.
    private mutating func readSegments(within variable: String?) throws(PathTemplate.Malformed) {
        repeat {
            if next == UInt8(ascii: "{") {
                guard variable == nil else { throw PathTemplate.Malformed("a variable lies in another") }
                try readVariable()
            } else {
                let text = take { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "}") }
                // The empty segment at the end is that of a path that ends with a slash.
                let isLast = text.isEmpty && variable == nil && offset == bytes.endIndex
                try append(isLast ? .literal("") : Self.segment(text))
            }
        } while take(UInt8(ascii: "/"))
    }

    private mutating func readVariable() throws(PathTemplate.Malformed) {
        offset += 1
        let name = take { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "}") && $0 != UInt8(ascii: "/") }
        let field = String(decoding: name, as: UTF8.self)
        guard Self.isFieldPath(field) else {
            throw PathTemplate.Malformed("{\(field.prefix(64))} is no name of a field, such as {order.id}")
        }
        let start = segments.count
        if take(UInt8(ascii: "=")) { try readSegments(within: field) } else { try append(.one) }
        guard take(UInt8(ascii: "}")) else { throw PathTemplate.Malformed("the { of \(field) has no }") }
        guard next == nil || next == UInt8(ascii: "/") else {
            throw PathTemplate.Malformed("a variable is a part of a segment")
        }
        variables.append(PathTemplate.Variable(field: field, segments: start..<segments.count))
    }

    private mutating func append(_ segment: PathTemplate.Segment) throws(PathTemplate.Malformed) {
        guard segments.count < PathTemplate.maximumSegments else {
            throw PathTemplate.Malformed("it has more than \(PathTemplate.maximumSegments) segments")
        }
        if segment == .rest, segments.contains(.rest) { throw PathTemplate.Malformed("it has two **") }
        segments.append(segment)
    }

    private static func segment(_ text: ArraySlice<UInt8>) throws(PathTemplate.Malformed) -> PathTemplate.Segment {
        switch String(decoding: text, as: UTF8.self) {
        case "*": .one
        case "**": .rest
        default: .literal(try literal(text))
        }
    }

    /// - Throws: For what a path cannot have, or what is probably meant as something else.
    static func literal(_ text: ArraySlice<UInt8>) throws(PathTemplate.Malformed) -> String {
        guard !text.isEmpty else { throw PathTemplate.Malformed("it has an empty segment") }
        for byte in text where byte <= 0x20 || byte == 0x7f || "{}?#[]<>\"\\^`|".utf8.contains(byte) {
            throw PathTemplate.Malformed("\(String(decoding: text, as: UTF8.self).prefix(64)) cannot be in a path")
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func isFieldPath(_ text: String) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.utf8.first, first > UInt8(ascii: "9") else { return false }
            return part.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x5f
            }
        }
    }

    private var next: UInt8? { offset < bytes.endIndex ? bytes[offset] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        offset += 1
        return true
    }

    private mutating func take(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = offset
        while let next, isWanted(next) { offset += 1 }
        return bytes[start..<offset]
    }
}
