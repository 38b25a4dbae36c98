internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// Carries the messages of a stream between a service and the client of one HTTP request, both ways at once.
///
/// As a relay does, it tries everything and waits when nothing is possible. Each side is read only as fast as the other
/// takes what it sends, so a slow client slows the service down and no memory grows.
struct StreamAnswer: ~Copyable {
    /// So long the answer is not begun when nothing has come, because a call that fails at once deserves a status of its
    /// own, which it cannot have later.
    static let grace = Duration.milliseconds(100)
    /// A quiet stream says something so often, so that nothing between here and the client takes it for dead.
    static let keepAliveInterval = Duration.seconds(15)
    /// Messages in one tick of the loop, so that a fast service does not keep everyone else waiting.
    private static let movesPerTick = 64

    private let exchange: Exchange
    private let stream: any RPCStream
    private let format: StreamFormat
    private let idleTimeout: Duration
    /// What the client gets of each message; nil for all of it.
    private let answer: RouteRule.AnswerField?
    /// Expires when nothing has been written for a while.
    private let quiet: Deadline
    /// Expires when nothing has moved in either direction for too long.
    private let idle: Deadline

    /// The message that the service is to take next; empty when there is none.
    private var request: ByteBuffer
    /// Where further ones come from; nil when none follow.
    private var source: MessageSource?
    private var hasFinishedSending = false
    /// The message that has come last.
    private var message = ByteBuffer()
    /// What the client has not taken yet.
    private var output = ByteBuffer()
    private var hasEnded = false

    /// - Parameters:
    ///   - stream: Opened with the exchange's wake-up. It is cancelled when the answer ends, however that comes about.
    ///   - first: The message to begin with; empty for none.
    ///   - source: The messages that follow, if any do.
    ///   - answer: What the client gets of each message. Default all of it.
    init(
        to exchange: Exchange, from stream: any RPCStream, as format: StreamFormat, first: consuming ByteBuffer,
        source: MessageSource?, answer: RouteRule.AnswerField? = nil, idleTimeout: Duration
    ) {
        self.exchange = exchange
        self.stream = stream
        self.format = format
        self.idleTimeout = idleTimeout
        self.source = source
        self.answer = answer
        request = first
        quiet = Deadline(on: exchange.loop, firing: exchange.wakeup)
        idle = Deadline(on: exchange.loop, firing: exchange.wakeup)
    }

    deinit {
        stream.cancel()
        quiet.cancel()
        idle.cancel()
    }

    /// Runs to the end of the answer.
    ///
    /// - Throws: What went wrong before the answer was begun, and what concerns the client. The client is told of
    ///   everything else within the answer.
    nonisolated(nonsending) mutating func run() async throws(GatewayError) {
        exchange.mayBodyPause = source != nil
        defer { exchange.mayBodyPause = false }
        do throws(GatewayError) {
            try await move()
        } catch {
            guard exchange.hasBegunResponse, error.code != .clientGone else { throw error }
            guard format.hasRemarks else {
                // Without the beginning, nobody could tell an answer that breaks off from none.
                try exchange.flush()
                throw error
            }
            exchange.lateFailure = error
            format.write(error.report, to: &output)
        }
        try await exchange.write(&output)
        try exchange.end()
    }

    nonisolated(nonsending) private mutating func move() async throws(GatewayError) {
        quiet.set(exchange.now + Self.grace)
        idle.set(exchange.now + idleTimeout)
        var moves = 0
        while true {
            let hasSent = try send()
            let hasReceived = try receive()
            if hasEnded { return try finish() }
            if hasSent || hasReceived {
                moves += 1
                if moves % Self.movesPerTick == 0 {
                    if exchange.hasBegunResponse { try exchange.flush() }
                    await Task.yield()
                }
            } else if try !isStopped() {
                await exchange.wakeup.wait()
            } else {
                return
            }
        }
    }

    // MARK: To the service

    /// Returns true when something moved.
    private mutating func send() throws(GatewayError) -> Bool {
        if request.isEmpty {
            guard !hasFinishedSending, try takeNext() else { return false }
        }
        if !request.isEmpty {
            guard try stream.trySend(&request) else { return false }
        }
        idle.set(exchange.now + idleTimeout)
        return true
    }

