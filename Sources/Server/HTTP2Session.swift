internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// One HTTP/2 connection from a client: frames to exchanges and back (RFC 9113).
///
/// The connection's own task reads, hands out what has come, and sends what the streams have written. Each stream has a
/// task that runs its handler, and writes frames into the one output buffer. Streams that are done keep their task and
/// their memory and wait for the next request.
final class HTTP2Session: ServerSession {
    let channel: any Channel
    let wakeup: Wakeup
    let loop: any EventLoop
    let handler: any Handler
    let context: WorkerContext
    let configuration: SessionConfiguration
    let forwarding: ForwardingContext
    let isPeerLoopback: Bool
    let deadline: Deadline

    /// Bytes from the client that nobody has read yet: less than a frame, when there is nothing else to wait for.
    var input: ByteBuffer
    /// Frames for the client that the socket has not taken yet.
    var output = ByteBuffer()
    /// Memory for the block of fields at hand.
    var block = ByteBuffer()
    var connection: HTTP2ServerConnection
    /// Streams that are not closed.
    var streams: [UInt32: HTTP2Stream] = [:]
    /// Streams that wait for a request.
    var parked: [HTTP2Stream] = []
    /// How many streams have a request, closed ones included whose handlers have not noticed yet.
    var running = 0
    var turns = OutputTurns()
    var clock: HTTP2Clock
    var farewell = Farewell.none
    private var hasPreface = false
    /// A request of HTTP/1.1 that asked for HTTP/2, and is answered as stream 1.
    private var upgraded: RequestHead?

    /// True once the connection is lost, or given up.
    private(set) var isGone = false
    private(set) var isDraining = false
    /// True once the client has said that it asks for nothing more.
    var isPeerLeaving = false
    /// True while the connection's task runs, so that nobody needs to wake it.
    private(set) var isAwake = false

    /// How far the end of the connection has been told (RFC 9113, 6.8).
    enum Farewell {
        case none
        /// The client knows that the end comes; what it sends meanwhile is still answered.
        case announced
        /// Nothing above the last stream is answered.
        case final
    }

    /// The most that is read at once.
    private static let readSize = 32_768
    /// Reads in one round, so that a fast client does not keep everyone else waiting.
    private static let readsPerRound = 4
    /// Streams kept for later requests.
    static let parkingPlaces = 32

    /// - Parameters:
    ///   - input: What has been read of the connection, from the preface on.
    ///   - upgraded: The request that asked for HTTP/2 by `Upgrade`, without content.
    ///   - settings: Those that came with it.
    init(
        channel: any Channel, wakeup: Wakeup, handler: any Handler, context: WorkerContext,
        forwarding: ForwardingContext, isPeerLoopback: Bool, input: consuming ByteBuffer = ByteBuffer(),
        upgraded: RequestHead? = nil, settings: HTTP2Settings? = nil
    ) {
        self.channel = channel
        self.wakeup = wakeup
        self.handler = handler
        self.context = context
        self.forwarding = forwarding
        self.isPeerLoopback = isPeerLoopback
        self.input = input
        self.upgraded = upgraded
        loop = context.loop
        configuration = context.configuration
        deadline = Deadline(on: loop, firing: wakeup)
        clock = HTTP2Clock(configuration, now: loop.now)
        connection = HTTP2ServerConnection(listLimit: configuration.headLimits.headerBlock, now: loop.now)
        if let settings { connection.assume(settings) }
    }

    nonisolated(nonsending) func serve() async -> SessionOutcome {
        do throws(HTTP2Error) {
            try await run()
        } catch {
            sayGoodbye(error.code, error.reason)
        }
        await finish()
        return .over
    }

    var successor: (any ServerSession)? { nil }

    func detach() {}

    /// Says that the end is near, answers what was asked before the client knew, and ends. Endless answers end.
    func drain() {
        isDraining = true
        for stream in streams.values { stream.wakeup.fire() }
        wakeup.fire()
    }

    // MARK: The loop

