internal import Bytes
internal import HTTP
internal import Reactor

/// One request over a shared HTTP/2 connection and its answer: what the connection's reader and the task of the request
/// have in common. The reader fills in what arrives and fires the wake-up; the task takes it away.
///
/// Used again for later requests, so whoever closes it must not touch it any more.
final class HTTP2Stream {
    /// Why a stream will bring no answer, or no more of it.
    enum Failure: Equatable {
        /// No connection came about.
        case refused(ChannelError)
        /// The node said that it has done nothing with the request, and another connection may do.
        case unprocessed(String)
        case reset(HTTP2ErrorCode)
        case broken(String)
    }

    /// More is not taken from the one who sends, until it is down to the low mark.
    static let highMark = 65_536
    static let lowMark = 16_384

    let connection: HTTP2Connection
    private(set) var id: UInt32 = 0
    /// What the task of this request waits on.
    private(set) var wakeup: Wakeup
    var state = StreamState.idle

    // MARK: To the node

    /// Content that has not become frames yet. Whoever sends appends to it, and calls `send`.
    var outgoing = ByteBuffer()
    fileprivate(set) var endsAfterOutgoing = false
    var sendWindow = FlowWindow(stream: 0)
    /// Whether it is in the connection's queue of those who have something to send.
    var isQueued = false
    private var wantsRoom = false

    // MARK: From the node

    /// The final head, once `hasHead`.
    var head = ResponseHead(.ok)
    var hasHead = false
    /// Content that nobody has taken yet. Whoever takes some says so with `didTake`.
    var incoming = ByteBuffer()
    var trailers = HeaderFields()
    /// True when the answer is complete, however much of it is still in `incoming`.
    var hasEnded = false
    var failure: Failure?
    var receiveWindow = FlowWindow(stream: 0)
    var content = ContentCount(announced: nil)
    var interims = 0
    /// Whether the answer has no content, whatever length it announces, since it answers HEAD.
    private(set) var isAnswerBare = false
    /// Bytes that were taken and that the node has not been told of.
    private var owed = 0

    init(_ connection: HTTP2Connection, wakeup: Wakeup) {
        self.connection = connection
        self.wakeup = wakeup
    }

    /// Makes it ready for a request. For the connection only.
    func restart(id: UInt32, wakeup: Wakeup, sendWindow: Int, receiveWindow: Int, isAnswerBare: Bool) {
        self.id = id
        self.wakeup = wakeup
        self.isAnswerBare = isAnswerBare
        self.sendWindow = FlowWindow(stream: id, available: sendWindow)
        self.receiveWindow = FlowWindow(stream: id, available: receiveWindow)
        state = .idle
        (hasHead, hasEnded, endsAfterOutgoing, wantsRoom, failure) = (false, false, false, false, nil)
        (owed, interims, content) = (0, 0, ContentCount(announced: nil))
        outgoing.removeAll()
        incoming.removeAll()
        if !trailers.isEmpty { trailers.removeAll(keepingCapacity: true) }
    }

    /// Gives memory back that one large message needed.
    func releaseMemory() {
        if outgoing.capacity > Self.lowMark { outgoing.releaseMemory() }
        if incoming.capacity > Self.lowMark { incoming.releaseMemory() }
        head.releaseMemory()
    }

    /// Sends what is in `outgoing`, as far as windows and socket allow; the rest follows by itself.
    ///
    /// - Parameter end: Whether nothing will follow.
    func send(end: Bool = false) {
        if end { endsAfterOutgoing = true }
        connection.enqueue(self)
        connection.flush()
    }

    /// Whether more may be appended to `outgoing`. When not, the wake-up is fired once it may.
    var hasRoom: Bool {
        if outgoing.count < Self.highMark { return true }
        wantsRoom = true
        return false
    }

    /// Tells that so much of `outgoing` has become frames. For the connection only.
    func didSend() {
        guard wantsRoom, outgoing.count <= Self.lowMark else { return }
        wantsRoom = false
        wakeup.fire()
    }

    /// Whether something is to be sent, and only windows or the socket may be in its way.
    var hasSomethingToSend: Bool {
        switch state {
        case .open, .halfClosedRemote: !outgoing.isEmpty || endsAfterOutgoing
        default: false
        }
    }

    /// Tells that content was taken from `incoming`, so that the node may send as much again.
    func didTake(_ count: Int) {
        owed += count
        guard owed >= connection.limits.streamWindow / 2, !hasEnded, failure == nil else { return }
        connection.openWindow(of: self, by: owed)
        owed = 0
    }

    /// Ends the stream, before its time if its time has not come, and gives it up.
    func close() { connection.close(self) }
}
