/// A frame that keeps to the rules of its type. Ranges are places in the bytes that the reader was shown.
package enum Frame: Equatable, Sendable {
    /// - flowLength: What it takes from both windows: the content, and the padding with its length (RFC 9113, 6.1).
    case data(stream: UInt32, content: Range<Int>, flowLength: Int, endsStream: Bool)
    /// - dependsOnItself: A stream error, to be told when the fields have been decoded (RFC 7540, 5.3.1).
    case headers(stream: UInt32, fragment: Range<Int>, endsHeaders: Bool, endsStream: Bool, dependsOnItself: Bool)
    /// Its content is deprecated and not looked at (RFC 9113, 5.3.2).
    case priority(stream: UInt32)
    case reset(stream: UInt32, code: HTTP2ErrorCode)
    /// To be applied with `HTTP2Settings.apply`, then acknowledged.
    case settings(payload: Range<Int>)
    case settingsAcknowledged
    /// To be answered with the same eight bytes, unless it is an answer.
    case ping(payload: Range<Int>, isAnswer: Bool)
    case goAway(lastStream: UInt32, code: HTTP2ErrorCode, debug: Range<Int>)
    /// Stream 0 is the connection's window. Never by 0.
    case windowUpdate(stream: UInt32, increment: Int)
    case continuation(stream: UInt32, fragment: Range<Int>, endsHeaders: Bool)
    /// Of a type that we do not know; to be counted, and otherwise skipped.
    case unknown(type: UInt8)
    /// A frame against the rules, which only its stream suffers for.
    case refused(HTTP2Error)
}
