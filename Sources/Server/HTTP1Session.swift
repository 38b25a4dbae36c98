internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// One HTTP/1.1 connection from a client: bytes to exchanges and back (RFC 9112).
///
/// Requests are answered one after the other, in order, also when the client sends several at once. One task runs the
/// session from the first byte to the last.
final class HTTP1Session: ServerSession {
    let channel: any Channel
    let loop: any EventLoop
    let configuration: SessionConfiguration
    let wakeup: Wakeup
    let deadline: Deadline
    let handler: any Handler
    let context: WorkerContext
    let forwarding: ForwardingContext
    let isPeerLoopback: Bool
    private var parser: RequestParser
    /// Made in `init`, as soon as there is a session to make it of.
    private(set) var exchange: Exchange!

    /// Bytes from the client that nobody has read yet.
    var input = ByteBuffer()
    /// Bytes for the client that the socket has not taken yet.
    var output = ByteBuffer()
    var request = RequestBody()
    var response = ResponseBody()
    var tunnel = TunnelState()
    /// False once the connection must end after the current answer.
    var keepsAlive = true
    /// True once the client may be sending what nobody will read.
    var mustLinger = false
    /// What the last reading of the body handed out.
    var lastTaken = 0
    private(set) var isDraining = false
    private var idleSince: ContinuousClock.Instant
    private var isResting = false
    /// True until the first bytes have shown that they are no preface of HTTP/2.
    var mayBeginHTTP2: Bool
    /// The session that takes over when the client has changed to HTTP/2.
    var successor: HTTP2Session?

    init(
        channel: any Channel, wakeup: Wakeup, handler: any Handler, context: WorkerContext,
        forwarding: ForwardingContext, isPeerLoopback: Bool
    ) {
        self.channel = channel
        self.wakeup = wakeup
        loop = context.loop
        self.handler = handler
        self.context = context
        self.forwarding = forwarding
        self.isPeerLoopback = isPeerLoopback
        mayBeginHTTP2 = channel.negotiatedProtocol == nil
        configuration = context.configuration
        parser = RequestParser(limits: configuration.headLimits, isSecure: forwarding.scheme == "https")
        deadline = Deadline(on: loop, firing: wakeup)
        idleSince = loop.now
        exchange = Exchange(
            stream: self, forwarding: forwarding, isPeerLoopback: isPeerLoopback, loop: loop, wakeup: wakeup)
    }

    nonisolated(nonsending) func serve() async -> (any ServerSession)? {
        while await serveOne() {}
        if successor == nil { await finish() }
        deadline.cancel()
        return successor
    }

    /// Answers the current request with `Connection: close`, and waits for no other. Endless answers end.
    func drain() {
        isDraining = true
        keepsAlive = false
        wakeup.fire()
    }

    /// Returns false when the connection is to be closed.
    nonisolated(nonsending) private func serveOne() async -> Bool {
        do throws(GatewayError) {
            guard try await readHead() else { return false }
        } catch {
            mustLinger = true
            keepsAlive = false
            let canGoOn = await answer(error)
            context.accessLog?.record(malformed: error, exchange, bytes: response.sent)
            return canGoOn
        }
        let began = loop.now
        if exchange.request.fields.contains(.http2Settings), changeToHTTP2() { return false }
        var canGoOn = true
        do throws(GatewayError) {
            try await handler.handle(exchange)
            guard response.isEnded || tunnel.isOpen else { throw GatewayError(.fault, "no answer was given") }
            if let failure = exchange.lateFailure { context.report(failure, exchange) }
        } catch {
            canGoOn = await answer(error)
        }
        leaveTunnel()
        context.accessLog?.record(exchange, took: loop.preciseNow - began, bytes: response.sent)
        guard canGoOn, await flushAll() else { return false }
        guard await skipRestOfBody() else { return false }
        return keepsAlive && !isDraining
    }

    // MARK: The head

    /// Waits for the head of the next request. Returns false when none will come.
    nonisolated(nonsending) private func readHead() async throws(GatewayError) -> Bool {
        var isPartial = false
        deadline.clear()
        while true {
            if mayBeginHTTP2, !input.isEmpty, beginsHTTP2() { return false }
            if !input.isEmpty, !mayBeginHTTP2, try parseHead() { break }
            if !input.isEmpty, !isPartial {  // The first byte starts the clock for the whole head.
                isPartial = true
                deadline.set(loop.now + configuration.headerTimeout)
            } else if deadline.at == nil, !deadline.hasExpired {
                idleSince = loop.now
                isResting = false
                deadline.set(loop.now + min(Self.restDelay, configuration.idleTimeout))
            }
            guard try await readMore(isPartial: isPartial) else { return false }
        }
        deadline.clear()
        exchange.reset()
        keepsAlive = exchange.request.keepsConnectionAlive && !isDraining
        return true
    }

