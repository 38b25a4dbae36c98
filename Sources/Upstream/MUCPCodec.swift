package import Bytes
internal import Gateway
internal import JSON

/// How messages are encoded in Go Micro's RPC, which services tell by `Content-Type` alone.
package enum MUCPCodec: Sendable {
    /// One JSON value.
    case json
    /// A JSON value in an envelope, for services from before Go Micro 1.0.
    case jsonRPC
    /// A protobuf message. Services before v3.6 never answer a call that failed, since an error has no message.
    case protobuf
    /// A protobuf message behind an envelope, in which errors arrive whatever the version.
    case protoRPC

    /// The one to begin with. Services that tell no `protocol` are from before Go Micro 1.0.
    init(for format: MessageFormat, node: Node) {
        switch format {
        case .json: self = node.metadata["protocol"] == nil ? .jsonRPC : .json
        case .protobuf: self = .protoRPC
        }
    }

    /// Compared byte by byte by services, so it has no parameters.
    var contentType: StaticString {
        switch self {
        case .json: "application/json"
        case .jsonRPC: "application/json-rpc"
        case .protobuf: "application/protobuf"
        case .protoRPC: "application/proto-rpc"
        }
    }

    /// False when the body of a request is the message and nothing else.
    var hasEnvelope: Bool {
        switch self {
        case .json, .protobuf: false
        case .jsonRPC, .protoRPC: true
        }
    }

    /// Appends the body of a request.
    ///
    /// - Parameter sequence: The number of a stream. That of a call is always 0: one is under way on a connection.
    package func wrap(
        _ message: borrowing ByteBuffer, endpoint: String, sequence: Int = 0, into body: inout ByteBuffer
    ) {
        switch self {
        case .json, .protobuf: body.append(message)
        case .jsonRPC:
            body.append("{\"method\":")
            JSONWriter.write(endpoint, to: &body)
            body.append(",\"params\":[")
            body.append(message)
            body.append("],\"id\":\"")
            body.append(decimal: sequence)
            body.append("\"}\n")
        case .protoRPC: ProtoRPCEnvelope.wrap(message, endpoint: endpoint, sequence: sequence, into: &body)
        }
    }

    /// Appends the message without any content, in JSON or protobuf.
    func writeEmptyMessage(to message: inout ByteBuffer) {
        switch self {
        case .json, .jsonRPC: message.append("{}")
        case .protobuf, .protoRPC: break
        }
    }

    /// Leaves the message of an answer's body in its place.
    ///
    /// - Returns: The text of the error that the envelope holds, if it holds one.
    /// - Throws: `MUCPProblem` when the body is no such envelope.
    package func unwrap(_ body: inout ByteBuffer) throws(MUCPProblem) -> String? {
        switch self {
        case .json:
            // Go's encoder ends each value with a line feed.
            if !body.isEmpty, body.span[body.count - 1] == 0x0a { body.removeLast(1) }
            return nil
        case .protobuf: return nil
        case .jsonRPC: return try Self.unwrapJSON(&body)
        case .protoRPC: return try ProtoRPCEnvelope.unwrap(&body)
        }
    }

    private static func unwrapJSON(_ body: inout ByteBuffer) throws(MUCPProblem) -> String? {
        guard let json = try? JSONParser.parse(body.span), case .object(let envelope) = json else {
            throw MUCPProblem("its answer is no envelope in JSON")
        }
        switch envelope["error"] ?? .null {
        case .null: break
        case .string(let text): if !text.isEmpty { return text }
        case let other: return other.text()
        }
        body.removeAll()
        JSONWriter.write(envelope["result"] ?? .null, to: &body)
        return nil
    }
}

/// What is wrong with an answer, for the operator.
package struct MUCPProblem: Error, Equatable {
    package let reason: String

    init(_ reason: String) { self.reason = reason }
}

