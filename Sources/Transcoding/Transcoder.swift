package import Bytes
import JSON

/// Turns JSON into protobuf and back, message by message, as ProtoJSON says
/// (https://protobuf.dev/programming-guides/json).
///
/// It keeps a little memory for the next message, so that a message needs none but the output's; each loop has its own.
///
/// Fields are read in both spellings and may be `null` for none. Unknown fields are errors in JSON and passed over in
/// protobuf, except that a known field must have the form of its type. Extensions of proto2 are unknown fields.
package struct Transcoder: ~Copyable {
    private let limits: TranscodingLimits
    private var scratch = TranscodingScratch()

    package init(limits: TranscodingLimits = TranscodingLimits()) {
        self.limits = limits
    }

    /// Reads JSON and appends the message in protobuf's wire format, with the fields in the order of the text.
    ///
    /// - Parameters:
    ///   - json: The whole text. An empty one is no message; whether it stands for the empty message is the caller's to say.
    ///   - message: Its type.
    ///   - buffer: Left as it was after an error.
    /// - Throws: What is wrong with the text, in words fit for the client that sent it.
    package mutating func appendProtobuf(
        fromJSON json: Span<UInt8>, as message: MessageSchema, to buffer: inout ByteBuffer
    ) throws(TranscodingProblem) {
        guard json.count <= limits.bytes else { throw tooLong() }
        let count = buffer.count
        let problem = Self.convert(
            json, message.schema.tables, message, depth: limits.depth, to: &buffer, &scratch)
        guard let problem else { return }
        buffer.removeLast(buffer.count - count)
        throw TranscodingProblem(
            path: JSONPath.text(to: problem.offset, in: json), offset: problem.offset, reason: problem.reason)
    }

    /// Reads protobuf's wire format and appends the message as JSON, with the fields in the order of their numbers.
    ///
    /// - Parameters:
    ///   - protobuf: The whole message; empty is the empty message.
    ///   - message: Its type.
    ///   - buffer: Left as it was after an error.
    /// - Throws: What is wrong with the message, in words for the operator.
    package mutating func appendJSON(
        fromProtobuf protobuf: Span<UInt8>, as message: MessageSchema, style: ProtoJSONStyle = ProtoJSONStyle(),
        to buffer: inout ByteBuffer
    ) throws(TranscodingProblem) {
        guard protobuf.count <= limits.bytes else { throw tooLong() }
        let count = buffer.count
        let problem = Self.convert(
            protobuf, message.schema.tables, message, style, limits, to: &buffer, &scratch)
        guard let problem else { return }
        buffer.removeLast(buffer.count - count)
        throw TranscodingProblem(path: problem.path, offset: problem.offset, reason: problem.reason)
    }

    private func tooLong() -> TranscodingProblem {
        TranscodingProblem(path: "", offset: limits.bytes, reason: "a message of more than \(limits.bytes) bytes")
    }

    private static func convert(
        _ json: Span<UInt8>, _ tables: borrowing SchemaTables, _ message: MessageSchema, depth: Int,
        to buffer: inout ByteBuffer, _ scratch: inout TranscodingScratch
    ) -> JSONProblem? {
        var pass = ProtobufFromJSON(json, SchemaView(tables), message.schema)
        swap(&pass.out, &buffer)
        swap(&pass.scratch, &scratch)
        var problem: JSONProblem?
        do throws(JSONProblem) { try pass.root(message.index, depth: depth) } catch { problem = error }
        pass.scratch.reset()
        swap(&pass.out, &buffer)
        swap(&pass.scratch, &scratch)
        return problem
    }

    private static func convert(
        _ protobuf: Span<UInt8>, _ tables: borrowing SchemaTables, _ message: MessageSchema, _ style: ProtoJSONStyle,
        _ limits: TranscodingLimits, to buffer: inout ByteBuffer, _ scratch: inout TranscodingScratch
    ) -> WireProblem? {
        let limit = buffer.count + limits.output
        var pass = JSONFromProtobuf(protobuf, SchemaView(tables), message.schema, style, limit: limit)
        swap(&pass.out, &buffer)
        swap(&pass.scratch, &scratch)
        var problem: WireProblem?
        do throws(WireProblem) {
            try pass.message(message.index, 0..<protobuf.count, depth: limits.depth)
        } catch { problem = error }
        pass.scratch.reset()
        swap(&pass.out, &buffer)
        swap(&pass.scratch, &scratch)
        return problem
    }
}
