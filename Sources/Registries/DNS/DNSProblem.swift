/// Why bytes are no DNS message, or a text no domain name.
package enum DNSProblem: Error, Equatable, CustomStringConvertible {
    /// The message ends before what its counts and lengths promise.
    case truncated(offset: Int)
    /// A label of more than 63 bytes. Only a text can have one: on the wire its length could not be written.
    case labelTooLong(bytes: Int)
    /// A name of more than 255 bytes, its length bytes and the root included.
    case nameTooLong
    /// Two dots in a row, or a dot at the start.
    case emptyLabel
    /// A backslash that is followed by neither a character nor three digits up to 255.
    case malformedEscape
    /// A length byte that begins with neither 00 nor 11.
    case unknownLabelKind(offset: Int)
    /// A compression pointer to itself or to what comes later. Allowing only steps back is what makes loops impossible.
    case pointerNotBackwards(offset: Int)
    /// The data of a record are shorter or longer than their content.
    case malformedRecord(type: UInt16, offset: Int)
    /// Something to be written is larger than its length field can say, or the message larger than 65,535 bytes.
    case tooLarge

    package var description: String {
        switch self {
        case .truncated(let offset): "the message ends too early, at byte \(offset)"
        case .labelTooLong(let bytes): "a part between two dots has \(bytes) bytes, more than 63"
        case .nameTooLong: "the name has more than 255 bytes"
        case .emptyLabel: "the name has an empty part"
        case .malformedEscape: "the name has a malformed escape"
        case .unknownLabelKind(let offset): "unknown kind of label at byte \(offset)"
        case .pointerNotBackwards(let offset): "a compression pointer that does not point backwards at byte \(offset)"
        case .malformedRecord(let type, let offset): "malformed data of a record of type \(type) at byte \(offset)"
        case .tooLarge: "too large for a message"
        }
    }
}
