internal import Bytes
internal import Gateway
internal import Transcoding

/// What the translators of one loop share: memory for the message at hand.
final class SharedTranscoder {
    /// The longest message of gRPC that servers take, once its bytes are in base64.
    private static let maximumLength = 6 << 20

    private var transcoder = Transcoder(limits: TranscodingLimits(bytes: maximumLength))

    func appendProtobuf(
        fromJSON json: borrowing ByteBuffer, as type: MessageSchema, to message: inout ByteBuffer
    ) throws(TranscodingProblem) {
        try transcoder.appendProtobuf(fromJSON: json.span, as: type, to: &message)
    }

    func appendJSON(
        fromProtobuf message: borrowing ByteBuffer, as type: MessageSchema, to json: inout ByteBuffer
    ) throws(TranscodingProblem) {
        try transcoder.appendJSON(fromProtobuf: message.span, as: type, to: &json)
    }
}

/// Translates between JSON and protobuf by the types that the node itself has told of.
final class SchemaTranslator: GRPCTranslator {
    private let method: MethodSchema
    private let input: MessageSchema
    private let output: MessageSchema
    private let transcoder: SharedTranscoder

    init(_ method: MethodSchema, _ transcoder: SharedTranscoder) {
        self.method = method
        input = method.input
        output = method.output
        self.transcoder = transcoder
    }

    func encodeRequest(_ json: borrowing ByteBuffer, to message: inout ByteBuffer) throws(GatewayError) {
        guard !json.isEmpty, !json.isNull else { return }  // The empty message.
        do throws(TranscodingProblem) {
            try transcoder.appendProtobuf(fromJSON: json, as: input, to: &message)
        } catch {
            throw GatewayError(.badRequest, "the request is no \(input.name): \(error)")
        }
    }

    func decodeAnswer(_ message: borrowing ByteBuffer, to json: inout ByteBuffer) throws(GatewayError) {
        do throws(TranscodingProblem) {
            try transcoder.appendJSON(fromProtobuf: message, as: output, to: &json)
        } catch {
            throw GatewayError(
                .upstreamBroken, "the service broke off or gave no valid answer",
                detail: "an answer of \(method.path) is no \(output.name): \(error)", mayHaveBeenSent: true)
        }
    }
}

extension ByteBuffer {
    /// Whether it is what a request becomes that says nothing at all.
    fileprivate var isNull: Bool {
        count == 4 && span[0] == UInt8(ascii: "n") && span[1] == UInt8(ascii: "u") && span[2] == UInt8(ascii: "l")
            && span[3] == UInt8(ascii: "l")
    }
}
