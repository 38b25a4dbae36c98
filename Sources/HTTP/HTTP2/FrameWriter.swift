package import Bytes

/// Writes frames (RFC 9113, 6). What is never sent has no function here: PRIORITY, PUSH_PROMISE and padding.
package enum FrameWriter {
    /// Writes the header of a DATA frame, after which its content is to follow.
    package static func writeDataHeader(stream: UInt32, length: Int, endsStream: Bool, to buffer: inout ByteBuffer) {
        FrameHeader(.data, flags: endsStream ? .endsStream : [], stream: stream, length: length).write(to: &buffer)
    }

    /// Writes a whole block of fields: HEADERS, and as many CONTINUATION frames as it needs.
    ///
    /// - Parameter maximumLength: The peer's SETTINGS_MAX_FRAME_SIZE.
    package static func writeHeaders(
        _ block: Span<UInt8>, stream: UInt32, endsStream: Bool,
        maximumLength: Int = FrameHeader.defaultMaximumLength, to buffer: inout ByteBuffer
    ) {
        var start = 0
        repeat {
            let end = min(start + maximumLength, block.count)
            var flags: FrameFlags = end == block.count ? .endsHeaders : []
            if start == 0, endsStream { flags.insert(.endsStream) }
            let type: FrameType = start == 0 ? .headers : .continuation
            FrameHeader(type, flags: flags, stream: stream, length: end - start).write(to: &buffer)
            buffer.append(block.extracting(start..<end))
            start = end
        } while start < block.count
    }

    /// Writes RST_STREAM.
    package static func writeReset(stream: UInt32, code: HTTP2ErrorCode, to buffer: inout ByteBuffer) {
        FrameHeader(.reset, stream: stream, length: 4).write(to: &buffer)
        buffer.append(bigEndian: code.rawValue)
    }

    /// Writes SETTINGS with these values.
    package static func writeSettings(
        _ settings: [(name: HTTP2Settings.Name, value: UInt32)], to buffer: inout ByteBuffer
    ) {
        FrameHeader(.settings, stream: 0, length: settings.count * 6).write(to: &buffer)
        for (name, value) in settings {
            buffer.append(UInt8(truncatingIfNeeded: name.rawValue >> 8))
            buffer.append(UInt8(truncatingIfNeeded: name.rawValue))
            buffer.append(bigEndian: value)
        }
    }

    /// Writes the answer to SETTINGS.
    package static func writeSettingsAcknowledgement(to buffer: inout ByteBuffer) {
        FrameHeader(.settings, flags: .acknowledges, stream: 0, length: 0).write(to: &buffer)
    }

    /// Writes PING or the answer to it.
    ///
    /// - Precondition: Eight bytes.
    package static func writePing(_ payload: Span<UInt8>, isAnswer: Bool, to buffer: inout ByteBuffer) {
        precondition(payload.count == 8, "a PING has eight bytes")
        FrameHeader(.ping, flags: isAnswer ? .acknowledges : [], stream: 0, length: 8).write(to: &buffer)
        buffer.append(payload)
    }

    /// Writes GOAWAY.
    ///
    /// - Parameters:
    ///   - lastStream: The highest stream of the peer that was or will be looked at.
    ///   - reason: For the peer's operator; empty is common.
    package static func writeGoAway(
        lastStream: UInt32, code: HTTP2ErrorCode, reason: String = "", to buffer: inout ByteBuffer
    ) {
        FrameHeader(.goAway, stream: 0, length: 8 + reason.utf8.count).write(to: &buffer)
        buffer.append(bigEndian: lastStream & FrameHeader.maximumStream)
        buffer.append(bigEndian: code.rawValue)
        buffer.append(reason)
    }

    /// Writes WINDOW_UPDATE; stream 0 is the connection's window.
    ///
    /// - Precondition: 1 to 2^31 - 1.
    package static func writeWindowUpdate(stream: UInt32, increment: Int, to buffer: inout ByteBuffer) {
        precondition(increment > 0 && increment <= Int(FrameHeader.maximumStream), "an increment nobody accepts")
        FrameHeader(.windowUpdate, stream: stream, length: 4).write(to: &buffer)
        buffer.append(bigEndian: UInt32(increment))
    }
}
