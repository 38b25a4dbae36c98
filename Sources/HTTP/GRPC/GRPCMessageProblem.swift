/// Why a gRPC body cannot be read on.
package enum GRPCMessageProblem: Error, Equatable {
    /// The first byte of a message has a meaning that nobody gave it.
    case unknownFlag
    /// A message is compressed, and no encoding was agreed on.
    case compressed
    /// A message above the limit.
    case messageTooBig
    /// The body ended inside a message.
    case truncated
    /// Bytes after the trailers of gRPC-Web.
    case afterTrailers
    /// The trailers of gRPC-Web are no field lines, or a line's text is no base64.
    case malformedTrailers, malformedText

    /// What the call ends with.
    package var status: GRPCStatus { self == .messageTooBig ? .resourceExhausted : .internal }

    /// What is wrong, as a sentence without a period.
    package var reason: String {
        switch self {
        case .unknownFlag: "a message begins with an unknown flag"
        case .compressed: "a message is compressed, and no encoding was agreed on"
        case .messageTooBig: "a message is too big"
        case .truncated: "the body ended inside a message"
        case .afterTrailers: "something follows the trailers"
        case .malformedTrailers: "the trailers are malformed"
        case .malformedText: "the body is not base64"
        }
    }
}