    nonisolated(nonsending) private func run() async throws(HTTP2Error) {
        if upgraded != nil {
            output.append("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        }
        connection.writePreface(maximumStreams: configuration.maximumStreams, to: &output)
        if let head = upgraded.take() { try open(upgraded: head) }
        while true {
            isAwake = true
            let hasMore = try receive()
            if isDraining { proceedWithFarewell() }
            if isPeerLeaving, isIdle, farewell != .final { sayGoodbye(.noError, "") }
            flush()
            if isGone || isOver { return }
            clock.isGreeted = connection.hasSettings && connection.isAcknowledged
            if deadline.hasExpired, try checkTime() { return }
            deadline.set(hasMore ? loop.now : clock.next(isIdle: isIdle))
            isAwake = false
            await wakeup.wait()
        }
    }

    var isIdle: Bool { streams.isEmpty && running == 0 }

    /// Whether all is said that there was to say.
    private var isOver: Bool { farewell == .final && isIdle }

    /// Reads what has come and hands it out. Returns true when there may be more.
    private func receive() throws(HTTP2Error) -> Bool {
        for _ in 0..<Self.readsPerRound {
            try process()
            if isFull {
                flush()
                if isFull || isGone { return false }
                continue
            }
            do throws(ChannelError) {
                guard let count = try channel.tryRead(into: &input, atMost: Self.readSize) else { return false }
                clock.hasRead(at: loop.now)
                if count == 0 { isGone = true }
            } catch {
                isGone = true
            }
            if isGone { return false }
        }
        try process()
        return true
    }

    /// Whether the client takes so little that nothing more is read from it: what it asks would only make more to send.
    private var isFull: Bool { output.count >= configuration.outputHighMark * 2 }

    /// Hands out all frames that are whole.
    private func process() throws(HTTP2Error) {
        guard !input.isEmpty else { return }
        // The streams may run while this does; none of them looks at the input.
        var input = self.input.take()
        defer { self.input = input }
        if !hasPreface {
            switch HTTP2Preface.match(input.span) {
            case .no: throw .connection(.protocolError, "The connection does not begin with the preface of HTTP/2.")
            case .partial: return
            case .whole: input.consume(HTTP2Preface.length)
            }
            hasPreface = true
        }
        while !isFull, !input.isEmpty {
            guard let (event, length) = try connection.next(input.span, now: loop.now, output: &output) else { break }
            do throws(HTTP2Error) {
                try handle(event, in: input)
            } catch {
                guard case .stream(let number) = error.scope else { throw error }
                try refuse(number, error)
            }
            input.consume(length)
            clock.hasFrame = true
        }
        clock.note(isWithinBlock: connection.isWithinBlock, partial: isFull ? 0 : input.count, of: input, at: loop.now)
    }

    /// Looks which clock has run out. Returns true when the connection is to end.
    private func checkTime() throws(HTTP2Error) -> Bool {
        let now = loop.now
        guard clock.isGreeted || now < clock.greeting else {
            throw .connection(.settingsTimeout, "The settings did not come, or were not acknowledged, in time.")
        }
        if let moment = clock.partial, moment <= now {
            throw .connection(.enhanceYourCalm, "A frame or a block of fields did not arrive in time.")
        }
        if let moment = clock.output, moment <= now {
            isGone = true
            return true
        }
        if let moment = clock.farewell, moment <= now { sayFinalGoodbye() }
        if !clock.hasReleased, clock.memoryIsDue <= now { releaseMemory() }
        guard isIdle, clock.idleSince + configuration.idleTimeout <= now else { return false }
        sayGoodbye(.noError, "")
        return true
    }

    /// Gives memory back that is easily made again. The tables of both sides stay, for the client counts on them, and so
    /// do streams that are open and silent.
    private func releaseMemory() {
        clock.hasReleased = true
        for stream in parked { stream.retire() }
        parked = []
        input.releaseMemory(above: 0)
        output.releaseMemory(above: 0)
        block.releaseMemory()
        if streams.isEmpty { streams = [:] }
        connection.releaseMemory()
    }

    // MARK: The end

    /// Tells the client about the end in two steps: once that it comes, and once which stream is the last (RFC 9113,
    /// 6.8). Between them the client's requests that were under way arrive.
    private func proceedWithFarewell() {
        guard farewell == .none else { return }
        farewell = .announced
        clock.farewell = loop.now + HTTP2Clock.farewellTimeout
        FrameWriter.writeGoAway(lastStream: FrameHeader.maximumStream, code: .noError, to: &output)
        FrameWriter.writePing([UInt8](repeating: 0, count: 8).span, isAnswer: false, to: &output)
    }

    /// The second step.
    func sayFinalGoodbye() {
        guard farewell == .announced else { return }
        sayGoodbye(.noError, "")
        wakeup.fire()
    }

    private func sayGoodbye(_ code: HTTP2ErrorCode, _ reason: String) {
        farewell = .final
        clock.farewell = nil
        FrameWriter.writeGoAway(lastStream: connection.lastStream, code: code, reason: reason, to: &output)
    }

    /// Ends all streams, lets the last frames arrive, and waits for the handlers.
    nonisolated(nonsending) private func finish() async {
        isAwake = true
        let isLost = isGone
        isGone = true
        for stream in streams.values { stream.abandon() }
        streams = [:]
        turns.removeAll()
        if !isLost, !channel.isBroken { await linger() }
        channel.close()
        for stream in parked { stream.retire() }
        parked = []
        deadline.clear()
        while running > 0 { await wakeup.wait() }
        deadline.cancel()
    }

    /// Sends what is left and says that nothing more comes. Closing at once would destroy the last frames on their way, if
    /// the client is sending.
    nonisolated(nonsending) private func linger() async {
        deadline.set(loop.now + configuration.lingerTimeout)
        var hasFinished = false
        var count = 0
        while count < configuration.lingerBytes, !deadline.hasExpired {
            do throws(ChannelError) {
                if !hasFinished, try channel.tryWrite(&output) {
                    channel.finish()
                    hasFinished = true
                }
                input.removeAll()
                guard let more = try channel.tryRead(into: &input, atMost: Self.readSize) else {
                    await wakeup.wait()
                    continue
                }
                guard more > 0 || !hasFinished else { return }
                if more == 0 { await wakeup.wait() }
                count += more
            } catch {
                return
            }
        }
    }

    /// Sends what the socket takes, and lets streams that wait for room go on.
    func flush() {
        if !output.isEmpty { send() }
        turns.grant(room: min(configuration.outputHighMark - output.count, connection.sendWindow.sendable))
    }

    func send() {
        let before = output.count
        do throws(ChannelError) {
            let isSent = try channel.tryWrite(&output)
            clock.hasSent(before - output.count, isComplete: isSent, at: loop.now)
        } catch {
            isGone = true
            output.removeAll()
            flushSoon()
        }
    }

    /// Has the connection's task send what was written, after the other tasks of this round.
    func flushSoon() {
        if !isAwake { wakeup.fire() }
    }
}