    /// Returns false when the client has to send more first. At the end of its messages there is no request, but that is
    /// told to the service.
    private mutating func takeNext() throws(GatewayError) -> Bool {
        switch try source?.tryTake(into: &request, of: exchange) ?? .end {
        case .nothing: return false
        case .message: return true
        case .end:
            hasFinishedSending = true
            try stream.finishSending()
            return true
        }
    }

    // MARK: To the client

    /// Returns true when something moved.
    private mutating func receive() throws(GatewayError) -> Bool {
        guard output.isEmpty else {
            let count = try exchange.tryWrite(&output, atMost: output.count)
            if count > 0 { tellLife() }
            return count > 0
        }
        if format != .single { message.removeAll() }
        switch try receiveMessage() {
        case .nothing: return false
        case .message:
            tellLife()
            try answer?.pick(from: &message)
            guard format != .single else { return true }
            if format == .bytes { try beginBytes() } else { try begin() }
            format.write(message, to: &output)
            _ = try exchange.tryWrite(&output, atMost: output.count)
        case .end: hasEnded = true
        }
        return true
    }

    private mutating func receiveMessage() throws(GatewayError) -> RPCStreamArrival {
        guard format == .single, !message.isEmpty else { return try stream.tryReceive(into: &message) }
        var second = ByteBuffer()
        let arrival = try stream.tryReceive(into: &second)
        guard case .message = arrival else { return arrival }
        throw GatewayError(
            .notAcceptable,
            "the service answers with more than one message; accept application/x-ndjson or text/event-stream")
    }

    private func tellLife() {
        quiet.set(exchange.now + Self.keepAliveInterval)
        idle.set(exchange.now + idleTimeout)
    }

    private func begin() throws(GatewayError) {
        guard !exchange.hasBegunResponse else { return }
        try exchange.begin(format.head, body: .chunked)
    }

    /// Leaves of the message its bytes. The type of the first is that of all.
    private mutating func beginBytes() throws(GatewayError) {
        let fields = try RawBody.unwrap(&message)
        guard !exchange.hasBegunResponse else { return }
        try exchange.begin(ResponseHead(.ok, fields: fields), body: .chunked)
    }

    /// The service has ended the stream.
    private mutating func finish() throws(GatewayError) {
        switch format {
        case .eventStream, .lines:
            try begin()
            format.writeEnd(to: &output)
        case .single:
            guard !message.isEmpty else {
                throw GatewayError(
                    .upstreamBroken, "the service ended the stream without an answer", mayHaveBeenSent: true)
            }
            try exchange.begin(format.head, body: .length(message.count))
            output.append(message.count, consuming: &message)
        case .bytes: if !exchange.hasBegunResponse { try exchange.begin(format.head, body: .length(0)) }
        }
    }

    // MARK: Waiting

    /// Looks at everything that is no message: the clocks, and whether the client is still there. Returns true when the
    /// answer ends here.
    private mutating func isStopped() throws(GatewayError) -> Bool {
        if exchange.hasBegunResponse { try exchange.flush() }
        if exchange.isClientGone { throw GatewayError(.clientGone, "the client left the stream") }
        if idle.hasExpired {
            throw GatewayError(.upstreamTimedOut, "the stream was silent for \(idleTimeout)", mayHaveBeenSent: true)
        }
        guard format.hasRemarks else { return false }
        if exchange.shouldEnd { return try stop() }
        if quiet.hasExpired, output.isEmpty {
            if exchange.hasBegunResponse { format.writeSignOfLife(to: &output) } else { try begin() }
            quiet.set(exchange.now + Self.keepAliveInterval)
            _ = try exchange.tryWrite(&output, atMost: output.count)
            try exchange.flush()
        }
        return false
    }

    /// The server stops, or the client has said that it sends nothing more. A browser calls again by itself; who reads
    /// lines is told that this is not the end of the stream.
    private mutating func stop() throws(GatewayError) -> Bool {
        try begin()
        if format == .lines {
            format.write(
                MicroError(id: "go.micro.api", code: 503, detail: "the gateway ends the stream; call again"),
                to: &output)
        }
        return true
    }
}
