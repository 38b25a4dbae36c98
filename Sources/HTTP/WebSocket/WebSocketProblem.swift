/// Why a WebSocket cannot be read on. The peer is sent `closeCode`, and the connection is closed.
package enum WebSocketProblem: Error, Equatable {
    /// A client's frame without a mask, or a server's with one.
    case wrongMasking
    /// A reserved bit is set, though no extension gave it a meaning.
    case reservedBits
    case unknownOpcode
    /// A control frame that is not the whole of its message.
    case fragmentedControl
    /// A control frame with more than 125 bytes.
    case longControl
    /// A length in more bytes than it needs, or of 2^63 and above.
    case malformedLength
    /// A continuation, and nothing to go on with.
    case strayContinuation
    /// A new message before the last one was at its end.
    case interruptedMessage
    /// A message above the limit.
    case messageTooBig
    /// Text, or the reason of a close frame, that is not UTF-8.
    case invalidText
    /// A close frame with a code that is cut, or that may not be sent.
    case malformedClose

    /// What the peer is told.
    package var closeCode: WebSocketCloseCode {
        switch self {
        case .messageTooBig: .messageTooBig
        case .invalidText: .invalidPayload
        case .wrongMasking, .reservedBits, .unknownOpcode, .fragmentedControl, .longControl, .malformedLength,
            .strayContinuation, .interruptedMessage, .malformedClose:
            .protocolError
        }
    }

    /// What is wrong, as a sentence without a period. Short enough for a close frame.
    package var reason: String {
        switch self {
        case .wrongMasking: "a frame is masked that must not be, or not masked"
        case .reservedBits: "a reserved bit of a frame is set"
        case .unknownOpcode: "a frame has an unknown opcode"
        case .fragmentedControl: "a control frame is fragmented"
        case .longControl: "a control frame is longer than 125 bytes"
        case .malformedLength: "the length of a frame is malformed"
        case .strayContinuation: "a continuation continues nothing"
        case .interruptedMessage: "a message begins inside another"
        case .messageTooBig: "the message is too big"
        case .invalidText: "the text is not UTF-8"
        case .malformedClose: "the close frame has no valid code"
        }
    }
}
