internal import Bytes
internal import HTTP

/// What an HTTP/2 connection waits for, and until when. The connection has one deadline, and this says what it is.
struct HTTP2Clock {
    /// Between the two steps of a farewell, if the client does not answer PING.
    static let farewellTimeout = Duration.seconds(1)
    /// A connection on which nothing moved for so long gives its memory back, so that many of them cost little.
    static let memoryTimeout = Duration.seconds(1)

    private let headerTimeout: Duration
    private let bodyTimeout: Duration
    private let idleTimeout: Duration

    /// When the client's settings, and its answer to ours, must be there.
    let greeting: ContinuousClock.Instant
    /// True once they are.
    var isGreeted = false
    /// When the frame, or the block of fields, that has begun to arrive must be whole.
    private(set) var partial: ContinuousClock.Instant?
    /// When the client must have taken something of what is being sent.
    private(set) var output: ContinuousClock.Instant?
    /// When the second step of the farewell comes.
    var farewell: ContinuousClock.Instant?
    /// When the last stream ended.
    private(set) var idleSince: ContinuousClock.Instant
    /// True once the memory was given back, since something moved.
    var hasReleased = false
    /// True when a frame was whole since `note`.
    var hasFrame = false

    private var blockSince: ContinuousClock.Instant?
    private var frameSince: ContinuousClock.Instant?
    private var lastRead: ContinuousClock.Instant
    private var lastSent: ContinuousClock.Instant

    init(_ configuration: SessionConfiguration, now: ContinuousClock.Instant) {
        headerTimeout = configuration.headerTimeout
        bodyTimeout = configuration.bodyTimeout
        idleTimeout = configuration.idleTimeout
        greeting = now + headerTimeout
        idleSince = now
        lastRead = now
        lastSent = now
    }

    /// When the memory is to be given back, unless something moves.
    var memoryIsDue: ContinuousClock.Instant { max(lastRead, lastSent, idleSince) + Self.memoryTimeout }

    mutating func hasRead(at now: ContinuousClock.Instant) { (lastRead, hasReleased) = (now, false) }

    mutating func becameIdle(at now: ContinuousClock.Instant) { (idleSince, hasReleased) = (now, false) }

    mutating func hasSent(_ count: Int, isComplete: Bool, at now: ContinuousClock.Instant) {
        if count > 0 { (lastSent, hasReleased) = (now, false) }
        if isComplete {
            output = nil
        } else if count > 0 || output == nil {
            output = now + bodyTimeout
        }
    }

    /// Takes note of what is left after all whole frames were taken.
    ///
    /// A block of fields has a time in all, as a head of HTTP/1.1 has. So has a frame, but for one with content, of which
    /// only a part must come from time to time.
    mutating func note(
        isWithinBlock: Bool, partial count: Int, of input: borrowing ByteBuffer, at now: ContinuousClock.Instant
    ) {
        blockSince = isWithinBlock ? blockSince ?? now : nil
        if hasFrame || count == 0 { frameSince = nil }
        hasFrame = false
        partial = blockSince.map { $0 + headerTimeout }
        guard count > 0, partial == nil else { return }
        frameSince = frameSince ?? now
        let isContent = count > 3 && input.span[3] == FrameType.data.rawValue
        partial = isContent ? lastRead + bodyTimeout : frameSince.map { $0 + headerTimeout }
    }

    /// The next moment at which something is to be done.
    func next(isIdle: Bool) -> ContinuousClock.Instant {
        var soonest = isIdle ? idleSince + idleTimeout : lastRead + .seconds(3_600)
        if !hasReleased { soonest = min(soonest, memoryIsDue) }
        if !isGreeted { soonest = min(soonest, greeting) }
        if let partial { soonest = min(soonest, partial) }
        if let output { soonest = min(soonest, output) }
        if let farewell { soonest = min(soonest, farewell) }
        return soonest
    }
}
