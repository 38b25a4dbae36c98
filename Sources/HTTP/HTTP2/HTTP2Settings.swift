internal import Bytes

/// What one side of a connection told the other (RFC 9113, 6.5.2 and RFC 8441, 3). Begins as what holds before.
package struct HTTP2Settings: Equatable, Sendable {
    /// How many values one frame may have. There are seven that mean something.
    package static let maximumEntries = 64

    /// The settings that mean something here; others are ignored.
    package enum Name: UInt16, CaseIterable, Sendable {
        case headerTableSize = 0x1
        case enablePush = 0x2
        case maximumStreams = 0x3
        case initialWindow = 0x4
        case maximumFrameLength = 0x5
        case maximumListSize = 0x6
        case enableConnectProtocol = 0x8
    }

    /// How large the peer's table for our fields may become, in bytes.
    package var headerTableSize = 4_096
    package var allowsPush = true
    /// How many streams at once; nil is any number.
    package var maximumStreams: Int?
    /// What each stream's window begins with, in bytes.
    package var initialWindow = 65_535
    package var maximumFrameLength = FrameHeader.defaultMaximumLength
    /// How large the fields of a message may be, as RFC 9113 counts them; nil is any size.
    package var maximumListSize: Int?
    package var allowsExtendedConnect = false

    package init() {}

    /// The settings in the one `HTTP2-Settings` field of a request that asks for HTTP/2 (RFC 7540, 3.2.1): the content of
    /// a SETTINGS frame, in the alphabet of base64 that URLs have. Nil when there are several fields, or none that can be
    /// read.
    package init?(upgrading head: borrowing RequestHead) {
        guard head.fields.count(of: .http2Settings) == 1, let index = head.fields.firstIndex(of: .http2Settings) else {
            return nil
        }
        guard let payload = Base64.decode(lenient: head.fields.valueSpan(at: index), in: .either) else { return nil }
        do throws(HTTP2Error) {
            try apply(payload.span, isFromServer: false)
        } catch {
            return nil
        }
    }

    /// Applies the values of a frame in their order.
    ///
    /// - Parameters:
    ///   - payload: Of a SETTINGS frame: six bytes for each value.
    ///   - isFromServer: A server may not allow push.
    /// - Returns: The smallest of the sizes that the frame gives the table; nil when it gives none.
    /// - Throws: What ends the connection, for a value that its setting does not permit.
    @discardableResult
    package mutating func apply(_ payload: Span<UInt8>, isFromServer: Bool) throws(HTTP2Error) -> Int? {
        guard payload.count % 6 == 0 else {
            throw .connection(.frameSizeError, "A frame has not the size of its type.")
        }
        guard payload.count / 6 <= Self.maximumEntries else {
            throw .connection(.enhanceYourCalm, "A SETTINGS frame has too many values.")
        }
        var smallestTable: Int?
        var index = 0
        while index < payload.count {
            let number = UInt16(payload[index]) << 8 | UInt16(payload[index + 1])
            let value = Int(payload.bigEndian32(at: index + 2))
            if let name = Name(rawValue: number) { try set(name, value, isFromServer: isFromServer) }
            if number == Name.headerTableSize.rawValue { smallestTable = min(value, smallestTable ?? value) }
            index += 6
        }
        return smallestTable
    }

    private mutating func set(_ name: Name, _ value: Int, isFromServer: Bool) throws(HTTP2Error) {
        switch name {
        case .headerTableSize: headerTableSize = value
        case .enablePush:
            guard value == 0 || (value == 1 && !isFromServer) else { throw .badSetting }
            allowsPush = value == 1
        case .maximumStreams: maximumStreams = value
        case .initialWindow:
            guard value <= Int(FrameHeader.maximumStream) else {
                throw .connection(.flowControlError, "An initial window is above the largest one.")
            }
            initialWindow = value
        case .maximumFrameLength:
            guard (FrameHeader.defaultMaximumLength...0xff_ffff).contains(value) else { throw .badSetting }
            maximumFrameLength = value
        case .maximumListSize: maximumListSize = value
        case .enableConnectProtocol:
            // Once allowed, it may not be taken back (RFC 8441, 3).
            guard value == 1 || (value == 0 && !allowsExtendedConnect) else { throw .badSetting }
            allowsExtendedConnect = value == 1
        }
    }
}

extension HTTP2Error {
    fileprivate static var badSetting: Self {
        .connection(.protocolError, "A setting has a value that it cannot have.")
    }
}
