/// Why content cannot be read on. The connection cannot be used again, and who got a part of the content must be shown
/// that it is not the whole.
package enum BodyProblem: Error, Equatable {
    /// A chunk's size, its extensions or its end are not what they must be.
    case malformedChunk
    /// A size line, or all extensions together, are longer than anyone needs.
    case longExtensions
    /// The trailers are malformed.
    case malformedTrailers
    /// The trailers are above a limit.
    case longTrailers
    /// The peer closed before the end.
    case truncated

    /// What is wrong, as a sentence without a period.
    package var reason: String {
        switch self {
        case .malformedChunk: "a chunk of the body is malformed"
        case .longExtensions: "the size lines of the body's chunks are too long"
        case .malformedTrailers: "the trailers are malformed"
        case .longTrailers: "the trailers are too long"
        case .truncated: "the body ended before it was complete"
        }
    }

    /// What the client is told if it is the client's content.
    package var status: Status {
        switch self {
        case .malformedChunk, .longExtensions, .malformedTrailers, .truncated: .badRequest
        case .longTrailers: .headerFieldsTooLarge
        }
    }
}

/// Takes the framing off a message's content. Sans I/O and without copying: it tells which of the unread bytes are
/// framing and which are content.
///
/// As long as a step takes or skips something, another may be possible at once. Chunks are not put together: a
/// chunk of one byte is a step of its own, at a constant price.
package struct BodyReader: Sendable {
    private enum State { case length, untilClose, size, chunk, trailers, complete }

    private var state: State
    /// Of the length or of the chunk.
    private var remaining: Int
    private var sizeReader = ChunkSizeReader()
    private var trailerReader = FieldReader(after: LineReader())
    private let trailerLimits: HeadLimits

    /// The trailer fields, once the content is complete. Those that would change what the head said, or who the
    /// client is, were dropped (RFC 9110, 6.5.1).
    package private(set) var trailers = HeaderFields()

    /// - Parameter trailerLimit: All trailer lines together, in bytes. Default 8,192; at most 32 lines.
    package init(_ framing: BodyFraming, trailerLimit: Int = 8_192) {
        trailerLimits = HeadLimits(headerBlock: trailerLimit, fields: 32)
        remaining = 0
        switch framing {
        case .none: state = .complete
        case .length(let length): (state, remaining) = (length > 0 ? .length : .complete, length)
        case .chunked: state = .size
        case .untilClose: state = .untilClose
        }
    }

    /// What to do with the unread bytes.
    package struct Step: Equatable, Sendable {
        /// This many bytes of framing are dropped first.
        package var skip = 0
        /// This many bytes that follow are content.
        package var take = 0

        /// Nothing to do before more bytes have come, unless the content is complete.
        package var isIdle: Bool { skip == 0 && take == 0 }
    }

    /// Whether all content was taken. What is unread then belongs to the next message.
    package var isComplete: Bool { state == .complete }

    /// How many bytes of content are still to be taken; nil when nobody knows yet.
    package var remainingLength: Int? {
        switch state {
        case .length: remaining
        case .complete: 0
        case .untilClose, .size, .chunk, .trailers: nil
        }
    }

    /// Looks at the unread bytes. The caller drops `skip` bytes, takes the next `take`, and calls again.
    ///
    /// When both are 0 and the content is not complete, more bytes are needed. Trailers stay unread until their
    /// end is there, so there must be room for `trailerLimit` unread bytes.
    @inline(__always)
    package mutating func next(_ bytes: Span<UInt8>) throws(BodyProblem) -> Step {
        switch state {
        case .length:
            let take = min(remaining, bytes.count)
            remaining -= take
            if remaining == 0 { state = .complete }
            return Step(take: take)
        case .untilClose: return Step(take: bytes.count)
        case .complete: return Step()
        case .chunk: return takeChunk(bytes, skip: 0)
        case .size: return try readSize(bytes)
        case .trailers: return try readTrailers(bytes, skip: 0)
        }
    }

    private mutating func takeChunk(_ bytes: Span<UInt8>, skip: Int) -> Step {
        let take = min(remaining, bytes.count - skip)
        remaining -= take
        if remaining == 0 { state = .size }
        return Step(skip: skip, take: take)
    }

    /// A size line, and before it the line end of the chunk that came before.
    private mutating func readSize(_ bytes: Span<UInt8>) throws(BodyProblem) -> Step {
        for index in bytes.indices {
            guard let size = try sizeReader.take(bytes[index]) else { continue }
            guard size > 0 else {
                state = .trailers
                return try readTrailers(bytes, skip: index + 1)
            }
            (state, remaining) = (.chunk, size)
            return takeChunk(bytes, skip: index + 1)
        }
        return Step(skip: bytes.count)
    }

    private mutating func readTrailers(_ bytes: Span<UInt8>, skip: Int) throws(BodyProblem) -> Step {
        do throws(RequestProblem) {
            let section = bytes.extracting(skip..<bytes.count)
            guard let length = try trailerReader.read(section, limits: trailerLimits, into: &trailers) else {
                return Step(skip: skip)
            }
            trailers.removeAllForbiddenInTrailers()
            state = .complete
            return Step(skip: skip + length)
        } catch {
            throw error.status == .headerFieldsTooLarge ? .longTrailers : .malformedTrailers
        }
    }

    /// Tells that no byte will follow.
    ///
    /// - Throws: `truncated` unless that is how the content ends, or it was complete.
    package mutating func endOfInput() throws(BodyProblem) {
        guard state == .untilClose || state == .complete else { throw .truncated }
        state = .complete
    }
}
