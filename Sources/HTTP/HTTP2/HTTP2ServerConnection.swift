package import Bytes

/// The server's view of a connection (RFC 9113), without its streams and without input or output: bytes in, events out.
///
/// What concerns the connection only is done here: the order of frames, blocks of fields, settings, PING, the
/// connection's windows, and counting what carries nothing. The rest is handed on, to whoever has the streams.
package struct HTTP2ServerConnection {
    /// What a frame means to the streams. Ranges are places in the bytes that were shown.
    package enum Event: Equatable, Sendable {
        /// Nothing; what was to be done is done.
        case nothing
        /// A block of fields is whole and lies in `list`.
        case fields(stream: UInt32, endsStream: Bool, dependsOnItself: Bool)
        /// Already counted in the connection's window, which `consume` opens again.
        case data(stream: UInt32, content: Range<Int>, flowLength: Int, endsStream: Bool)
        case reset(stream: UInt32)
        /// The window of a stream grows.
        case windowUpdate(stream: UInt32, increment: Int)
        /// The window of the connection has grown.
        case connectionWindowGrew
        /// Every stream's window grows by the difference of the two.
        case initialWindowChanged(from: Int, to: Int)
        /// GOAWAY: the client wants no more of this connection than what it has asked for.
        case peerLeaves
        /// To the PING of ours.
        case pingAnswered
        /// A frame that only its stream suffers for.
        case refused(HTTP2Error)
    }

    /// How much content may lie unread on all streams together, in bytes: enough for sixteen streams that nobody reads,
    /// so that these do not stop the others.
    package static let windowSize = 1 << 20

    /// What the client has told of itself.
    package private(set) var peer = HTTP2Settings()
    /// True once the client's first frame, SETTINGS, is there.
    package private(set) var hasSettings = false
    /// True once the client has acknowledged ours.
    package private(set) var isAcknowledged = false
    /// The fields of the block that came last.
    package private(set) var list = HPACKFieldList()
    package var encoder = HPACKEncoder()
    /// What we may send, on all streams together.
    package var sendWindow = FlowWindow(stream: 0)
    package var floods: FloodGuard

    private var receiveWindow = ReceiveWindow(stream: 0, size: Self.windowSize)
    private var reader: FrameReader
    private var decoder: HPACKDecoder
    private var numbers = StreamNumbers(isServer: true)
    private var closed = ClosedStreams()
    private let listLimit: Int
    /// The block of fields that is not whole yet, and what has come of it.
    private var openBlock: (stream: UInt32, endsStream: Bool, dependsOnItself: Bool)?
    private var fragments = ByteBuffer()

    /// - Parameter listLimit: How large the fields of one request may be together, as RFC 9113, 6.5.2 counts them.
    package init(listLimit: Int, now: ContinuousClock.Instant) {
        self.listLimit = listLimit
        // A little above the limit can still be answered; far above, reading on would serve nobody.
        reader = FrameReader(blockLimit: listLimit * 2)
        decoder = HPACKDecoder(listLimit: listLimit)
        floods = FloodGuard(now: now)
    }

    // MARK: What we say

    /// Writes what a server begins with: its settings, and a window for the connection.
    ///
    /// - Parameter maximumStreams: How many requests may be open at once.
    package mutating func writePreface(maximumStreams: Int, to output: inout ByteBuffer) {
        FrameWriter.writeSettings(
            [
                (.maximumStreams, UInt32(maximumStreams)), (.maximumListSize, UInt32(clamping: listLimit)),
                (.enableConnectProtocol, 1),
            ], to: &output)
        FrameWriter.writeWindowUpdate(stream: 0, increment: Self.windowSize - 65_535, to: &output)
    }

    /// The highest stream that the client has opened; 0 before the first.
    package var lastStream: UInt32 { numbers.lastOfPeer }

    /// Takes settings that came with a request of HTTP/1.1 (RFC 7540, 3.2.1).
    package mutating func assume(_ settings: HTTP2Settings) {
        peer = settings
        encoder.setAllowedTableSize(peer.headerTableSize)
    }

    /// Says that content was consumed. Opens the connection's window when it is time.
    package mutating func consume(_ length: Int, to output: inout ByteBuffer) {
        do throws(HTTP2Error) {
            guard let increment = try receiveWindow.consume(length) else { return }
            FrameWriter.writeWindowUpdate(stream: 0, increment: increment, to: &output)
        } catch {
            preconditionFailure("no more is consumed than was received, so the window cannot grow too large")
        }
    }

    // MARK: Streams

    /// Takes note of a stream that the client opens.
    ///
    /// - Throws: What ends the connection, for a number that is too low or not the client's.
    package mutating func open(_ stream: UInt32) throws(HTTP2Error) { try numbers.open(stream) }

    /// Takes note of a stream that is closed.
    package mutating func close(_ record: StreamRecord) { closed.append(record.number, record.state) }

    /// What a frame means on a stream that is not open. Only for numbers that were not just opened.
    ///
    /// - Throws: When the stream is idle, or was closed so that nothing more may come.
    package mutating func receiveLate(
        _ event: StreamState.Event, on stream: UInt32, now: ContinuousClock.Instant
    ) throws(HTTP2Error) {
        // Forgotten streams are taken for such that we have reset: what comes was under way then.
        let state = numbers.isIdle(stream) ? .idle : closed.state(of: stream) ?? .resetByUs
        switch state.after(event, .received) {
        case .connectionError(let code): throw .connection(code, "A frame came on a stream that is not open.")
        case .becomes, .ignored, .streamError, .forbidden: try floods.charge(.small, at: now)
        }
    }

    /// Whether fields on a stream that is not open can only be too late, and not a new request.
    package func isKnownClosed(_ stream: UInt32) -> Bool {
        !numbers.isIdle(stream) && closed.state(of: stream) != nil
    }

    // MARK: What the client says

    /// Reads the frame that the bytes begin with, and does what concerns the connection.
    ///
    /// - Returns: What is left to do, and how many bytes the frame takes; nil when more are needed.
    /// - Throws: What ends the connection.
    package mutating func next(
        _ bytes: Span<UInt8>, now: ContinuousClock.Instant, output: inout ByteBuffer
    ) throws(HTTP2Error) -> (event: Event, length: Int)? {
        guard let (frame, length) = try reader.next(bytes) else { return nil }
        if !hasSettings {
            guard case .settings = frame else {
                throw .connection(.protocolError, "The first frame must be SETTINGS.")
            }
            hasSettings = true
        }
        return (try take(frame, bytes, now: now, output: &output), length)
    }

    /// True while a block of fields has begun and is not whole.
    package var isWithinBlock: Bool { openBlock != nil }

    private mutating func take(
        _ frame: Frame, _ bytes: Span<UInt8>, now: ContinuousClock.Instant, output: inout ByteBuffer
    ) throws(HTTP2Error) -> Event {
        switch frame {
        case .data(let stream, let content, let flowLength, let endsStream):
            try receiveWindow.receive(flowLength)
            if content.isEmpty, !endsStream { try floods.charge(.empty, at: now) }
            return .data(stream: stream, content: content, flowLength: flowLength, endsStream: endsStream)
        case .headers(let stream, let fragment, let endsHeaders, let endsStream, let dependsOnItself):
            openBlock = (stream, endsStream, dependsOnItself)
            guard endsHeaders else { return keep(bytes.extracting(fragment)) }
            return try decode(bytes.extracting(fragment))
        case .continuation(_, let fragment, let endsHeaders):
            _ = keep(bytes.extracting(fragment))
            if fragment.isEmpty { try floods.charge(.empty, at: now) }
            return endsHeaders ? try decodeKept() : .nothing
        case .reset(let stream, _): return .reset(stream: stream)
        case .settings(let payload):
            try floods.charge(.settings, at: now)
            return try apply(bytes.extracting(payload), output: &output)
        case .settingsAcknowledged:
            if isAcknowledged { try floods.charge(.small, at: now) }
            isAcknowledged = true
            return .nothing
        case .ping(let payload, let isAnswer):
            try floods.charge(.small, at: now)
            if isAnswer { return .pingAnswered }
            FrameWriter.writePing(bytes.extracting(payload), isAnswer: true, to: &output)
            return .nothing
        case .windowUpdate(0, let increment):
            try floods.charge(.small, at: now)
            try sendWindow.grow(by: increment)
            return .connectionWindowGrew
        case .windowUpdate(let stream, let increment):
            try floods.charge(.small, at: now)
            return .windowUpdate(stream: stream, increment: increment)
        case .goAway:
            try floods.charge(.small, at: now)
            return .peerLeaves
        case .unknown:
            try floods.charge(.small, at: now)
            return .nothing
        case .priority: return .nothing
        case .refused(let error): return .refused(error)
        }
    }

    private mutating func apply(_ payload: Span<UInt8>, output: inout ByteBuffer) throws(HTTP2Error) -> Event {
        let before = peer.initialWindow
        // The next block must tell the smallest size too, even when a larger one follows in the same frame (RFC 7541, 4.2).
        if let smallest = try peer.apply(payload, isFromServer: false) { encoder.setAllowedTableSize(smallest) }
        encoder.setAllowedTableSize(peer.headerTableSize)
        FrameWriter.writeSettingsAcknowledgement(to: &output)
        guard peer.initialWindow != before else { return .nothing }
        return .initialWindowChanged(from: before, to: peer.initialWindow)
    }

    // MARK: Blocks of fields

    private mutating func keep(_ fragment: Span<UInt8>) -> Event {
        fragments.append(fragment)
        return .nothing
    }

    private mutating func decodeKept() throws(HTTP2Error) -> Event {
        let whole = fragments.take()
        return try decode(whole.span)
    }

    private mutating func decode(_ block: Span<UInt8>) throws(HTTP2Error) -> Event {
        guard let (stream, endsStream, dependsOnItself) = openBlock else {
            preconditionFailure("the reader lets no block end that has not begun")
        }
        openBlock = nil
        do throws(HPACKProblem) {
            try decoder.decode(block, into: &list)
        } catch {
            throw error.connectionError
        }
        return .fields(stream: stream, endsStream: endsStream, dependsOnItself: dependsOnItself)
    }

    /// Gives memory back that is easily made again. For connections that go idle. What was closed is still known: it
    /// takes little, and decides what may come.
    package mutating func releaseMemory() { list = HPACKFieldList() }
}
