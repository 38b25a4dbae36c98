internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// One stream of an HTTP/2 connection: one request and its answer, in a task of its own.
///
/// When both are done, the task, the exchange and their memory wait for the connection's next request, so that a request
/// on a connection that goes on allocates hardly anything.
final class HTTP2Stream: LoopTask {
    let session: HTTP2Session
    let wakeup = Wakeup()
    let deadline: Deadline
    /// Made in `init`, as soon as there is a stream to make it of.
    private(set) var exchange: Exchange!
    var record = StreamRecord()
    /// Content that has come and was not read.
    var body = ByteBuffer()
    var trailers = HeaderFields()
    var response = ResponseBody()
    /// True from the first request to read a body that the client sends only when asked to, until it is asked.
    var isContinueExpected = false
    /// Decided once for each request, since it is asked for often.
    private(set) var requestBody = BodyFraming.none
    /// What the request wants to make of the stream, if it is an extended CONNECT.
    private(set) var connect: ConnectProtocol?
    /// True from the answer that made the stream a tunnel until the handler has returned.
    var isTunnel = false
    /// True when the stream was reset, or its connection is lost.
    private(set) var isCut = false
    /// Bytes that may be written before others have had their turn.
    var turn = 0
    /// True while the stream waits for its turn.
    var isInLine = false

    /// Why the request is answered without being handled.
    private var refusal: GatewayError?
    /// False when so much of the fields was left out that there is no head.
    private var isUnderstood = true
    private var isAssigned = false
    private var isRetired = false
    private var hasTask = false
    /// True once nobody will read what else comes.
    private var isDiscarding = false
    private var discarded = 0

    /// Content that is read and thrown away after the answer, in bytes. More is refused, but kindly.
    private static let maximumDiscarded = 16_384
    /// A larger buffer is not kept for the next request.
    private static let largestSpare = 4_096

    init(of session: HTTP2Session) {
        self.session = session
        deadline = Deadline(on: session.loop, firing: wakeup)
        exchange = Exchange(
            stream: self, forwarding: session.forwarding, isPeerLoopback: session.isPeerLoopback, loop: session.loop,
            wakeup: wakeup)
    }

    // MARK: Beginning

    var isRefused: Bool { refusal != nil }

    /// Makes the request of its fields.
    ///
    /// - Throws: What the stream is reset with. Requests that are understood, but not taken, are answered instead.
    func read(_ list: borrowing HPACKFieldList, number: UInt32, endsStream: Bool) throws(HTTP2Error) {
        let limits = session.configuration.headLimits
        refusal = nil
        connect = nil
        isUnderstood = true
        do throws(HTTP2Error) {
            connect = try HTTP2Header.readRequest(
                list, stream: number, endsStream: endsStream, into: &exchange.request)
        } catch {
            // What was left out may be what is missing.
            guard list.isOverLimit else { throw error }
            exchange.request = RequestHead(authority: "")
            isUnderstood = false
        }
        let head = exchange.request
        if list.isOverLimit {
            refusal = GatewayError(.headerFieldsTooLarge, "The fields are too large.")
        } else if head.targetSpan.count > limits.requestLine {
            refusal = GatewayError(.uriTooLong, "The request target is too long.")
        } else if head.fields.count > limits.fields {
            refusal = GatewayError(.headerFieldsTooLarge, "There are too many fields.")
        } else if connect == .other {
            refusal = GatewayError(.notImplemented, "The only protocol spoken through CONNECT is websocket.")
        } else if head.method == .connect {
            refusal = GatewayError(.notImplemented, "This server makes no tunnels.")
        } else if head.fields.contains(.expect), !head.expectsContinue {
            refusal = GatewayError(.expectationFailed, "The only expectation known is 100-continue.")
        }
    }

    /// Has the request answered.
    func begin(_ record: StreamRecord, announced: Int?) {
        self.record = record
        isCut = false
        // What comes after a request for a tunnel is none of its content.
        let isBodyless = record.hasReceivedEnd || connect != nil
        requestBody = Self.framing(of: exchange.request, announced: announced, isBodyless: isBodyless)
        isContinueExpected = !isBodyless && exchange.request.expectsContinue
        isDiscarding = false
        discarded = 0
        exchange.reset()
        response.begin(exchange.request.method, .http2)
        isAssigned = true
        guard hasTask else {
            hasTask = true
            return session.context.tasks.start(self)
        }
        wakeup.fire()
    }

    // MARK: The task

    nonisolated(nonsending) func run() async {
        repeat {
            while !isAssigned, !isRetired { await wakeup.wait() }
            guard isAssigned else { break }
            await serve()
            isAssigned = false
            forget()
            if !session.finished(self) { break }
        } while true
        deadline.cancel()
    }

