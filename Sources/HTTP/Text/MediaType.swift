import Bytes

/// A media type as in `Content-Type` (RFC 9110, 8.3.1): what it is, and its character set. Other parameters are read
/// over, and malformed ones end the reading. Costs time in proportion to the text.
package struct MediaType: Sendable, Equatable {
    /// The kinds of content that the gateway treats differently.
    package enum Kind: Sendable {
        /// `application/json`, or a type that ends with `+json`.
        case json
        /// `application/x-www-form-urlencoded`.
        case form
        /// Any `multipart/`.
        case multipart
        /// One JSON value on each line: `application/x-ndjson`, `application/ndjson` or `application/jsonl`.
        case jsonLines
        /// `application/protobuf`, `application/x-protobuf`, `application/proto`, or a type that ends with `+proto`; also
        /// `application/octet-stream`, as Go Micro's clients have it.
        case protobuf
        /// `application/grpc`, alone or with a suffix such as `+json`.
        case grpc
        /// `text/event-stream`.
        case eventStream
        /// Any other `text/`.
        case text
        /// All the rest, and what is no media type at all.
        case other
    }

    /// What the gateway makes of it.
    package let kind: Kind
    /// Type and subtype in lower case, such as `text/plain`.
    package let essence: String
    /// In lower case and without quotes; nil if there is none.
    package let charset: String?

    /// Nil when the text does not begin with a type and a subtype.
    package init?(_ text: String) { self.init(text.utf8.span) }

    /// Nil when the bytes do not begin with a type and a subtype.
    package init?(_ bytes: Span<UInt8>) {
        guard let range = Self.essenceRange(bytes) else { return nil }
        essence = String(bytes.extracting(range)).lowercased()
        kind = Self.kind(ofEssence: bytes.extracting(range))
        charset = Self.charset(bytes, from: range.upperBound)
    }

    package var isJSON: Bool { kind == .json }
    package var isForm: Bool { kind == .form }
    package var isProtobuf: Bool { kind == .protobuf }
    package var isGRPC: Bool { kind == .grpc }

    /// The kind of content without making text of it, for code that runs on every request.
    package static func kind(of value: Span<UInt8>) -> Kind {
        // What nearly all calls are.
        if value.equals("application/json") { return .json }
        guard let range = essenceRange(value) else { return .other }
        return kind(ofEssence: value.extracting(range))
    }

    private static func essenceRange(_ bytes: Span<UInt8>) -> Range<Int>? {
        let range = bytes.trimmingBlanks(0..<(bytes.first(.semicolon) ?? bytes.count))
        let essence = bytes.extracting(range)
        guard let slash = essence.first(.slash) else { return nil }
        guard essence.extracting(0..<slash).isToken else { return nil }
        guard essence.extracting((slash + 1)..<essence.count).isToken else { return nil }
        return range
    }

    private static func kind(ofEssence essence: Span<UInt8>) -> Kind {
        if essence.count == 16, essence.hasPrefixIgnoringCase("application/json") { return .json }
        if essence.hasPrefixIgnoringCase("text/event-stream"), essence.count == 17 { return .eventStream }
        if essence.hasPrefixIgnoringCase("text/") { return .text }
        if essence.hasPrefixIgnoringCase("multipart/") { return .multipart }
        if essence.hasPrefixIgnoringCase("application/grpc") {
            if essence.count == 16 || essence[16] == 0x2b { return .grpc }
        }
        if ends(essence, with: "/json") || ends(essence, with: "+json") { return .json }
        if ends(essence, with: "/x-www-form-urlencoded") { return .form }
        if ends(essence, with: "/x-ndjson") || ends(essence, with: "/ndjson") || ends(essence, with: "/jsonl") {
            return .jsonLines
        }
        return isProtobuf(essence) ? .protobuf : .other
    }

    private static func isProtobuf(_ essence: Span<UInt8>) -> Bool {
        ends(essence, with: "/protobuf") || ends(essence, with: "/x-protobuf") || ends(essence, with: "+proto")
            || ends(essence, with: "/proto") || ends(essence, with: "/octet-stream")
    }

    private static func ends(_ essence: Span<UInt8>, with suffix: StaticString) -> Bool {
        let length = suffix.utf8CodeUnitCount
        guard essence.count >= length else { return false }
        return essence.extracting((essence.count - length)..<essence.count).hasPrefixIgnoringCase(suffix)
    }

    /// Goes through `; name=value` once, from left to right.
    private static func charset(_ bytes: Span<UInt8>, from start: Int) -> String? {
        var index = start
        while let semicolon = bytes.first(.semicolon, from: index) {
            index = semicolon + 1
            while index < bytes.count, bytes[index].isBlank { index += 1 }
            let nameStart = index
            while index < bytes.count, bytes[index].isTokenByte { index += 1 }
            let isCharset = bytes.extracting(nameStart..<index).equalsIgnoringCase("charset")
            guard index < bytes.count, bytes[index] == .equals else { continue }
            guard let value = parameterValue(bytes, at: &index) else { return nil }
            if isCharset { return value.isEmpty ? nil : String(decoding: value, as: UTF8.self).lowercased() }
        }
        return nil
    }

    /// The value after the equals sign at `index`, which is moved behind it. Nil when it is malformed.
    private static func parameterValue(_ bytes: Span<UInt8>, at index: inout Int) -> [UInt8]? {
        var value: [UInt8] = []
        index += 1
        guard index < bytes.count, bytes[index] == .quote else {
            while index < bytes.count, bytes[index].isTokenByte {
                value.append(bytes[index])
                index += 1
            }
            return value
        }
        index += 1
        while index < bytes.count, bytes[index] != .quote {
            if bytes[index] == .backslash { index += 1 }
            guard index < bytes.count else { return nil }
            value.append(bytes[index])
            index += 1
        }
        guard index < bytes.count else { return nil }
        index += 1
        return value
    }
}

extension HeaderFields {
    /// What kind of content `Content-Type` names; nil when it is absent, or says nothing. Allocates nothing.
    package var contentKind: MediaType.Kind? {
        guard let index = firstIndex(of: .contentType) else { return nil }
        let value = valueSpan(at: index)
        return value.isEmpty ? nil : MediaType.kind(of: value)
    }
}
