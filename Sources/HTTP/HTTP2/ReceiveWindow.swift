/// How much content the peer may still send, and when to tell it that it may send more (RFC 9113, 5.2).
///
/// Room is given back as content is consumed, so that whoever consumes slowly makes the peer wait and not memory grow. The
/// peer is told when half of the window is free again, since an update for each frame would cost more than it brings.
package struct ReceiveWindow: Equatable, Sendable {
    private var window: FlowWindow
    private let size: Int
    /// Consumed, and the peer does not know yet.
    private var unannounced = 0

    /// - Parameters:
    ///   - stream: 0 is the connection.
    ///   - size: How many bytes may be under way or unread, 65,535 if the peer was told nothing.
    package init(stream: UInt32, size: Int = 65_535) {
        window = FlowWindow(stream: stream, available: size)
        self.size = size
    }

    /// Counts what the peer has sent, padding included.
    ///
    /// - Throws: FLOW_CONTROL_ERROR when it was more than we allowed.
    package mutating func receive(_ length: Int) throws(HTTP2Error) { try window.receive(length) }

    /// Counts what was consumed. Returns the increment for WINDOW_UPDATE when it is time to send one.
    package mutating func consume(_ length: Int) throws(HTTP2Error) -> Int? {
        unannounced += length
        guard unannounced > 0, unannounced >= size / 2 else { return nil }
        defer { unannounced = 0 }
        try window.grow(by: unannounced)
        return unannounced
    }
}
