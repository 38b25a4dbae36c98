internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// One HTTP/2 connection to a node, shared by the requests of one loop.
///
/// A task of its own connects, reads and keeps watch; it ends with the connection. The tasks of requests write to the
/// socket themselves, so that a request costs one system call, and wait on their own wake-ups for what the reader finds.
/// Requests may begin before the connection is made: what they send waits until it is.
final class HTTP2Connection: LoopTask {
    /// Bytes that are kept for a socket that is slow to take them, apart from frames that cannot wait.
    static let highMark = 131_072
    /// A node that makes us owe it more than this many bytes of answers to its own frames reads none of them.
    static let controlMark = 1_048_576
    private static let readSize = 65_536
    /// Reads in one tick of the loop, so that a fast node does not keep everyone else waiting.
    private static let readsPerTick = 8
    private static let maximumSpares = 16

    let node: Node
    let limits: HTTP2Limits
    let loop: any EventLoop
    private let route: HTTP2Route
    private let host: HTTP2Host

    private(set) var channel: (any Channel)?
    let wakeup = Wakeup()
    private let alarm: Deadline
    /// Bytes that the node has sent and nobody has looked at.
    var input = ByteBuffer()
    /// Frames that the socket has not taken yet.
    var output = ByteBuffer()
    var reader: FrameReader
    var decoder: HPACKDecoder
    var encoder = HPACKEncoder()
    var list = HPACKFieldList()
    /// The parts of a block of fields that came in more than one frame, and whose they are.
    var fragments = ByteBuffer()
    var endsWithFragments = false
    private var block = ByteBuffer()

    /// What the node has told of itself.
    var peer = HTTP2Settings()
    var hasSettings = false
    var sendWindow = FlowWindow(stream: 0)
    var receiveWindow: FlowWindow
    var numbers = StreamNumbers(isServer: false)
    var streams: [UInt32: HTTP2Stream] = [:]
    private var spares: [HTTP2Stream] = []
    /// Streams that have something to send, in the order in which they may.
    var queue: [HTTP2Stream] = []
    /// Frames in a row that brought nothing.
    var uselessFrames = 0
    /// True once the socket takes nothing more. What the node still has to say decides.
    var isDeaf = false

    /// True once no new request may begin here.
    private(set) var isDraining = false
    /// True once nothing can happen here any more.
    private(set) var isClosed = false
    private(set) var failure: HTTP2Stream.Failure?
    private(set) var isConnected = false
    /// What waits for the connection to be made, or not.
    private var watchers: [Wakeup] = []
    private var connectedAt: ContinuousClock.Instant
    private(set) var idleSince: ContinuousClock.Instant

    // What the watch goes by.
    var lastArrival: ContinuousClock.Instant
    var pingSentAt: ContinuousClock.Instant?
    /// Questions whether the node lives since it last sent something of an answer.
    var quietPings = 0

    init(to node: Node, by route: HTTP2Route, of host: HTTP2Host, limits: HTTP2Limits) {
        self.node = node
        self.route = route
        self.host = host
        self.limits = limits
        loop = route.loop
        alarm = Deadline(on: loop, firing: wakeup)
        reader = FrameReader(blockLimit: limits.listSize)
        decoder = HPACKDecoder(listLimit: limits.listSize)
        receiveWindow = FlowWindow(stream: 0, available: limits.connectionWindow)
        peer.maximumStreams = host.knownStreamLimit
        (connectedAt, idleSince, lastArrival) = (loop.now, loop.now, loop.now)
        writePreface()
    }

    deinit { alarm.cancel() }

    // MARK: For requests

    /// How many requests are under way.
    var load: Int { streams.count }

    /// True when one more request may begin.
    var hasRoom: Bool {
        !isDraining && !isClosed && output.count < Self.controlMark
            && load < min(limits.streams, peer.maximumStreams ?? limits.streams)
    }

    /// Waits until the connection is made, for callers that could ask another node instead.
    ///
    /// - Parameters:
    ///   - wakeup: Of the calling task.
    ///   - deadline: What the caller waits for at most; it fires that wake-up.
    /// - Throws: `.upstreamRefused` when it is not made; `.upstreamTimedOut` when the deadline passes first.
    nonisolated(nonsending) func established(wakeup: Wakeup, until deadline: Deadline) async throws(GatewayError) {
        let start = loop.now
        while !isConnected {
            if let failure { throw failure.error(node) }
            if deadline.hasExpired { throw .timedOut(node, after: loop.now - start) }
            watchers.append(wakeup)
            await wakeup.wait()
            watchers.removeAll { $0 === wakeup }
        }
    }

