/// Which side of a WebSocket we are. A client masks what it sends, a server does not (RFC 6455, 5.1).
package enum WebSocketRole: Sendable { case client, server }

/// Takes the framing off a WebSocket (RFC 6455, 5.2). Sans I/O and without copying: it tells which of the unread bytes
/// are framing and which are payload, and with which mask.
///
/// Whether text is UTF-8 and what a close frame says is seen only without the mask, so the caller looks at it, with
/// `UTF8Checker` and `WebSocketClose`.
package struct WebSocketFrameReader: Sendable {
    private enum State { case header, payload, closed }

    private let role: WebSocketRole
    private let messageLimit: Int
    private var state = State.header
    private var opcode = WebSocketOpcode.text
    private var isFinal = false
    private var mask = WebSocketMask.none
    /// How many bytes of the frame's payload are still to come.
    private var remaining = 0
    /// Of the message that is being read, text or binary; nil between messages.
    private var message: WebSocketOpcode?
    /// The payloads of all its frames so far, in bytes, the current one included.
    private var messageLength = 0

    /// - Parameters:
    ///   - role: Which side we are, so the peer is the other.
    ///   - messageLimit: The longest message, all its fragments together, in bytes. Default 4,194,304.
    package init(_ role: WebSocketRole, messageLimit: Int = 4_194_304) {
        self.role = role
        self.messageLimit = messageLimit
    }

    /// What to do with the unread bytes.
    package struct Step: Equatable, Sendable {
        /// This many bytes of framing are dropped first.
        package var skip = 0
        /// This many bytes that follow are payload, still masked.
        package var take = 0
        /// Of what the payload is: a control frame, or the message's text or binary, never `continuation`.
        package var opcode = WebSocketOpcode.text
        /// The mask of these bytes. It changes nothing when the peer is a server.
        package var mask = WebSocketMask.none
        /// Whether the message, or the control frame, is complete with this.
        package var isEnd = false

        /// Nothing to do before more bytes have come, unless the WebSocket is closed.
        package var isIdle: Bool { skip == 0 && take == 0 }
    }

    /// Whether the peer sent a close frame. What is unread after it means nothing.
    package var isClosed: Bool { state == .closed }

    /// Whether a message is begun and not complete.
    package var isInsideMessage: Bool { message != nil }

    /// Looks at the unread bytes. The caller drops `skip` bytes, takes the next `take`, and calls again until a step
    /// is idle.
    ///
    /// The header of a frame stays unread until it is complete, and a control frame until all of it is there, so there
    /// must be room for 131 unread bytes. A control frame is one step; a message is as many as its bytes come in.
    ///
    /// - Throws: What is wrong, as soon as it can be seen. After that the reader must not be used again.
    package mutating func next(_ bytes: Span<UInt8>) throws(WebSocketProblem) -> Step {
        switch state {
        case .header: try readHeader(bytes)
        case .payload: takePayload(bytes, skip: 0)
        case .closed: Step()
        }
    }

    private mutating func readHeader(_ bytes: Span<UInt8>) throws(WebSocketProblem) -> Step {
        guard bytes.count >= 1 else { return Step() }
        let opcode = try checkedOpcode(bytes[0])
        let isFinal = bytes[0] & 0x80 != 0
        guard bytes.count >= 2 else { return Step() }
        let isMasked = bytes[1] & 0x80 != 0
        guard isMasked == (role == .server) else { throw .wrongMasking }
        let short = Int(bytes[1] & 0x7f)
        guard short <= 125 || !opcode.isControl else { throw .longControl }
        let lengthEnd = short == 127 ? 10 : short == 126 ? 4 : 2
        guard bytes.count >= lengthEnd else { return Step() }
        let length = try length(bytes.extracting(2..<lengthEnd), short: short)
        guard opcode.isControl || length <= messageLimit - messageLength else { throw .messageTooBig }
        let headerEnd = lengthEnd + (isMasked ? 4 : 0)
        guard bytes.count >= headerEnd + (opcode.isControl ? length : 0) else { return Step() }

        (self.opcode, self.isFinal, remaining, state) = (opcode, isFinal, length, .payload)
        mask = .none
        if isMasked {
            var key: UInt32 = 0
            for index in lengthEnd..<headerEnd { key = key << 8 | UInt32(bytes[index]) }
            mask = WebSocketMask(key: key)
        }
        if !opcode.isControl {
            if opcode != .continuation { message = opcode }
            messageLength += length
        }
        return takePayload(bytes, skip: headerEnd)
    }

    /// The first byte of a header: the bits, and whether such a frame may come now.
    private func checkedOpcode(_ byte: UInt8) throws(WebSocketProblem) -> WebSocketOpcode {
        guard byte & 0x70 == 0 else { throw .reservedBits }
        guard let opcode = WebSocketOpcode(rawValue: byte & 0x0f) else { throw .unknownOpcode }
        switch opcode {
        case .continuation: guard message != nil else { throw .strayContinuation }
        case .text, .binary: guard message == nil else { throw .interruptedMessage }
        case .close, .ping, .pong: guard byte & 0x80 != 0 else { throw .fragmentedControl }
        }
        return opcode
    }

    /// The length in 2 or 8 bytes if there are such, else the short one.
    private func length(_ bytes: Span<UInt8>, short: Int) throws(WebSocketProblem) -> Int {
        guard !bytes.isEmpty else { return short }
        var length: UInt64 = 0
        for index in bytes.indices { length = length << 8 | UInt64(bytes[index]) }
        guard length >= (bytes.count == 2 ? 126 : 0x1_0000), let value = Int(exactly: length) else {
            throw .malformedLength
        }
        return value
    }

    private mutating func takePayload(_ bytes: Span<UInt8>, skip: Int) -> Step {
        let take = min(remaining, bytes.count - skip)
        var step = Step(skip: skip, take: take, opcode: opcode.isControl ? opcode : message ?? opcode, mask: mask)
        remaining -= take
        mask.advance(by: take)
        guard remaining == 0 else { return step }
        step.isEnd = isFinal
        state = opcode == .close ? .closed : .header
        if isFinal, !opcode.isControl { (message, messageLength) = (nil, 0) }
        return step
    }
}
