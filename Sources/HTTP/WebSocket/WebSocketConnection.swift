package import Bytes

/// One end of a WebSocket (RFC 6455): frames to messages and back, with everything that happens between messages. Pings
/// are answered, the peer is pinged, text is checked, and the closing handshake is done.
///
/// Sans I/O: the owner hands in what has arrived, sends what lies in `output`, and calls `tick` at `nextTick`. When
/// `isOver`, it sends the rest of the output and closes. It should stop reading while much output waits: answers to
/// pings lie there too.
package struct WebSocketConnection {
    private enum State: Equatable {
        case open
        /// Our close frame is on its way, the peer's is waited for until then.
        case closing(until: ContinuousClock.Instant)
        case over
    }

    /// What has come.
    package enum Event: Equatable, Sendable {
        /// Nothing that is complete.
        case nothing
        /// A whole text, in `message`.
        case text
        /// A whole binary message, in `message`.
        case binary
        /// The peer has closed, or done something for which we have: what was sent to the one who had to know.
        case closed(WebSocketClose)
    }

    /// Frames for the peer. The owner takes them away as it sends them.
    package var output = ByteBuffer()
    /// The last message. The owner may take it; the next one replaces it.
    package var message = ByteBuffer()

    private let role: WebSocketRole
    private let limits: WebSocketLimits
    private var reader: WebSocketFrameReader
    private var state = State.open
    private var checker = UTF8Checker()
    private var isMessageComplete = true
    private var lastHeard: ContinuousClock.Instant
    private var pinged: ContinuousClock.Instant?
    private var windowStart: ContinuousClock.Instant
    private var controlCount = 0

    /// How long control frames are counted before the count begins anew.
    private static let controlWindow = Duration.seconds(10)
    /// A longer message's memory is not kept for the next one.
    private static let keptMemory = 16_384

    /// - Parameter role: Which side we are.
    package init(_ role: WebSocketRole, limits: WebSocketLimits = WebSocketLimits(), now: ContinuousClock.Instant) {
        self.role = role
        self.limits = limits
        reader = WebSocketFrameReader(role, messageLimit: limits.message)
        lastHeard = now
        windowStart = now
    }

    /// Whether messages can be sent.
    package var isOpen: Bool { state == .open }

    /// Whether nothing more is to be read. The connection ends when the output is sent.
    package var isOver: Bool { state == .over }

    // MARK: From the peer

    /// Takes what has arrived, up to the end of one message. To be called until nothing has come.
    package mutating func receive(from input: inout ByteBuffer, now: ContinuousClock.Instant) -> Event {
        if !input.isEmpty { excuseSilence(now: now) }
        while state != .over {
            do throws(WebSocketProblem) {
                let step = try reader.next(input.span)
                if step.isIdle { break }
                input.consume(step.skip)
                let event = try step.opcode.isControl ? takeControl(step, &input, now) : takePiece(step, &input)
                if event != .nothing { return event }
            } catch {
                return fail(WebSocketClose(error.closeCode, reason: error.reason))
            }
        }
        if isOver { input.removeAll() }
        if isMessageComplete, message.isEmpty, message.capacity > Self.keptMemory { message.releaseMemory() }
        return .nothing
    }

    private mutating func takePiece(
        _ step: WebSocketFrameReader.Step, _ input: inout ByteBuffer
    ) throws(WebSocketProblem) -> Event {
        var step = step
        if isMessageComplete {
            message.removeAll()
            (checker, isMessageComplete) = (UTF8Checker(), false)
        }
        let before = message.count
        // After our close frame what the peer says is read for its own close frame only.
        if isOpen { step.mask.copy(input.span.extracting(0..<step.take), to: &message) }
        input.consume(step.take)
        isMessageComplete = step.isEnd
        guard isOpen else { return .nothing }
        if step.opcode == .text {
            var checker = checker
            let isText = checker.take(message.span.extracting(before..<message.count))
            guard isText, !step.isEnd || checker.isComplete else { throw .invalidText }
            self.checker = checker
        }
        guard step.isEnd else { return .nothing }
        return step.opcode == .text ? .text : .binary
    }

    private mutating func takeControl(
        _ step: WebSocketFrameReader.Step, _ input: inout ByteBuffer, _ now: ContinuousClock.Instant
    ) throws(WebSocketProblem) -> Event {
        var step = step
        var payload = ByteBuffer()
        step.mask.copy(input.span.extracting(0..<step.take), to: &payload)
        input.consume(step.take)
        if now - windowStart > Self.controlWindow { (windowStart, controlCount) = (now, 0) }
        controlCount += 1
        guard controlCount <= limits.controlFrames else {
            return fail(WebSocketClose(.policyViolation, reason: "too many control frames"))
        }
        switch step.opcode {
        case .ping where isOpen: write(.pong, payload.span)
        case .close: return try takeClose(payload.span)
        case .ping, .pong, .text, .binary, .continuation: break
        }
        return .nothing
    }

    private mutating func takeClose(_ payload: Span<UInt8>) throws(WebSocketProblem) -> Event {
        let close = try WebSocketClose(payload)
        if isOpen { write(.close, WebSocketClose(close.code).payload.span) }
        state = .over
        return .closed(close)
    }

    /// Ends without waiting for the peer, which cannot be believed any more.
    private mutating func fail(_ close: WebSocketClose) -> Event {
        if isOpen { write(.close, close.payload.span) }
        state = .over
        return .closed(close)
    }

    // MARK: To the peer

    /// Sends a message. Does nothing unless the WebSocket is open.
    ///
    /// - Parameter isText: Whether it is text, which must be UTF-8.
    package mutating func send(_ message: borrowing ByteBuffer, isText: Bool = true) {
        if isOpen { write(isText ? .text : .binary, message.span) }
    }

    /// Begins the closing handshake. Does nothing unless the WebSocket is open.
    package mutating func close(_ close: WebSocketClose, now: ContinuousClock.Instant) {
        guard isOpen else { return }
        write(.close, close.payload.span)
        state = .closing(until: now + limits.closeTimeout)
    }

    private mutating func write(_ opcode: WebSocketOpcode, _ payload: Span<UInt8>) {
        let key = role == .client ? UInt32.random(in: .min ... .max) : nil
        WebSocketFrameWriter.write(opcode, payload, maskingKey: key, to: &output)
    }

    // MARK: Time

    /// When `tick` has something to do. Nil when nothing is waited for.
    package var nextTick: ContinuousClock.Instant? {
        switch state {
        case .open: (pinged ?? lastHeard) + limits.pingInterval
        case .closing(let end): end
        case .over: nil
        }
    }

    /// Pings a peer that has been silent, gives up one that did not answer, and ends a closing handshake that lasts too
    /// long. Harmless before `nextTick`.
    package mutating func tick(now: ContinuousClock.Instant) {
        guard let nextTick, now >= nextTick else { return }
        if case .closing = state {
            state = .over
        } else if pinged == nil {
            pinged = now
            write(.ping, ByteBuffer().span)
        } else {
            _ = fail(WebSocketClose(.goingAway, reason: "a ping was not answered"))
        }
    }

    /// Counts the peer as heard of: something came, or we did not listen.
    package mutating func excuseSilence(now: ContinuousClock.Instant) {
        lastHeard = now
        pinged = nil
    }
}
