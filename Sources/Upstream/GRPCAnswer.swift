internal import Bytes
internal import Gateway
internal import HTTP

/// Reads the answer to a call from its stream: messages, and how it ended.
struct GRPCAnswer {
    private let node: Node
    private let service: String
    private let maximumMessage: Int
    private var reader: GRPCMessageReader
    private var hasHead = false

    /// - Parameter maximumMessage: The longest message accepted, in bytes.
    init(from node: Node, of service: String, maximumMessage: Int) {
        self.node = node
        self.service = service
        self.maximumMessage = maximumMessage
        reader = GRPCMessageReader(messageLimit: maximumMessage)
    }

    /// Appends what has come of the next message.
    ///
    /// - Returns: `message` when it is whole now; `end` when the service has ended the call without an error.
    /// - Throws: `.application` for an error of the service; others by what went wrong.
    mutating func next(from stream: HTTP2Stream, into message: inout ByteBuffer) throws(GatewayError)
        -> RPCStreamArrival
    {
        if !hasHead {
            guard stream.hasHead else {
                if let failure = stream.failure { throw failure.error(node) }
                return .nothing
            }
            try checkHead(stream)
            hasHead = true
        }
        while true {
            let step = try step(stream.incoming)
            guard !step.isIdle else { break }
            stream.incoming.consume(step.skip)
            message.append(step.take, consuming: &stream.incoming)
            stream.didTake(step.skip + step.take)
            if step.isEnd { return .message }
        }
        if let failure = stream.failure { throw failure.error(node) }
        guard stream.hasEnded else { return .nothing }
        try checkEnd(stream)
        return .end
    }

    private mutating func step(_ bytes: borrowing ByteBuffer) throws(GatewayError) -> GRPCMessageReader.Step {
        do throws(GRPCMessageProblem) {
            return try reader.next(bytes.span)
        } catch {
            throw .broken(
                node,
                error == .messageTooBig ? "its answer is longer than \(maximumMessage) bytes" : error.reason)
        }
    }

    private func checkHead(_ stream: HTTP2Stream) throws(GatewayError) {
        if stream.head.status == .ok, stream.head.isGRPC { return }
        if stream.hasEnded, let outcome = GRPCOutcome(stream.head.fields) { throw error(outcome) }
        // "Requests" of gRPC over HTTP2: so are content types answered that are not supported.
        if stream.head.status == .unsupportedMediaType { throw .refusedType(node, "this type of messages") }
        let type = stream.head.fields[.contentType] ?? "nothing"
        throw .broken(
            node, "it answered with status \(stream.head.status.code) and \(type.prefix(80)), which is no gRPC answer")
    }

    private func checkEnd(_ stream: HTTP2Stream) throws(GatewayError) {
        // An answer without messages may have nothing but a head.
        guard let outcome = GRPCOutcome(stream.trailers) ?? GRPCOutcome(stream.head.fields) else {
            throw .broken(node, "it ended the answer without saying how the call went")
        }
        guard outcome.status == .ok else { throw error(outcome) }
        do throws(GRPCMessageProblem) {
            try reader.endOfInput(unread: stream.incoming.count)
        } catch {
            throw .broken(node, error.reason)
        }
    }

    private func error(_ outcome: GRPCOutcome) -> GatewayError {
        outcome.refusedType.map { .refusedType(node, $0) } ?? GatewayError(outcome, of: service)
    }
}
