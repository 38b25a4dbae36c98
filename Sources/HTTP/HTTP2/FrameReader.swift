/// Reads frames (RFC 9113, 4 and 6). Sans I/O: it is shown the unread bytes, and more of them later.
///
/// It holds each frame against all rules that need no knowledge of streams: sizes, padding, stream 0 or not, and that
/// nothing comes between HEADERS and its CONTINUATION frames. What is too long is refused as soon as its nine bytes are
/// there, so a reader never waits for more than `maximumLength` bytes.
package struct FrameReader: Sendable {
    /// How many CONTINUATION frames a block of fields may have. Any block within the limit fits in a few.
    package static let maximumContinuations = 64

    /// What a payload may have at most: our SETTINGS_MAX_FRAME_SIZE.
    private let maximumLength: Int
    private let blockLimit: Int
    /// The stream whose block of fields is not whole yet; 0 when none is.
    private var openBlock: UInt32 = 0
    private var blockLength = 0
    private var continuations = 0

    /// - Parameters:
    ///   - maximumLength: Default 16,384, as for a peer that was told nothing.
    ///   - blockLimit: How many bytes a block of fields may have before it is decoded. Default 65,536.
    package init(maximumLength: Int = FrameHeader.defaultMaximumLength, blockLimit: Int = 65_536) {
        self.maximumLength = maximumLength
        self.blockLimit = blockLimit
    }

    /// Reads the frame that the bytes begin with.
    ///
    /// - Returns: The frame and how many bytes it takes; nil when more are needed.
    /// - Throws: What ends the connection; after that the reader must not be used again.
    package mutating func next(
        _ bytes: Span<UInt8>
    ) throws(HTTP2Error) -> (frame: Frame, length: Int)? {
        guard bytes.count >= FrameHeader.size else { return nil }
        let header = FrameHeader(bytes)
        try checkOrder(header)
        guard header.length <= maximumLength else { throw .connection(.frameSizeError, "A frame is too long.") }
        if let type = header.type { try Self.checkShape(header, type) }
        let end = FrameHeader.size + header.length
        guard bytes.count >= end else { return nil }
        return (try frame(header, bytes, FrameHeader.size..<end), end)
    }

    // MARK: Rules that need the header only

    /// Nothing comes between the frames of one block of fields (RFC 9113, 6.10).
    private func checkOrder(_ header: FrameHeader) throws(HTTP2Error) {
        if header.type == .continuation {
            guard openBlock != 0, header.stream == openBlock else {
                throw .connection(.protocolError, "A CONTINUATION frame continues nothing.")
            }
        } else if openBlock != 0 {
            throw .connection(.protocolError, "A frame came within a block of fields.")
        }
    }

    /// Whether the frame belongs to a stream or to the connection as its type wants, and has the size that it wants.
    private static func checkShape(_ header: FrameHeader, _ type: FrameType) throws(HTTP2Error) {
        let isOfConnection = header.stream == 0
        let isSized: Bool
        switch type {
        case .data, .headers, .continuation:
            guard !isOfConnection else { throw .noStream }
            isSized = true
        case .priority:
            guard !isOfConnection else { throw .noStream }
            isSized = true  // A wrong size is an error of the stream only (6.3).
        case .reset:
            guard !isOfConnection else { throw .noStream }
            isSized = header.length == 4
        case .settings:
            guard isOfConnection else { throw .needlessStream }
            isSized = header.flags.contains(.acknowledges) ? header.length == 0 : header.length % 6 == 0
        case .ping:
            guard isOfConnection else { throw .needlessStream }
            isSized = header.length == 8
        case .goAway:
            guard isOfConnection else { throw .needlessStream }
            isSized = header.length >= 8
        case .windowUpdate: isSized = header.length == 4
        case .pushPromise: throw .connection(.protocolError, "PUSH_PROMISE was sent, which we never allow.")
        }
        guard isSized else { throw .connection(.frameSizeError, "A frame has not the size of its type.") }
    }

    // MARK: Payloads

    private mutating func frame(
        _ header: FrameHeader, _ bytes: Span<UInt8>, _ payload: Range<Int>
    ) throws(HTTP2Error) -> Frame {
        let start = payload.lowerBound
        switch header.type {
        case .data:
            return .data(
                stream: header.stream, content: try Self.withoutPadding(header, bytes, payload),
                flowLength: header.length, endsStream: header.flags.contains(.endsStream))
        case .headers: return try headers(header, bytes, payload)
        case .continuation: return try continuation(header, payload)
        case .priority: return Self.priority(header, bytes, payload)
        case .reset: return .reset(stream: header.stream, code: .received(bytes.bigEndian32(at: start)))
        case .settings:
            return header.flags.contains(.acknowledges) ? .settingsAcknowledged : .settings(payload: payload)
        case .ping: return .ping(payload: payload, isAnswer: header.flags.contains(.acknowledges))
        case .goAway:
            return .goAway(
                lastStream: bytes.bigEndian32(at: start) & FrameHeader.maximumStream,
                code: .received(bytes.bigEndian32(at: start + 4)), debug: (start + 8)..<payload.upperBound)
        case .windowUpdate: return try Self.windowUpdate(header, bytes, start)
        case .pushPromise, nil: return .unknown(type: header.rawType)
        }
    }

    /// What is left of a payload without the byte that says how long the padding is, and the padding (6.1, 6.2).
    private static func withoutPadding(
        _ header: FrameHeader, _ bytes: Span<UInt8>, _ payload: Range<Int>
    ) throws(HTTP2Error) -> Range<Int> {
        guard header.flags.contains(.isPadded) else { return payload }
        guard !payload.isEmpty else { throw .shortFrame }
        let padding = Int(bytes[payload.lowerBound])
        guard padding < payload.count else {
            throw .longPadding
        }
        return (payload.lowerBound + 1)..<(payload.upperBound - padding)
    }

    private mutating func headers(
        _ header: FrameHeader, _ bytes: Span<UInt8>, _ payload: Range<Int>
    ) throws(HTTP2Error) -> Frame {
        var fragment = try Self.withoutPadding(header, bytes, payload)
        var dependsOnItself = false
        if header.flags.contains(.hasPriority) {
            guard fragment.count >= 5 else {
                let hasRoom = payload.count >= (header.flags.contains(.isPadded) ? 6 : 5)
                throw hasRoom ? .longPadding : .shortFrame
            }
            dependsOnItself = bytes.bigEndian32(at: fragment.lowerBound) & FrameHeader.maximumStream == header.stream
            fragment = (fragment.lowerBound + 5)..<fragment.upperBound
        }
        let endsHeaders = header.flags.contains(.endsHeaders)
        (blockLength, continuations) = (0, 0)
        try count(fragment)
        openBlock = endsHeaders ? 0 : header.stream
        return .headers(
            stream: header.stream, fragment: fragment, endsHeaders: endsHeaders,
            endsStream: header.flags.contains(.endsStream), dependsOnItself: dependsOnItself)
    }

    private mutating func continuation(
        _ header: FrameHeader, _ payload: Range<Int>
    ) throws(HTTP2Error) -> Frame {
        continuations += 1
        guard continuations <= Self.maximumContinuations else {
            throw .connection(.enhanceYourCalm, "A block of fields is in too many frames.")
        }
        try count(payload)
        let endsHeaders = header.flags.contains(.endsHeaders)
        if endsHeaders { openBlock = 0 }
        return .continuation(stream: header.stream, fragment: payload, endsHeaders: endsHeaders)
    }

    private mutating func count(_ fragment: Range<Int>) throws(HTTP2Error) {
        blockLength += fragment.count
        guard blockLength <= blockLimit else {
            throw .connection(.enhanceYourCalm, "A block of fields is too long.")
        }
    }

    private static func priority(_ header: FrameHeader, _ bytes: Span<UInt8>, _ payload: Range<Int>) -> Frame {
        guard payload.count == 5 else {
            return .refused(.stream(header.stream, .frameSizeError, "A PRIORITY frame has not five bytes."))
        }
        guard bytes.bigEndian32(at: payload.lowerBound) & FrameHeader.maximumStream != header.stream else {
            return .refused(.stream(header.stream, .protocolError, "A stream depends on itself."))
        }
        return .priority(stream: header.stream)
    }

    private static func windowUpdate(
        _ header: FrameHeader, _ bytes: Span<UInt8>, _ start: Int
    ) throws(HTTP2Error) -> Frame {
        let increment = bytes.bigEndian32(at: start) & FrameHeader.maximumStream
        guard increment == 0 else { return .windowUpdate(stream: header.stream, increment: Int(increment)) }
        guard header.stream != 0 else { throw .connection(.protocolError, "A window was to grow by nothing.") }
        return .refused(.stream(header.stream, .protocolError, "A window was to grow by nothing."))
    }
}

extension HTTP2Error {
    fileprivate static var noStream: Self { .connection(.protocolError, "A frame needs a stream and names none.") }
    fileprivate static var shortFrame: Self { .connection(.frameSizeError, "A frame is shorter than its fields.") }
    fileprivate static var longPadding: Self {
        .connection(.protocolError, "The padding is longer than the frame.")
    }
    fileprivate static var needlessStream: Self {
        .connection(.protocolError, "A frame of the connection names a stream.")
    }
}
