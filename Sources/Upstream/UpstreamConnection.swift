internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// One HTTP/1.1 connection to a node, with what has to be kept between two requests: buffers, parser and deadline. All of
/// it is used again, so a request over a kept connection allocates nothing here.
final class UpstreamConnection {
    let channel: any Channel
    /// Bytes that the node has sent and nobody has read yet.
    var input = ByteBuffer()
    /// Bytes for the node that the socket has not taken yet.
    var output = ByteBuffer()
    var response = ResponseHead(.ok)
    let deadline: Deadline
    /// True when at least one response came over this connection, so that the node may be closing it right now.
    var isReused = false
    /// True while the answer to a request that asked for a WebSocket is waited for.
    var mayBecomeTunnel = false
    /// When the connection was put into the pool.
    var idleSince: ContinuousClock.Instant

    private var parser: ResponseParser
    private var interimCount = 0
    /// Interim responses (1xx) to one request; more are a fault of the node.
    private static let maximumInterims = 32

    /// The most that is read at once.
    static let readSize = 65_536

    init(channel: any Channel, deadline: Deadline, limits: HeadLimits, now: ContinuousClock.Instant) {
        self.channel = channel
        self.deadline = deadline
        parser = ResponseParser(limits: limits)
        idleSince = now
    }

    deinit { deadline.cancel() }

    /// Lends the head of the response without copying it: a plain read of `response` counts references to its memory.
    ///
    /// - Precondition: `body` does not touch `response`.
    @inline(__always)
    func withResponse<Result, Failure: Error>(
        _ body: (borrowing ResponseHead) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try Self.lend(&response, to: body)
    }

    @inline(__always)
    private static func lend<Result, Failure: Error>(
        _ head: inout ResponseHead, to body: (borrowing ResponseHead) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(head)
    }

    /// Hands the connection to another task.
    func adopt(_ wakeup: Wakeup) {
        channel.wakeup = wakeup
        deadline.wakeup = wakeup
    }

    /// What a look at the socket brought.
    enum Arrival {
        case nothing
        case bytes
        /// The node has properly finished sending, which a connection that breaks off does not.
        case end
    }

    /// Reads what has arrived.
    func tryFill() throws(ChannelError) -> Arrival {
        guard let count = try channel.tryRead(into: &input, atMost: Self.readSize) else { return .nothing }
        return count == 0 ? .end : .bytes
    }

    /// Takes framing from the input, until content is at its front. Returns how many bytes of content.
    func skipFraming(with body: inout BodyReader) throws(BodyProblem) -> Int { try body.skipFraming(of: &input) }

    /// Takes the next head from the input, if all of it is there, into `response`.
    func tryParseHead() throws(ResponseProblem) -> Bool {
        try parser.take(from: &input, into: &response)
    }

    /// Whether the head just taken is the answer. Interim ones are counted, because a node could send them for ever.
    var isFinal: Bool {
        get throws(ResponseProblem) {
            let code = response.status.code
            if code >= 200 || (code == 101 && mayBecomeTunnel) {
                interimCount = 0
                return true
            }
            interimCount += 1
            if code == 101 { throw ResponseProblem("it switched protocols without being asked") }
            if interimCount > Self.maximumInterims { throw ResponseProblem("it sends interim responses without end") }
            return false
        }
    }

    func close() {
        deadline.cancel()
        channel.close()
    }

    /// True when the node has neither closed the connection nor sent anything that nobody asked for.
    var isStillIdle: Bool {
        guard input.isEmpty, output.isEmpty, !channel.isBroken else { return false }
        guard channel.isReadable else { return true }
        // A flag left over from the last read, or bytes or an end that have come since. Only a read tells.
        do throws(ChannelError) {
            return try channel.tryRead(into: &input, atMost: 1) == nil
        } catch {
            return false
        }
    }
}