    /// - Throws: `.headerFieldsTooLarge` when the node has said that it takes no fields of this size.
    func checkListSize(_ size: Int) throws(GatewayError) {
        guard let limit = peer.maximumListSize, size > limit else { return }
        throw GatewayError(
            .headerFieldsTooLarge, "the header is larger than the service accepts, which is \(limit) bytes")
    }

    /// Begins a request. It is on its way with the next `send` of the stream, or `flush`.
    ///
    /// - Parameters:
    ///   - endsStream: Whether no content follows.
    ///   - isAnswerBare: Whether the answer will have no content, as to HEAD.
    ///   - writeFields: Writes the block of fields with the encoder.
    /// - Throws: Why the connection takes no request.
    func begin(
        wakeup: Wakeup, endsStream: Bool, isAnswerBare: Bool = false,
        _ writeFields: (inout HPACKEncoder, inout ByteBuffer) -> Void
    ) throws(GatewayError) -> HTTP2Stream {
        if let failure { throw failure.error(node) }
        guard !isClosed, !isDraining, let id = numbers.next() else {
            isDraining = true
            throw HTTP2Stream.Failure.unprocessed("the connection takes no more requests").error(node)
        }
        if streams.isEmpty { lastArrival = loop.now }
        let stream = spares.popLast() ?? HTTP2Stream(self, wakeup: wakeup)
        stream.restart(
            id: id, wakeup: wakeup, sendWindow: peer.initialWindow, receiveWindow: limits.streamWindow,
            isAnswerBare: isAnswerBare)
        stream.state = endsStream ? .halfClosedLocal : .open
        streams[id] = stream
        var block = self.block.take()
        writeFields(&encoder, &block)
        FrameWriter.writeHeaders(
            block.span, stream: id, endsStream: endsStream, maximumLength: peer.maximumFrameLength, to: &output)
        block.removeAll()
        self.block = block
        if isConnected { rearm() }
        return stream
    }

    /// Gives a stream up. One that is still under way is reset, so that the node need not go on.
    func close(_ stream: HTTP2Stream) {
        if streams[stream.id] === stream {
            FrameWriter.writeReset(stream: stream.id, code: stream.hasEnded ? .noError : .cancel, to: &output)
            stream.state = .resetByUs
            forget(stream)
            flush()
        }
        guard !isClosed, spares.count < Self.maximumSpares else { return }
        stream.releaseMemory()
        spares.append(stream)
    }

    /// Takes a stream whose life has ended out of the table, which makes room for another.
    func forget(_ stream: HTTP2Stream) {
        streams[stream.id] = nil
        if stream.isQueued {
            stream.isQueued = false
            queue.removeAll { $0 === stream }
        }
        host.hasRoomNow()
        guard streams.isEmpty else { return }
        idleSince = loop.now
        if isDraining { end() }
    }

    // MARK: The connection's own task

    nonisolated(nonsending) func run() async {
        do throws(ChannelError) {
            alarm.set(loop.now + route.connectTimeout)
            let channel = try await route.connect(to: node, wakeup: wakeup, until: alarm)
            guard !isClosed else { return channel.close() }
            self.channel = channel
        } catch {
            return fail(.refused(error))
        }
        didConnect()
        while !isClosed {
            var reads = 0
            while reads < Self.readsPerTick, tryRead() { reads += 1 }
            if alarm.hasExpired { watch() }
            flush()
            guard !isClosed else { break }
            if reads == Self.readsPerTick {
                alarm.set(loop.now)  // Others first, whatever there is to read here.
                await wakeup.wait()
            }
            rearm()
            if reads < Self.readsPerTick { await wakeup.wait() }
        }
    }

    private func didConnect() {
        if let chosen = channel?.negotiatedProtocol, chosen != "h2" {
            return fail(.broken("it chose \(chosen) and not HTTP/2"))
        }
        isConnected = true
        (connectedAt, lastArrival) = (loop.now, loop.now)
        rearm()
        tellWatchers()
    }

