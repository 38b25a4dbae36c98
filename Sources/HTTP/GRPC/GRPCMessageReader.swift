/// Takes the framing off the messages of a gRPC body. Sans I/O and without copying: it tells which of the unread bytes
/// are framing and which are a message's.
package struct GRPCMessageReader: Sendable {
    /// What may stand in a message's first byte besides 0.
    package struct Options: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// An encoding was agreed on, so messages may be compressed.
        package static let compression = Options(rawValue: 1)
        /// The body is of gRPC-Web, and ends with trailers.
        package static let webTrailers = Options(rawValue: 0x80)
    }

    private enum State { case prefix, message, complete }

    private let messageLimit: Int
    private let trailerLimit: Int
    private let options: Options
    private var state = State.prefix
    private var flags: UInt8 = 0
    private var length = 0
    /// How many bytes of the message are still to come.
    private var remaining = 0

    /// How many messages are complete, trailers not counted. Who expects one only looks here.
    package private(set) var messageCount = 0

    /// - Parameters:
    ///   - messageLimit: The longest message, in bytes, as it is sent. Default 4,194,304, as in go-micro.
    ///   - trailerLimit: The longest trailers of gRPC-Web, in bytes. Default 8,192.
    package init(messageLimit: Int = 4_194_304, trailerLimit: Int = 8_192, options: Options = []) {
        self.messageLimit = messageLimit
        self.trailerLimit = trailerLimit
        self.options = options
    }

    /// What to do with the unread bytes.
    package struct Step: Equatable, Sendable {
        /// This many bytes of framing are dropped first.
        package var skip = 0
        /// This many bytes that follow belong to a message.
        package var take = 0
        /// The length of the whole message.
        package var length = 0
        /// Whether the message is compressed.
        package var isCompressed = false
        /// Whether it is no message, but the trailers of gRPC-Web.
        package var isTrailers = false
        /// Whether the message is complete with this.
        package var isEnd = false

        /// Nothing to do before more bytes have come.
        package var isIdle: Bool { skip == 0 && take == 0 }
    }

    /// Whether a body may end here.
    package var isBetweenMessages: Bool { state != .message }

    /// Looks at the unread bytes. The caller drops `skip` bytes, takes the next `take`, and calls again until a step
    /// is idle. The 5 bytes before a message stay unread until they are complete.
    ///
    /// - Throws: What is wrong, as soon as it can be seen. After that the reader must not be used again.
    package mutating func next(_ bytes: Span<UInt8>) throws(GRPCMessageProblem) -> Step {
        switch state {
        case .prefix: return try readPrefix(bytes)
        case .message: return takeMessage(bytes, skip: 0)
        case .complete:
            guard bytes.isEmpty else { throw .afterTrailers }
            return Step()
        }
    }

    private mutating func readPrefix(_ bytes: Span<UInt8>) throws(GRPCMessageProblem) -> Step {
        guard bytes.count >= 1 else { return Step() }
        let flags = bytes[0]
        let isTrailers = flags == 0x80 && options.contains(.webTrailers)
        guard flags != 1 || options.contains(.compression) else { throw .compressed }
        guard flags <= 1 || isTrailers else { throw .unknownFlag }
        guard bytes.count >= 5 else { return Step() }
        var length = 0
        for index in 1..<5 { length = length << 8 | Int(bytes[index]) }
        guard length <= (isTrailers ? trailerLimit : messageLimit) else { throw .messageTooBig }
        (self.flags, self.length, remaining, state) = (flags, length, length, .message)
        return takeMessage(bytes, skip: 5)
    }

    private mutating func takeMessage(_ bytes: Span<UInt8>, skip: Int) -> Step {
        let take = min(remaining, bytes.count - skip)
        remaining -= take
        let isTrailers = flags == 0x80
        if remaining == 0 {
            state = isTrailers ? .complete : .prefix
            if !isTrailers { messageCount += 1 }
        }
        return Step(
            skip: skip, take: take, length: length, isCompressed: flags == 1, isTrailers: isTrailers,
            isEnd: remaining == 0)
    }

    /// Tells that no byte will follow.
    ///
    /// - Parameter unread: How many bytes the last step left.
    /// - Throws: `truncated` unless the body ended between messages.
    package func endOfInput(unread: Int) throws(GRPCMessageProblem) {
        guard isBetweenMessages, unread == 0 else { throw .truncated }
    }
}
