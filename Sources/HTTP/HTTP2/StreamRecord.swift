/// What the protocol knows of one stream: where it is in its life, both windows, and the length of its content.
package struct StreamRecord: Sendable {
    /// The stream's number.
    package private(set) var number: UInt32 = 0
    package private(set) var state = StreamState.idle
    /// What we may send.
    package var sendWindow = FlowWindow(stream: 0)
    /// What the peer may send.
    package var receiveWindow = ReceiveWindow(stream: 0)
    private var content = ContentCount(announced: nil)

    /// No stream yet.
    package init() {}

    /// A stream of which the peer has sent the first fields.
    ///
    /// - Parameters:
    ///   - announced: The value of `Content-Length`, if there is one.
    ///   - initialWindow: The peer's SETTINGS_INITIAL_WINDOW_SIZE.
    package init(opening number: UInt32, endsStream: Bool, announced: Int?, initialWindow: Int) {
        self.number = number
        state = endsStream ? .halfClosedRemote : .open
        sendWindow = FlowWindow(stream: number, available: initialWindow)
        receiveWindow = ReceiveWindow(stream: number)
        content = ContentCount(announced: announced)
    }

    /// True once the peer has sent all of its message.
    package var hasReceivedEnd: Bool { state == .halfClosedRemote || state == .ended }

    /// True once we have sent all of ours.
    package var hasSentEnd: Bool { state == .halfClosedLocal || state == .ended }

    /// Takes a frame that the peer sent.
    ///
    /// - Throws: What the frame is in this state, when it is an error.
    package mutating func receive(_ event: StreamState.Event) throws(HTTP2Error) { state = try next(after: event) }

    private func next(after event: StreamState.Event) throws(HTTP2Error) -> StreamState {
        switch state.after(event, .received) {
        case .becomes(let next): return next
        case .ignored: return state
        case .streamError(let code): throw .stream(number, code, "A frame came that the stream's state forbids.")
        case .connectionError(let code): throw .connection(code, "A frame came that the stream's state forbids.")
        case .forbidden: preconditionFailure("no frame that is received is forbidden to us")
        }
    }

    /// Takes content.
    ///
    /// - Parameters:
    ///   - length: Without padding.
    ///   - flowLength: With it.
    package mutating func receiveData(_ length: Int, flowLength: Int, endsStream: Bool) throws(HTTP2Error) {
        // The state changes last, so that a stream with malformed content is one that has not ended.
        let next = try next(after: endsStream ? .dataWithEnd : .data)
        try receiveWindow.receive(flowLength)
        try content.receive(length, endsStream: endsStream, stream: number)
        state = next
    }

    /// Takes the fields after the content, which end the stream (RFC 9113, 8.1).
    ///
    /// - Parameter fields: What they are added to.
    package mutating func receiveTrailers(
        _ list: borrowing HPACKFieldList, endsStream: Bool, into fields: inout HeaderFields
    ) throws(HTTP2Error) {
        let next = try next(after: endsStream ? .headersWithEnd : .headers)
        guard endsStream else { throw .stream(number, .protocolError, "Trailers do not end the stream.") }
        guard !list.isOverLimit else { throw .stream(number, .enhanceYourCalm, "The trailers are too large.") }
        try content.receive(0, endsStream: true, stream: number)
        try HTTP2Header.readTrailers(list, stream: number, into: &fields)
        state = next
    }

    /// Takes note of a frame that we send.
    ///
    /// - Precondition: It may be sent in this state.
    package mutating func send(_ event: StreamState.Event) {
        guard case .becomes(let next) = state.after(event, .sent) else {
            preconditionFailure("a frame was sent that the stream's state forbids")
        }
        state = next
    }
}
