internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// Moves one request to a node over a stream of HTTP/2 and the response back, both at once, through bounded buffers.
///
/// As `Relay` does for HTTP/1.1, it is a loop of attempts that never wait. What a window or a client is too slow to take
/// stays where it is, so that in the end the other side waits.
struct HTTP2Relay: ~Copyable {
    /// Bytes taken from the client at once.
    private static let pieceSize = 16_384
    /// Bytes of the request that are kept to be sent again, should the node say that it has done nothing with it.
    private static let maximumReplay = 65_536
    /// Bytes of text for the client that are made before it has taken some.
    private static let textMark = 65_536

    private let exchange: Exchange
    private let node: Node
    private let type: GRPCContentType?
    private let deadline: Deadline
    private let silenceTimeout: Duration?
    private let limit: Duration?
    private let framing: BodyFraming

    private var requestIsComplete: Bool
    private var piece = ByteBuffer()
    private var sent = ByteBuffer()
    private var isWholeInSent = true
    private var requestText = GRPCWebTextReader()
    private var hasHead = false
    /// How the answer is carried to the client.
    private var form = GRPCContentType.Form.native
    /// What is for the client in another form than the node sent it in.
    private var converted = ByteBuffer()
    private var hasConvertedTrailers = false

    init(
        exchange: Exchange, node: Node, type: GRPCContentType?, deadline: Deadline, silenceTimeout: Duration?,
        limit: Duration?
    ) {
        self.exchange = exchange
        self.node = node
        self.type = type
        self.deadline = deadline
        self.silenceTimeout = silenceTimeout
        self.limit = limit
        framing = exchange.requestBody
        requestIsComplete = framing == .none
    }

    /// True while nothing was answered and all that was sent is still here.
    var canBeRepeated: Bool { isWholeInSent && !exchange.hasBegunResponse }

    private var isWeb: Bool { type.map { $0.form != .native } ?? false }

    /// Runs to the end of the response.
    nonisolated(nonsending) mutating func run(
        over connection: HTTP2Connection, scheme: String
    ) async throws(GatewayError) {
        let start = exchange.now
        let stream = try begin(over: connection, scheme: scheme)
        defer { stream.close() }
        if !sent.isEmpty { stream.outgoing.append(sent) }
        stream.send(end: requestIsComplete && framing != .none)
        do throws(GatewayError) {
            while true {
                let hasSent = try sendRequest(on: stream)
                let hasReceived = try receiveResponse(from: stream)
                if isComplete(stream) { break }
                if hasSent || hasReceived {
                    if let silenceTimeout { deadline.set(exchange.now + silenceTimeout) }
                } else {
                    try await waitForEither(stream, since: start)
                }
            }
        } catch {
            guard try explain(error, stream.failure) else { throw error }
            return
        }
        // A client that did not ask for trailers may not expect them (RFC 9110, 6.5.1); one of gRPC lives by them.
        let wantsTrailers = type != nil || exchange.request.fields.hasToken("trailers", in: .te)
        try exchange.end(trailers: wantsTrailers && form == .native ? stream.trailers : HeaderFields())
    }

    /// Ends a call with a status that tells what went wrong, where nobody else can do it: when the answer has begun, or
    /// when the node has reset the stream with a code that means something to clients of gRPC.
    private func explain(_ error: GatewayError, _ failure: HTTP2Stream.Failure?) throws(GatewayError) -> Bool {
        guard let type, error.code != .clientGone else { return false }
        var outcome = error.grpcOutcome
        var isReset = false
        if case .reset(let code) = failure { (outcome.status, isReset) = (GRPCStatus(reset: code), true) }
        var fields = HeaderFields()
        if hasHead {
            // In the other forms the trailers would be taken for a part of the message that was cut off.
            guard form == .native else { return false }
            outcome.write(to: &fields)
            exchange.lateFailure = error
            try exchange.end(trailers: fields)
        } else {
            guard isReset else { return false }
            fields.append(.contentType, type.text(as: type.form))
            outcome.write(to: &fields)
            try exchange.begin(ResponseHead(.ok, fields: fields), body: .length(0))
            try exchange.end()
        }
        return true
    }

    private func begin(over connection: HTTP2Connection, scheme: String) throws(GatewayError) -> HTTP2Stream {
        try connection.checkListSize(ForwardedRequest.listSize(exchange.request, context: exchange.forwarding))
        var length: Int?
        if case .length(let known) = framing, !isWeb { length = known }
        return try connection.begin(
            wakeup: exchange.wakeup, endsStream: framing == .none, isAnswerBare: exchange.request.method == .head
        ) { encoder, block in
            ForwardedRequest.write(
                exchange.request, scheme: scheme, contentType: isWeb ? type?.text(as: .native) : nil, length: length,
                isGRPC: type != nil, context: exchange.forwarding, with: &encoder, to: &block)
        }
    }

    nonisolated(nonsending) private func waitForEither(
        _ stream: HTTP2Stream, since start: ContinuousClock.Instant
    ) async throws(GatewayError) {
        if exchange.isClientGone { throw GatewayError(.clientGone, "the client left") }
        if exchange.hasBegunResponse { try exchange.flush() }
        if deadline.hasExpired {
            stream.connection.suspectSilence(since: start)
            throw .timedOut(node, after: limit ?? silenceTimeout ?? .zero)
        }
        await exchange.wakeup.wait()
    }

