import Bytes

/// Whether the content of an answer is compressed on its way to the client.
package enum CodingChoice: Sendable, Equatable {
    /// Never, whatever the client accepts.
    case asItIs
    /// Not for this client, but for others: caches must know.
    case notForThisClient
    case coded(ContentCoding)
}

extension ResponseHead {
    /// Decides by the rules of RFC 9110, 8.4 and 12.5.3, and RFC 9111, 5.2.2.6.
    ///
    /// Compressed is what gains by it: text in the widest sense, of some length. Streams of messages are not, because they
    /// would have to be flushed after each; nor is what is encoded already, a part of something, or signed as it is.
    ///
    /// - Parameters:
    ///   - body: How the content comes. For HEAD without content, the length in the head counts.
    ///   - minimum: Shorter content stays as it is, in bytes. What has no length yet counts as long.
    package func codingChoice(
        for request: borrowing RequestHead, body: BodyFraming, minimum: Int
    ) -> CodingChoice {
        if status == .notModified { return isCompressible ? .notForThisClient : .asItIs }
        guard !status.isInformational, !status.forbidsContent, status != .partialContent else { return .asItIs }
        let length = length(body, isHead: request.method == .head)
        if length == 0 { return .asItIs }
        let accepted = AcceptedCodings(request.fields)
        guard length.map({ $0 >= minimum }) ?? true || accepted.refusesIdentity else { return .asItIs }
        guard isCompressible, !isFixed, !request.fields.hasToken("no-transform", in: .cacheControl) else {
            return .asItIs
        }
        return accepted.preferred.map { .coded($0) } ?? .notForThisClient
    }

    /// Nil when it is not known.
    private func length(_ body: BodyFraming, isHead: Bool) -> Int? {
        switch body {
        case .length(let length): length
        case .none: isHead && !fields.contains(.transferEncoding) ? fields.contentLength : 0
        case .chunked, .untilClose: nil
        }
    }

    private var isCompressible: Bool {
        guard let index = fields.firstIndex(of: .contentType) else { return false }
        return MediaType.isCompressible(fields.valueSpan(at: index))
    }

    /// Whether the content must reach the client byte by byte.
    private var isFixed: Bool {
        if fields.contains(.contentEncoding) || fields.hasToken("no-transform", in: .cacheControl) { return true }
        guard fields.contains(.other) else { return false }
        return ["Content-Range", "Content-Digest", "Repr-Digest", "Digest", "Content-MD5"].contains {
            fields[$0] != nil
        }
    }

    /// Changes the fields to what the choice makes true.
    package mutating func declare(_ choice: CodingChoice, answering request: borrowing RequestHead) {
        switch choice {
        case .asItIs: return
        case .notForThisClient:
            addVary()
            // The client compares with what it was given when the content was compressed.
            if status == .notModified, let tag = fields[.etag],
                request.fields[.ifNoneMatch]?.contains("W/\(tag)") == true
            {
                weakenTag()
            }
        case .coded(let coding):
            addVary()
            weakenTag()
            fields.removeAll(.contentLength)
            fields.removeAll(named: "Accept-Ranges")
            fields.set(.contentEncoding, "\(coding.name)")
        }
    }

    private mutating func addVary() {
        guard !fields.hasToken("accept-encoding", in: .vary), !fields.hasToken("*", in: .vary) else { return }
        fields.append(.vary, "Accept-Encoding")
    }

    /// A strong validator promises the same bytes (RFC 9110, 8.8.1), which are others now.
    private mutating func weakenTag() {
        guard let tag = fields[.etag], !tag.hasPrefix("W/") else { return }
        fields.set(.etag, "W/\(tag)")
    }
}

extension MediaType {
    /// Whether content of this type is text in the widest sense, and no stream of messages. Allocates nothing.
    static func isCompressible(_ value: Span<UInt8>) -> Bool {
        let range = value.trimmingBlanks(0..<(value.first(.semicolon) ?? value.count))
        let essence = value.extracting(range)
        // Messages with frames of their own, whatever is in them.
        if essence.hasPrefixIgnoringCase("application/grpc") || essence.hasPrefixIgnoringCase("application/connect+") {
            return false
        }
        switch kind(of: value) {
        case .text: return !essence.ends(with: "ndjson")
        case .json: return !essence.equalsIgnoringCase("application/stream+json")
        case .form: return true
        case .multipart, .protobuf, .grpc, .eventStream, .jsonLines: return false
        case .other:
            return essence.ends(with: "+xml") || essence.ends(with: "/xml") || essence.ends(with: "/javascript")
                || essence.ends(with: "/wasm") || essence.ends(with: "/x-javascript") || essence.ends(with: "/yaml")
                || essence.ends(with: "/openmetrics-text")
        }
    }
}

extension Span<UInt8> {
    fileprivate func ends(with suffix: StaticString) -> Bool {
        let length = suffix.utf8CodeUnitCount
        guard count >= length else { return false }
        return extracting((count - length)..<count).hasPrefixIgnoringCase(suffix)
    }
}