    /// Returns false when the client sends nothing more, or nothing in time without having begun a request.
    nonisolated(nonsending) private func readMore(isPartial: Bool) async throws(GatewayError) -> Bool {
        while true {
            if isDraining, input.isEmpty { return false }
            do throws(ChannelError) {
                if let count = try channel.tryRead(into: &input, atMost: Self.headReadSize) { return count > 0 }
            } catch {
                return false
            }
            if deadline.hasExpired, !isPartial, rest() { continue }
            if deadline.hasExpired {
                guard isPartial else { return false }
                forgetExchange()
                throw GatewayError(.requestTimeout, "the request's header did not arrive in time")
            }
            await wakeup.wait()
        }
    }

    /// A connection that was idle for so long gives its memory back, so that many of them cost little.
    private static let restDelay = Duration.seconds(1)

    /// Returns true when the connection may go on being idle.
    private func rest() -> Bool {
        let end = idleSince + configuration.idleTimeout
        guard !isResting, loop.now < end else { return false }
        isResting = true
        input.releaseMemory()
        output.releaseMemory()
        exchange.releaseMemory()
        deadline.set(end)
        return true
    }

    /// Enough for nearly every head, and for the small bodies that come along.
    private static let headReadSize = 8_192

    private static let tunnel = RequestProblem(.notImplemented, "This server makes no tunnels.")

    private func parseHead() throws(GatewayError) -> Bool {
        do throws(RequestProblem) {
            guard try parser.take(from: &input, into: &exchange.request) else { return false }
            // What follows would not be HTTP. Closing keeps it from being taken for requests.
            guard exchange.request.method != .connect else { throw Self.tunnel }
            let framing = try BodyFraming.ofRequest(exchange.request)
            request.begin(framing, expectsContinue: exchange.request.expectsContinue)
            response.begin(exchange.request.method, exchange.request.version)
            return true
        } catch {
            forgetExchange()
            if error == .secureBytes {
                context.handshakes.note(
                    "a client began TLS on a port that speaks plain HTTP", from: exchange.forwarding.clientAddress)
            }
            throw GatewayError(error)
        }
    }

    /// Forgets the exchange before, so that an error without a request of its own can be answered.
    private func forgetExchange() {
        response.begin(.get, .http11)
        request.begin(.none, expectsContinue: false)
        exchange.reset()
    }

    // MARK: Errors

    /// Turns an error into the answer. Returns false when the connection must be closed at once, because an answer was
    /// begun already and cannot be taken back.
    nonisolated(nonsending) private func answer(_ error: GatewayError) async -> Bool {
        context.report(error, exchange)
        guard error.code != .clientGone, !exchange.hasBegunResponse else { return false }
        if !request.isComplete { (keepsAlive, mustLinger) = (false, true) }
        do throws(GatewayError) {
            try await ErrorResponse.send(error, to: exchange)
            return await flushAll() && keepsAlive
        } catch {
            return false
        }
    }

    // MARK: The end of an exchange

    /// Sends what is buffered. Returns false when the client does not take it.
    nonisolated(nonsending) private func flushAll() async -> Bool {
        while !output.isEmpty {
            do throws(GatewayError) {
                if try flushSome() { return true }
            } catch {
                return false
            }
            await wakeup.wait()
        }
        return true
    }

    /// Reads what is left of a body that the handler did not want, so that the next request can be found behind it. One
    /// that is long, or that the client was not yet asked for, ends the connection instead.
    nonisolated(nonsending) private func skipRestOfBody() async -> Bool {
        if request.isComplete { return true }
        if keepsAlive, !request.isContinueExpected, await skipBody() { return true }
        mustLinger = true
        return false
    }

    nonisolated(nonsending) private func skipBody() async -> Bool {
        var rest = ByteBuffer()
        var skipped = 0
        while skipped < Self.skippedBytes {
            rest.removeAll()
            do throws(GatewayError) {
                switch try tryReadBody(into: &rest, atMost: Self.headReadSize) {
                case nil: await wakeup.wait()
                case 0?: return true
                case let count?: skipped += count
                }
            } catch {
                return false
            }
        }
        return false
    }

    static let skippedBytes = 262_144

    /// Says goodbye in a way that lets the last answer arrive.
    nonisolated(nonsending) private func finish() async {
        guard mustLinger, !channel.isBroken, output.isEmpty else { return }
        channel.finish()
        deadline.set(loop.now + configuration.lingerTimeout)
        var count = input.count
        while count < configuration.lingerBytes, !deadline.hasExpired {
            input.removeAll()
            do throws(ChannelError) {
                guard let more = try channel.tryRead(into: &input, atMost: Self.headReadSize) else {
                    await wakeup.wait()
                    continue
                }
                guard more > 0 else { return }
                count += more
            } catch {
                return
            }
        }
    }
}

extension GatewayError {
    /// A request that cannot be understood.
    init(_ problem: RequestProblem) {
        let code: Code =
            switch problem.status {
            case .contentTooLarge: .contentTooLarge
            case .uriTooLong: .uriTooLong
            case .headerFieldsTooLarge: .headerFieldsTooLarge
            case .notImplemented: .notImplemented
            case .versionNotSupported: .versionNotSupported
            case .expectationFailed: .expectationFailed
            case .misdirectedRequest: .misdirected
            default: .badRequest
            }
        self.init(code, problem.reason)
    }
}
