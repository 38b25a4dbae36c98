package import Bytes

/// Follows the frames of a WebSocket that others speak with each other (RFC 6455, 5.2), without looking into them: it
/// only tells where one frame ends, which is where a frame of ours may be put in.
///
/// It checks nothing, because extensions that it knows nothing of may be in use.
package struct WebSocketFrameTracker: Sendable {
    private var opcode: UInt8 = 0
    /// Bytes of the current header that have come, and how many it has as far as is known.
    private var seen = 0
    private var needed = 2
    private var extraLength = 0
    private var length: UInt64 = 0
    /// Bytes of payload that are still to come.
    private var remaining: UInt64 = 0
    /// Whether a close frame has passed, all of it. What follows it means nothing.
    package private(set) var hasClosed = false

    package init() {}

    /// Whether the last frame is complete and no other has begun.
    package var isBetweenFrames: Bool { seen == 0 && remaining == 0 }

    /// How many bytes may be read without reading beyond the end of the current frame: 0 between frames.
    package var bytesToBoundary: Int {
        if remaining > 0 { return Int(clamping: remaining) }
        return seen == 0 ? 0 : needed - seen
    }

    /// Goes on with the unread bytes of the buffer from an offset on.
    package mutating func follow(_ buffer: borrowing ByteBuffer, from offset: Int = 0) {
        let bytes = buffer.span
        var index = offset
        while index < bytes.count {
            if remaining > 0 {
                let passed = min(remaining, UInt64(bytes.count - index))
                remaining -= passed
                index += Int(passed)
                if remaining == 0 { endFrame() }
            } else {
                take(bytes[index])
                index += 1
            }
        }
    }

    private mutating func take(_ byte: UInt8) {
        switch seen {
        case 0: opcode = byte & 0x0f
        case 1:
            let short = byte & 0x7f
            extraLength = short == 127 ? 8 : short == 126 ? 2 : 0
            length = extraLength == 0 ? UInt64(short) : 0
            needed = 2 + extraLength + (byte & 0x80 != 0 ? 4 : 0)
        case 2..<(2 + extraLength): length = length << 8 | UInt64(byte)
        default: break  // Of the mask.
        }
        seen += 1
        guard seen > 1, seen == needed else { return }
        (seen, needed, remaining) = (0, 2, length)
        if remaining == 0 { endFrame() }
    }

    private mutating func endFrame() {
        if opcode == WebSocketOpcode.close.rawValue { hasClosed = true }
    }
}
