package import Bytes

/// The types of frames that mean something here (RFC 9113, 6).
package enum FrameType: UInt8, CaseIterable, Sendable {
    case data = 0x0
    case headers = 0x1
    case priority = 0x2
    case reset = 0x3
    case settings = 0x4
    case pushPromise = 0x5
    case ping = 0x6
    case goAway = 0x7
    case windowUpdate = 0x8
    case continuation = 0x9
}

/// The flags of a frame. What a bit means depends on the type; others are ignored (RFC 9113, 4.1).
package struct FrameFlags: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Of SETTINGS and PING: an answer.
    package static var acknowledges: Self { Self(rawValue: 0x01) }
    /// Of DATA and HEADERS: the sender is done with the stream.
    package static var endsStream: Self { Self(rawValue: 0x01) }
    /// Of HEADERS and CONTINUATION: the block of fields is whole.
    package static var endsHeaders: Self { Self(rawValue: 0x04) }
    /// Of DATA and HEADERS: the first byte says how many bytes at the end mean nothing.
    package static var isPadded: Self { Self(rawValue: 0x08) }
    /// Of HEADERS: five bytes of priority come before the fields.
    package static var hasPriority: Self { Self(rawValue: 0x20) }
}

/// The nine bytes that every frame begins with (RFC 9113, 4.1).
package struct FrameHeader: Equatable, Sendable {
    /// How many bytes they are.
    package static let size = 9
    /// What a frame's payload may have if its receiver has not allowed more (6.5.2).
    package static let defaultMaximumLength = 16_384
    /// The largest stream number, and the largest window.
    package static let maximumStream: UInt32 = 0x7fff_ffff

    /// The payload's, in bytes.
    package var length: Int
    /// The type's number; see `type`.
    package var rawType: UInt8
    package var flags: FrameFlags
    /// 0 is the connection.
    package var stream: UInt32

    /// A header of one's own.
    package init(_ type: FrameType, flags: FrameFlags = [], stream: UInt32, length: Int) {
        (self.rawType, self.flags, self.stream, self.length) = (type.rawValue, flags, stream, length)
    }

    /// Reads the first nine bytes; the reserved bit before the stream's number is ignored.
    ///
    /// - Precondition: There are nine.
    package init(_ bytes: Span<UInt8>) {
        length = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
        rawType = bytes[3]
        flags = FrameFlags(rawValue: bytes[4])
        stream = bytes.bigEndian32(at: 5) & Self.maximumStream
    }

    /// Nil for a type that we do not know, whose frames are skipped (RFC 9113, 5.5).
    package var type: FrameType? { FrameType(rawValue: rawType) }

    /// Writes the nine bytes.
    package func write(to buffer: inout ByteBuffer) {
        precondition(length <= 0xff_ffff, "a frame has 24 bits for its length")
        buffer.reserve(Self.size)
        buffer.append(UInt8(truncatingIfNeeded: length >> 16))
        buffer.append(UInt8(truncatingIfNeeded: length >> 8))
        buffer.append(UInt8(truncatingIfNeeded: length))
        buffer.append(rawType)
        buffer.append(flags.rawValue)
        buffer.append(bigEndian: stream & Self.maximumStream)
    }
}

extension Span<UInt8> {
    /// The number in four bytes.
    @inline(__always)
    func bigEndian32(at index: Int) -> UInt32 {
        UInt32(self[index]) << 24 | UInt32(self[index + 1]) << 16 | UInt32(self[index + 2]) << 8
            | UInt32(self[index + 3])
    }
}

extension ByteBuffer {
    /// Adds the four bytes of a number.
    mutating func append(bigEndian number: UInt32) {
        append(UInt8(truncatingIfNeeded: number >> 24))
        append(UInt8(truncatingIfNeeded: number >> 16))
        append(UInt8(truncatingIfNeeded: number >> 8))
        append(UInt8(truncatingIfNeeded: number))
    }
}
