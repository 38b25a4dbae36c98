import Bytes

/// Makes heads of decoded fields (RFC 9113, 8.2 and 8.3), and refuses all that others might read otherwise.
///
/// Whoever calls this has looked at `HPACKFieldList.isOverLimit` before. All refusals are PROTOCOL_ERROR of the stream.
package enum HTTP2Header {
    /// Makes the head of a request: the target in origin form, and the host in one `Host` field.
    ///
    /// Cookies in several fields are joined, as HTTP/1.1 needs them (8.2.3), and names are spelled as it spells them. A
    /// request for a WebSocket (RFC 8441) becomes a GET, which it would be in HTTP/1.1.
    ///
    /// - Parameters:
    ///   - endsStream: Whether no content follows.
    ///   - head: What it held before is overwritten; after an error it means nothing.
    /// - Returns: What an extended CONNECT asks for; nil for any other request.
    @discardableResult
    package static func readRequest(
        _ list: borrowing HPACKFieldList, stream: UInt32, endsStream: Bool, into head: inout RequestHead
    ) throws(HTTP2Error) -> ConnectProtocol? {
        let pseudo = try PseudoFields(list, stream: stream)
        guard let methodIndex = pseudo.method, let method = Method(list.valueSpan(at: methodIndex)) else {
            throw .malformed(stream, "The method is missing or no token.")
        }
        let connect = try connectProtocol(list, pseudo, method, stream: stream)
        try readTarget(list, pseudo, method, stream: stream, into: &head)
        if let index = pseudo.authority {
            guard Authority.isValid(list.valueSpan(at: index)) else {
                throw .malformed(stream, "The authority does not name one host.")
            }
            try append(.host, list.valueSpan(at: index), stream: stream, to: &head.fields)
        }
        let hosts = head.fields.count
        for index in pseudo.count..<list.count { try appendRegular(list, index, stream: stream, to: &head.fields) }
        try checkHost(&head.fields, named: hosts, stream: stream)
        try checkLength(head.fields, endsStream: endsStream, stream: stream)
        try joinCookies(&head.fields, stream: stream)
        guard let connect else { return nil }
        // What follows is no content, so nothing can say how long it is.
        guard !head.fields.contains(.contentLength) else { throw .malformed(stream, "A tunnel has no length.") }
        head.method = connect == .webSocket ? .get : .connect
        return connect
    }

    /// What is to be spoken, when the request is an extended CONNECT (RFC 8441, 4).
    private static func connectProtocol(
        _ list: borrowing HPACKFieldList, _ pseudo: PseudoFields, _ method: Method, stream: UInt32
    ) throws(HTTP2Error) -> ConnectProtocol? {
        guard let index = pseudo.protocolName else { return nil }
        guard method == .connect else { throw .malformed(stream, "Only CONNECT names a protocol.") }
        let name = list.valueSpan(at: index)
        guard name.isToken else { throw .malformed(stream, "The protocol is no token.") }
        return name.equalsIgnoringCase("websocket") ? .webSocket : .other
    }

    /// Adds the fields after the content (8.1): no pseudo fields among them.
    package static func readTrailers(
        _ list: borrowing HPACKFieldList, stream: UInt32, into fields: inout HeaderFields
    ) throws(HTTP2Error) {
        for index in 0..<list.count { try appendRegular(list, index, stream: stream, to: &fields) }
    }

    /// Makes the head of a response, interim ones among them. The head says HTTP/1.1, for that is what it means.
    ///
    /// - Parameter head: What it held before is overwritten; after an error it means nothing.
    package static func readResponse(
        _ list: borrowing HPACKFieldList, stream: UInt32, into head: inout ResponseHead
    ) throws(HTTP2Error) {
        guard list.count > 0, list.nameSpan(at: 0).equals(":status"), let status = status(list.valueSpan(at: 0)),
            status != .switchingProtocols
        else { throw .malformed(stream, "The status is missing or no number.") }
        head.restart(status, version: .http11)
        for index in 1..<list.count { try appendRegular(list, index, stream: stream, to: &head.fields) }
        guard !head.fields.contains(.contentLength) || head.fields.contentLength != nil else {
            throw .malformed(stream, "The Content-Length field must be one number.")
        }
    }

    private static func status(_ value: Span<UInt8>) -> Status? {
        guard value.count == 3 else { return nil }
        var code = 0
        for index in value.indices {
            guard value[index].isDigit else { return nil }
            code = code * 10 + Int(value[index] &- 0x30)
        }
        return Status(code)
    }

    // MARK: Target

    private static func readTarget(
        _ list: borrowing HPACKFieldList, _ pseudo: PseudoFields, _ method: Method, stream: UInt32,
        into head: inout RequestHead
    ) throws(HTTP2Error) {
        if method == .connect, pseudo.protocolName == nil {
            guard pseudo.scheme == nil, pseudo.path == nil, let index = pseudo.authority else {
                throw .malformed(stream, "CONNECT has an authority, no scheme and no path.")
            }
            return try restart(&head, method, list.valueSpan(at: index), stream: stream)
        }
        guard let scheme = pseudo.scheme, let path = pseudo.path else {
            throw .malformed(stream, "The scheme or the path is missing.")
        }
        // Which of the two says nothing about this connection: proxies before us may have ended TLS.
        let schemeSpan = list.valueSpan(at: scheme)
        guard schemeSpan.equalsIgnoringCase("https") || schemeSpan.equalsIgnoringCase("http") else {
            throw .malformed(stream, "The scheme is neither http nor https.")
        }
        // The other forms of a target are for HTTP/1.1 only (8.3.1).
        let target = list.valueSpan(at: path)
        guard !target.isEmpty, target[0] == .slash || target[0] == .asterisk else {
            throw .malformed(stream, "The path does not begin with a slash.")
        }
        // An extended CONNECT names a resource like any other request (RFC 8441, 4).
        try restart(&head, method == .connect ? .get : method, target, stream: stream)
    }

    private static func restart(
        _ head: inout RequestHead, _ method: Method, _ target: Span<UInt8>, stream: UInt32
    ) throws(HTTP2Error) {
        let parts: TargetParts
        do throws(RequestProblem) {
            parts = try TargetParts(checking: target, method: method, isSecure: false)
        } catch {
            throw .malformed(stream, "The path or the authority is malformed.")
        }
        head.restart(method: method, target: target, parts: parts, version: .http2)
    }

    // MARK: Fields

    private static func appendRegular(
        _ list: borrowing HPACKFieldList, _ index: Int, stream: UInt32, to fields: inout HeaderFields
    ) throws(HTTP2Error) {
        let name = list.nameSpan(at: index)
        let known = FieldName.of(name)
        switch known {
        case .connection, .proxyConnection, .keepAlive, .transferEncoding, .upgrade:
            throw .malformed(stream, "A field is about the connection.")
        case .te:
            guard list.valueSpan(at: index).equalsIgnoringCase("trailers") else {
                throw .malformed(stream, "TE says more than trailers.")
            }
        default: break
        }
        do throws(HeaderFields.Malformed) {
            try fields.append(lowerCase: name, known: known, value: list.valueSpan(at: index))
        } catch {
            throw .malformed(stream, "A field's name or value has bytes that it may not have.")
        }
    }

    private static func append(
        _ name: FieldName, _ value: Span<UInt8>, stream: UInt32, to fields: inout HeaderFields
    ) throws(HTTP2Error) {
        do throws(HeaderFields.Malformed) {
            try fields.append(name, untrusted: value)
        } catch {
            throw .malformed(stream, "A field's name or value has bytes that it may not have.")
        }
    }

    // MARK: Whole head

    /// One host: `:authority`, or `host`, or both saying the same (8.3.1); then one is kept.
    ///
    /// - Parameter named: How many fields `:authority` has become.
    private static func checkHost(
        _ fields: inout HeaderFields, named: Int, stream: UInt32
    ) throws(HTTP2Error) {
        let count = fields.count(of: .host)
        guard count > 0, count <= named + 1, let first = fields.firstIndex(of: .host),
            Authority.isValid(fields.valueSpan(at: first))
        else { throw .malformed(stream, "The request must name one host.") }
        guard count == 2 else { return }
        var last = first + 1
        while fields.knownName(at: last) != .host { last += 1 }
        guard fields.valueSpan(at: first).equalsIgnoringCase(fields.valueSpan(at: last)) else {
            throw .malformed(stream, "The authority and the Host field name two hosts.")
        }
        let authority = fields.value(at: first)
        fields.set(.host, authority)
    }

    private static func checkLength(
        _ fields: borrowing HeaderFields, endsStream: Bool, stream: UInt32
    ) throws(HTTP2Error) {
        guard fields.contains(.contentLength) else { return }
        guard let length = fields.contentLength else {
            throw .malformed(stream, "The Content-Length field must be one number.")
        }
        guard length == 0 || !endsStream else {
            throw .malformed(stream, "The content is shorter than its length.")
        }
    }

    private static func joinCookies(_ fields: inout HeaderFields, stream: UInt32) throws(HTTP2Error) {
        guard fields.count(of: .cookie) > 1 else { return }
        var joined = ByteBuffer()
        for index in 0..<fields.count where fields.knownName(at: index) == .cookie {
            let crumb = fields.valueSpan(at: index)
            if !joined.isEmpty, !crumb.isEmpty { joined.append("; ") }
            joined.append(crumb)
        }
        fields.removeAll(.cookie)
        try append(.cookie, joined.span, stream: stream, to: &fields)
    }

    /// Where the pseudo fields of a request are. All stand before the first other field.
    private struct PseudoFields {
        var method: Int?
        var scheme: Int?
        var path: Int?
        var authority: Int?
        /// Of extended CONNECT (RFC 8441, 4).
        var protocolName: Int?
        var count = 0

        init(_ list: borrowing HPACKFieldList, stream: UInt32) throws(HTTP2Error) {
            while count < list.count {
                let name = list.nameSpan(at: count)
                guard !name.isEmpty, name[0] == .colon else { return }
                if name.equals(":method") {
                    try Self.set(&method, to: count, stream: stream)
                } else if name.equals(":scheme") {
                    try Self.set(&scheme, to: count, stream: stream)
                } else if name.equals(":path") {
                    try Self.set(&path, to: count, stream: stream)
                } else if name.equals(":authority") {
                    try Self.set(&authority, to: count, stream: stream)
                } else if name.equals(":protocol") {
                    try Self.set(&protocolName, to: count, stream: stream)
                } else {
                    throw .malformed(stream, "A pseudo field is not one of a request.")
                }
                count += 1
            }
        }

        private static func set(_ place: inout Int?, to index: Int, stream: UInt32) throws(HTTP2Error) {
            guard place == nil else { throw .malformed(stream, "A pseudo field occurs twice.") }
            place = index
        }
    }
}

/// What an extended CONNECT asks to speak on its stream (RFC 8441).
package enum ConnectProtocol: Sendable {
    case webSocket
    /// Anything else, which nobody here speaks.
    case other
}

/// Compares content with the length that was announced for it (RFC 9113, 8.1.1).
package struct ContentCount: Sendable {
    private let announced: Int?
    private var received = 0

    /// - Parameter announced: The value of `Content-Length`, if there is one.
    package init(announced: Int?) {
        self.announced = announced
    }

    /// Counts content, without padding.
    ///
    /// - Throws: PROTOCOL_ERROR of the stream when it is more than was announced, or less at the end.
    package mutating func receive(_ length: Int, endsStream: Bool, stream: UInt32) throws(HTTP2Error) {
        received += length
        guard let announced else { return }
        guard received <= announced, !endsStream || received == announced else {
            throw .malformed(stream, "The content has not the length that was announced.")
        }
    }
}

extension HTTP2Error {
    fileprivate static func malformed(_ stream: UInt32, _ reason: StaticString) -> HTTP2Error {
        .stream(stream, .protocolError, reason)
    }
}