    /// Ends the task when it waits for a request.
    func retire() {
        isRetired = true
        deadline.cancel()
        wakeup.fire()
    }

    nonisolated(nonsending) private func serve() async {
        let began = session.loop.now
        do throws(GatewayError) {
            if let refusal { throw refusal }
            try await session.handler.lastHandler(for: exchange).handle(exchange)
            guard response.isEnded || isTunnel else { throw GatewayError(.fault, "no answer was given") }
            if let failure = exchange.lateFailure { session.context.report(failure, exchange) }
        } catch {
            await answer(error)
        }
        leaveTunnel()
        if let refusal, !isUnderstood {
            session.context.accessLog?.record(malformed: refusal, exchange, bytes: response.sent)
        } else {
            session.context.accessLog?.record(
                exchange, took: session.loop.preciseNow - began, bytes: response.sent)
        }
        await settle()
    }

    /// Turns an error into the answer, or into a reset when an answer was begun already and cannot be taken back.
    nonisolated(nonsending) private func answer(_ error: GatewayError) async {
        session.context.report(error, exchange)
        guard !isCut else { return }
        deadline.clear()
        guard error.code != .clientGone else { return reset(.cancel) }
        guard !exchange.hasBegunResponse else { return reset(isTunnel ? .cancel : .internalError) }
        do throws(GatewayError) {
            try await ErrorResponse.send(error, to: exchange)
        } catch {
            reset(.internalError)
        }
    }

    /// Sees to it that the stream is closed. What is left of the request is read for a while, for it is still held against
    /// the rules; then the client is told that nobody needs it.
    nonisolated(nonsending) private func settle() async {
        guard !isCut else { return }
        guard record.hasSentEnd else { return reset(.internalError) }
        // What nobody has read would be missing from the connection's window for ever.
        session.consumed(body.count, on: self)
        body.removeAll()
        guard !record.hasReceivedEnd else { return }
        isDiscarding = true
        var isLong = false
        if case .length(let length) = requestBody { isLong = length > Self.maximumDiscarded }
        guard !isLong, !isContinueExpected else { return reset(.noError) }
        deadline.set(session.loop.now + session.configuration.lingerTimeout)
        while !isCut, !record.hasReceivedEnd {
            if deadline.hasExpired || discarded > Self.maximumDiscarded { return reset(.noError) }
            await wakeup.wait()
        }
    }

    /// Forgets the request, and keeps its memory if it is little.
    private func forget() {
        deadline.clear()
        refusal = nil
        if !trailers.isEmpty { trailers = HeaderFields() }
        if body.capacity > Self.largestSpare { body.releaseMemory() } else { body.removeAll() }
        exchange.request.releaseMemory()
    }

    // MARK: What comes

    /// Takes content.
    func take(_ content: Span<UInt8>) {
        guard isDiscarding else { return body.append(content) }
        discarded += content.count
        session.consumed(content.count, on: self)
    }

    /// Takes the fields after the content.
    func takeTrailers(_ list: borrowing HPACKFieldList, endsStream: Bool) throws(HTTP2Error) {
        guard connect == nil else {  // RFC 9113, 8.5.
            throw .stream(record.number, .protocolError, "Fields came in a tunnel.")
        }
        try record.receiveTrailers(list, endsStream: endsStream, into: &trailers)
        trailers.removeAllForbiddenInTrailers()
    }

    /// Tells the handler that something has come.
    func arrived() {
        if record.state == .ended { session.close(self) }
        isContinueExpected = false
        deadline.clear()
        wakeup.fire()
    }

    /// Lets the client send more, after content was read.
    func openWindow(by length: Int) {
        guard !isCut, !record.hasReceivedEnd else { return }
        do throws(HTTP2Error) {
            guard let increment = try record.receiveWindow.consume(length) else { return }
            FrameWriter.writeWindowUpdate(stream: record.number, increment: increment, to: &session.output)
        } catch {
            preconditionFailure("no more is consumed than was received, so the window cannot grow too large")
        }
    }

    // MARK: The end

    /// Resets the stream, if it is open.
    func reset(_ code: HTTP2ErrorCode) {
        guard !isCut, record.state != .ended else { return }
        record.send(.reset)
        FrameWriter.writeReset(stream: record.number, code: code, to: &session.output)
        session.close(self)
        abandon()
        session.flushSoon()
    }

    /// Tells the handler that nobody waits for the answer.
    func abandon() {
        isCut = true
        session.connection.consume(body.count, to: &session.output)
        body.removeAll()
        wakeup.fire()
    }
}
