internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// A stream of messages to and from a node that speaks gRPC.
final class GRPCStream: RPCStream {
    /// Nil once it is over.
    private var stream: HTTP2Stream?
    private var answer: GRPCAnswer
    private let translator: (any GRPCTranslator)?
    /// What has come of a message that is not whole, or not translated.
    private var partial = ByteBuffer()
    private var failure: GatewayError?
    private let deadline: Deadline
    private let began: ContinuousClock.Instant
    private let limit: ContinuousClock.Instant

    /// - Parameter limit: When it must have ended.
    init(
        _ stream: HTTP2Stream, _ answer: GRPCAnswer, translator: (any GRPCTranslator)?,
        until limit: ContinuousClock.Instant
    ) {
        self.stream = stream
        self.answer = answer
        self.translator = translator
        self.limit = limit
        began = stream.connection.loop.now
        deadline = Deadline(on: stream.connection.loop, firing: stream.wakeup)
        deadline.set(limit)
    }

    deinit {
        stream?.close()
        deadline.cancel()
    }

    func trySend(_ message: inout ByteBuffer) throws(GatewayError) -> Bool {
        // A stream that is over has no reader; why it is over is told to who receives.
        guard let stream else {
            message.removeAll()
            return true
        }
        guard stream.hasRoom else { return false }
        if let translator {
            var translated = ByteBuffer()
            try translator.encodeRequest(message, to: &translated)
            GRPCMessageWriter.write(translated.span, to: &stream.outgoing)
        } else {
            GRPCMessageWriter.write(message.span, to: &stream.outgoing)
        }
        message.removeAll()
        stream.send()
        return true
    }

    func finishSending() throws(GatewayError) { stream?.send(end: true) }

    func tryReceive(into message: inout ByteBuffer) throws(GatewayError) -> RPCStreamArrival {
        guard let stream else {
            if let failure { throw failure }
            return .end
        }
        do throws(GatewayError) {
            let arrival = try answer.next(from: stream, into: &partial)
            switch arrival {
            case .nothing: if deadline.hasExpired { throw .timedOut(stream.connection.node, after: limit - began) }
            case .end: cancel()
            case .message:
                if let translator {
                    try translator.decodeAnswer(partial, to: &message)
                    partial.removeAll()
                } else {
                    message.append(partial.count, consuming: &partial)
                }
            }
            return arrival
        } catch {
            failure = error
            cancel()
            throw error
        }
    }

    func cancel() {
        stream?.close()
        stream = nil
        deadline.cancel()
        partial.releaseMemory()
    }
}