    private func tellWatchers() {
        for watcher in watchers { watcher.fire() }
        watchers.removeAll()
    }

    /// Returns true when something came.
    private func tryRead() -> Bool {
        guard let channel, !isClosed else { return false }
        do throws(ChannelError) {
            guard let count = try channel.tryRead(into: &input, atMost: Self.readSize) else { return false }
            guard count > 0 else {
                fail(.broken(ChannelError.closed.reason))
                return false
            }
        } catch {
            fail(.broken(error.reason))
            return false
        }
        lastArrival = loop.now
        do throws(HTTP2Error) {
            try takeFrames()
        } catch {
            FrameWriter.writeGoAway(lastStream: 0, code: error.code, reason: error.reason, to: &output)
            fail(.broken(error.reason))
        }
        return true
    }

    // MARK: The watch

    private func rearm() {
        if !hasSettings {
            alarm.set(connectedAt + limits.settingsTimeout)
        } else if let pingSentAt {
            alarm.set(pingSentAt + limits.pingTimeout)
        } else if !streams.isEmpty {
            alarm.set(lastArrival + (quietPings == 0 ? limits.silence : limits.furtherSilence))
        } else {
            alarm.clear()
        }
    }

    private func watch() {
        let now = loop.now
        if !hasSettings {
            guard now - connectedAt >= limits.settingsTimeout else { return }
            fail(.broken("it said nothing after the connection was made, as if it did not speak HTTP/2"))
        } else if let pingSentAt {
            if now - pingSentAt >= limits.pingTimeout { fail(.broken("it went silent and does not answer a ping")) }
        } else if !streams.isEmpty, now - lastArrival >= (quietPings == 0 ? limits.silence : limits.furtherSilence) {
            ask()
        }
    }

    /// Asks the node whether it lives.
    private func ask() {
        quietPings += 1
        pingSentAt = loop.now
        let question = ByteBuffer([0, 0, 0, 0, 0, 0, 0, 1])
        FrameWriter.writePing(question.span, isAnswer: false, to: &output)
    }

    /// A request was given up after this moment because no answer came: if nothing else came either, the node is asked
    /// whether it lives.
    func suspectSilence(since moment: ContinuousClock.Instant) {
        guard isConnected, !isClosed, hasSettings, pingSentAt == nil, quietPings == 0, lastArrival <= moment else {
            return
        }
        ask()
        flush()
        rearm()
    }

    // MARK: The end

    /// Takes no new requests. Those under way go on.
    func stopTakingRequests() { isDraining = true }

    /// The node has said how many requests it takes at once.
    func learnedStreamLimit() {
        host.knownStreamLimit = peer.maximumStreams
        host.hasRoomNow()
    }

    /// Says goodbye and closes.
    func end() {
        guard !isClosed else { return }
        FrameWriter.writeGoAway(lastStream: 0, code: .noError, to: &output)
        fail(.unprocessed("the connection was closed"))
    }

    /// Ends every request that is under way with the failure, and closes.
    func fail(_ failure: HTTP2Stream.Failure) {
        guard !isClosed else { return }
        isClosed = true
        isDraining = true
        self.failure = failure
        if let channel, !isDeaf { _ = try? channel.tryWrite(&output) }
        for stream in streams.values {
            stream.isQueued = false
            if !stream.hasEnded { stream.failure = failure }
            stream.wakeup.fire()
        }
        streams.removeAll()
        queue.removeAll()
        spares.removeAll()
        channel?.close()
        alarm.cancel()
        host.remove(self)
        tellWatchers()
        wakeup.fire()
    }
}

extension Node {
    /// What requests to it say of how they are sent.
    var scheme: String { isSecure ? "https" : "http" }
}

extension GatewayError {
    /// Whether the node has said that it did nothing with the request, which says nothing against the node.
    var isUnprocessed: Bool { code == .upstreamBroken && !mayHaveBeenSent }
}

extension HTTP2Stream.Failure {
    /// What the one whose request it was is told.
    func error(_ node: Node) -> GatewayError {
        switch self {
        case .refused(let error): .refused(by: node, error)
        case .unprocessed(let reason): .broken(node, reason, mayHaveBeenSent: false)
        case .reset(let code): .broken(node, "it reset the stream with \(code)")
        case .broken(let reason): .broken(node, reason)
        }
    }
}
