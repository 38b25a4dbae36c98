internal import Bytes
internal import Gateway
internal import HTTP

/// How the messages of a stream are written into the answer to an HTTP request.
enum StreamFormat {
    /// Server-sent events (HTML, 9.2): each message is an event without a name. The end is the event `end`, without which
    /// a browser would call again, and an error the event `error`.
    case eventStream
    /// One message on each line (`application/x-ndjson`). An error is a last line with the one member `error`.
    case lines
    /// One JSON value: a service that answers with more than one message is not what the client asked for.
    case single
    /// The bytes of all messages, one after the other, where messages are pieces of a body of some type
    /// (`google.api.HttpBody`). Nothing can stand between them: an error breaks the answer off.
    case bytes

    /// What the client wants of an endpoint; nil for a call that is no stream.
    ///
    /// - Parameter isStream: What the registry says. Where it says nothing, the client does.
    init?(for head: borrowing RequestHead, isStream: Bool?) {
        // What most calls are: neither the registry nor the client says anything of streams.
        if isStream == false { return nil }
        let kind = head.fields.contentKind
        if isStream == nil, kind != .jsonLines, !head.fields.contains(.accept) { return nil }
        let events = head.fields.acceptedWeight(of: "text/event-stream") ?? 0
        let lines = max(
            head.fields.acceptedWeight(of: "application/x-ndjson") ?? 0,
            head.fields.acceptedWeight(of: "application/ndjson") ?? 0,
            head.fields.acceptedWeight(of: "application/jsonl") ?? 0)
        guard isStream ?? (events > 0 || lines > 0 || kind == .jsonLines) else { return nil }
        if events > 0, events >= lines {
            self = .eventStream
        } else if lines == 0, Self.wantsOneValue(head.fields) {
            self = .single
        } else {
            self = .lines
        }
    }

    /// Refuses what is a stream in protobuf by its type, or by the only type that the client takes: events and lines
    /// hold text, so that its messages would have no form in the answer.
    ///
    /// - Throws: `.unsupportedMediaType` or `.notAcceptable`, with the ways that there are.
    static func refuseProtobuf(_ head: borrowing RequestHead) throws(GatewayError) {
        if head.messageKind == .protobuf {
            throw GatewayError(
                .unsupportedMediaType,
                "the endpoint streams, and over plain HTTP a stream is in JSON; open a WebSocket with the subprotocol "
                    + "protobuf, or call it in gRPC")
        }
        guard head.fields.contains(.accept), takesProtobufOnly(head.fields) else { return }
        throw GatewayError(
            .notAcceptable,
            "the endpoint streams, and over plain HTTP a stream is in JSON; accept application/x-ndjson or "
                + "text/event-stream, or open a WebSocket with the subprotocol protobuf")
    }

    private static func takesProtobufOnly(_ fields: HeaderFields) -> Bool {
        func takes(_ types: [StaticString]) -> Bool { types.contains { (fields.acceptedWeight(of: $0) ?? 0) > 0 } }
        let protobuf: [StaticString] = [
            "application/protobuf", "application/x-protobuf", "application/proto", "application/octet-stream",
        ]
        let text: [StaticString] = [
            "text/event-stream", "text/*", "application/x-ndjson", "application/ndjson", "application/jsonl",
            "application/json", "application/*", "*/*",
        ]
        return takes(protobuf) && !takes(text)
    }

    /// What the client gets over a route; nil for a call that is no stream. Bytes are what they are, whatever it wants.
    init?(for head: borrowing RequestHead, on route: Route) {
        self.init(for: head, isStream: route.isStream)
        if route.binding?.rule.answersBytes == true { self = .bytes }
    }

    /// Whether the client takes JSON and has not said that it takes anything.
    private static func wantsOneValue(_ fields: HeaderFields) -> Bool {
        (fields.acceptedWeight(of: "application/json") ?? 0) > 0
            && (fields.acceptedWeight(of: "*/*") ?? 0) == 0 && (fields.acceptedWeight(of: "application/*") ?? 0) == 0
    }

    /// Whether something can be told the client between two messages, and after the last.
    var hasRemarks: Bool { self == .eventStream || self == .lines }

    /// The head of the answer. Whatever lies between here and the client is asked not to hold messages back. Bytes have
    /// the type that the first of them say.
    var head: ResponseHead {
        var fields = HeaderFields()
        switch self {
        case .eventStream: fields.append(.contentType, "text/event-stream")
        case .lines: fields.append(.contentType, "application/x-ndjson")
        case .single: fields.append(.contentType, "application/json")
        case .bytes: return ResponseHead(.ok)
        }
        fields.append(.cacheControl, "no-cache")
        fields.append(name: "X-Accel-Buffering", value: "no")
        return ResponseHead(.ok, fields: fields)
    }

    /// Appends a message. It is valid JSON, so line breaks in it are white space and may become blanks.
    func write(_ message: borrowing ByteBuffer, to output: inout ByteBuffer) {
        if self == .bytes { return output.append(message) }
        if self == .eventStream { output.append("data: ") }
        let bytes = message.span
        var written = 0
        for index in bytes.indices where bytes[index] == 0x0a || bytes[index] == 0x0d {
            output.append(bytes.extracting(written..<index))
            output.append(0x20 as UInt8)
            written = index + 1
        }
        output.append(bytes.extracting(written..<bytes.count))
        output.append(self == .eventStream ? "\n\n" : "\n")
    }

    /// Appends what tells that the service has ended the stream, where its absence would not be told from a connection
    /// that broke.
    func writeEnd(to output: inout ByteBuffer) {
        if self == .eventStream { output.append("event: end\ndata: {}\n\n") }
    }

    /// Appends an error, after which nothing follows.
    func write(_ error: MicroError, to output: inout ByteBuffer) {
        switch self {
        case .eventStream:
            output.append("event: error\ndata: ")
            error.write(to: &output)
            output.append("\n\n")
        case .bytes: break
        case .lines, .single:
            output.append("{\"error\":")
            error.write(to: &output)
            output.append("}\n")
        }
    }

    /// Appends what keeps a quiet connection open. Lines have nothing that readers would not take for a message.
    func writeSignOfLife(to output: inout ByteBuffer) {
        if self == .eventStream { output.append(": still here\n\n") }
    }
}