    // MARK: To the node

    /// Returns true when something moved.
    private mutating func sendRequest(on stream: HTTP2Stream) throws(GatewayError) -> Bool {
        // After the whole answer nobody wants the rest of the request.
        guard !requestIsComplete, !stream.hasEnded, stream.failure == nil, stream.hasRoom else { return false }
        guard let count = try exchange.tryReadBody(into: &piece, atMost: Self.pieceSize) else { return false }
        if count == 0 {
            requestIsComplete = true
            try checkText { text throws(GRPCMessageProblem) in try text.endOfInput() }
            stream.send(end: true)
            return true
        }
        let before = stream.outgoing.count
        if type?.form == .webText {
            let bytes = piece.take()
            try checkText { text throws(GRPCMessageProblem) in try text.read(bytes.span, to: &stream.outgoing) }
        } else {
            stream.outgoing.append(piece)
            piece.removeAll()
        }
        keep(stream.outgoing, from: before)
        stream.send()
        return true
    }

    private mutating func checkText(
        _ body: (inout GRPCWebTextReader) throws(GRPCMessageProblem) -> Void
    ) throws(GatewayError) {
        guard type?.form == .webText else { return }
        do throws(GRPCMessageProblem) {
            try body(&requestText)
        } catch {
            throw GatewayError(.badRequest, "the body is wrong: \(error.reason)", mayHaveBeenSent: true)
        }
    }

    /// Keeps what was sent, as long as it is little, for another attempt.
    private mutating func keep(_ bytes: borrowing ByteBuffer, from start: Int) {
        guard isWholeInSent else { return }
        if hasHead || sent.count + bytes.count - start > Self.maximumReplay {
            isWholeInSent = false
            sent.releaseMemory()
        } else {
            sent.append(bytes.span.extracting(start..<bytes.count))
        }
    }

    // MARK: To the client

    /// Returns true when something moved.
    private mutating func receiveResponse(from stream: HTTP2Stream) throws(GatewayError) -> Bool {
        var hasMoved = false
        if !hasHead {
            guard stream.hasHead else {
                if let failure = stream.failure { throw failure.error(node) }
                return false
            }
            try beginAnswer(stream)
            hasMoved = true
        }
        if try passContent(stream) { hasMoved = true }
        if let failure = stream.failure, stream.incoming.isEmpty, converted.isEmpty { throw failure.error(node) }
        return hasMoved
    }

    private mutating func beginAnswer(_ stream: HTTP2Stream) throws(GatewayError) {
        hasHead = true
        // A call that failed at once has nothing but a head, with the status in it, and so it stays in every form.
        let isBare = stream.hasEnded && stream.incoming.isEmpty && stream.trailers.isEmpty
        guard isWeb, let type, let answer = GRPCContentType(of: stream.head.fields) else {
            return try exchange.begin(stream.head, body: framing(of: stream, isBare: isBare))
        }
        form = type.form
        hasConvertedTrailers = isBare
        var head = stream.head
        head.fields.removeAll(.contentLength)
        // A node that does not say what its messages are encoded with means what it was asked in.
        head.fields.set(.contentType, (answer.suffix.isEmpty ? type : answer).text(as: form))
        try exchange.begin(head, body: isBare ? .length(0) : .chunked)
    }

    private func framing(of stream: HTTP2Stream, isBare: Bool) -> BodyFraming {
        if exchange.request.method == .head || stream.head.status.forbidsContent { return .none }
        if isBare { return .length(0) }
        if type == nil, let text = stream.head.fields[.contentLength], let length = Int(text) { return .length(length) }
        return .chunked
    }

    private mutating func passContent(_ stream: HTTP2Stream) throws(GatewayError) -> Bool {
        var hasMoved = false
        if form == .webText {
            hasMoved = writeText(of: stream)
        } else if !stream.incoming.isEmpty {
            let taken = try exchange.tryWrite(&stream.incoming, atMost: stream.incoming.count)
            stream.didTake(taken)
            hasMoved = taken > 0
        }
        if form != .native, stream.hasEnded, stream.incoming.isEmpty, !hasConvertedTrailers {
            addWebTrailers(stream.trailers)
            hasMoved = true
        }
        guard !converted.isEmpty else { return hasMoved }
        var rest = converted.take()
        defer { converted = rest }
        return try exchange.tryWrite(&rest, atMost: rest.count) > 0 || hasMoved
    }

    private mutating func writeText(of stream: HTTP2Stream) -> Bool {
        guard !stream.incoming.isEmpty, converted.count < Self.textMark else { return false }
        let bytes = stream.incoming.take()
        GRPCWebTextWriter.write(bytes.span, to: &converted)
        stream.didTake(bytes.count)
        return true
    }

    /// Browsers see no trailers, so they become the last part of the content.
    private mutating func addWebTrailers(_ trailers: borrowing HeaderFields) {
        hasConvertedTrailers = true
        var frame = ByteBuffer()
        GRPCWebTrailers.write(trailers, to: &frame)
        if form == .webText { GRPCWebTextWriter.write(frame.span, to: &converted) } else { converted.append(frame) }
    }

    private func isComplete(_ stream: HTTP2Stream) -> Bool {
        hasHead && stream.hasEnded && stream.incoming.isEmpty && converted.isEmpty
            && (form == .native || hasConvertedTrailers)
    }
}