/// The body of a message in `application/proto-rpc`: two blocks, each behind its length in four bytes. The first is a
/// protobuf message about the call, the second the message itself.
private enum ProtoRPCEnvelope {
    /// The numbers of the fields in the first block.
    private enum Field {
        static let endpoint = 1
        static let sequence = 2
        static let error = 3
    }

    static func wrap(
        _ message: borrowing ByteBuffer, endpoint: String, sequence: Int, into body: inout ByteBuffer
    ) {
        var about = ByteBuffer()
        about.append(UInt8(Field.endpoint << 3 | 2))
        appendVarint(endpoint.utf8.count, to: &about)
        about.append(endpoint)
        about.append(UInt8(Field.sequence << 3 | 1))
        for shift in stride(from: 0, to: 64, by: 8) { about.append(UInt8(truncatingIfNeeded: sequence >> shift)) }
        appendBlock(about, to: &body)
        appendBlock(message, to: &body)
    }

    static func unwrap(_ body: inout ByteBuffer) throws(MUCPProblem) -> String? {
        let about = try block(in: body.span, from: 0)
        if let error = try error(in: body.span.extracting(about)) { return error }
        let message = try block(in: body.span, from: about.upperBound)
        guard message.upperBound == body.count else { throw MUCPProblem("bytes follow the message of its answer") }
        body.consume(message.lowerBound)
        return nil
    }

    private static func appendBlock(_ block: borrowing ByteBuffer, to body: inout ByteBuffer) {
        for shift in [24, 16, 8, 0] { body.append(UInt8(truncatingIfNeeded: block.count >> shift)) }
        body.append(block)
    }

    private static func appendVarint(_ number: Int, to buffer: inout ByteBuffer) {
        var rest = number
        while rest > 0x7f {
            buffer.append(UInt8(truncatingIfNeeded: rest & 0x7f | 0x80))
            rest >>= 7
        }
        buffer.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Where the content of the block lies whose length begins at `start`.
    private static func block(in bytes: Span<UInt8>, from start: Int) throws(MUCPProblem) -> Range<Int> {
        guard bytes.count - start >= 4 else { throw MUCPProblem("its answer lacks the length of a block") }
        var length = 0
        for index in start..<(start + 4) { length = length << 8 | Int(bytes[index]) }
        guard length <= bytes.count - start - 4 else { throw MUCPProblem("a block of its answer is cut off") }
        return (start + 4)..<(start + 4 + length)
    }

    /// The text of the error field, unless it is absent or empty. Other fields are read over.
    private static func error(in about: Span<UInt8>) throws(MUCPProblem) -> String? {
        var position = 0
        var error: String?
        while position < about.count {
            let key = try varint(in: about, at: &position)
            let length =
                switch key & 7 {
                case 0: try varint(in: about, at: &position) & 0
                case 1: 8
                case 2: try varint(in: about, at: &position)
                case 5: 4
                default: throw MUCPProblem("the envelope of its answer is malformed")
                }
            guard length >= 0, length <= about.count - position else {
                throw MUCPProblem("the envelope of its answer is cut off")
            }
            if key == Field.error << 3 | 2, length > 0 {
                error = String(about.extracting(position..<(position + length)))
            }
            position += length
        }
        return error
    }

    private static func varint(in bytes: Span<UInt8>, at position: inout Int) throws(MUCPProblem) -> Int {
        var number = 0
        for shift in stride(from: 0, to: 63, by: 7) {
            guard position < bytes.count else { throw MUCPProblem("a number in the envelope of its answer is cut off") }
            let byte = bytes[position]
            position += 1
            number |= Int(byte & 0x7f) << shift
            if byte < 0x80 { return number }
        }
        throw MUCPProblem("a number in the envelope of its answer is too long")
    }
}

extension String {
    /// The text of these bytes; what is no UTF-8 becomes U+FFFD.
    fileprivate init(_ bytes: Span<UInt8>) {
        self = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
