/// How many bytes of content one side may still send, on a stream or on the connection (RFC 9113, 5.2 and 6.9).
package struct FlowWindow: Equatable, Sendable {
    /// The largest window, 2^31 - 1.
    package static let maximum = 0x7fff_ffff

    /// In bytes. Below 0 after the peer made all windows smaller than what was already sent (6.9.2).
    package private(set) var available: Int
    /// 0 is the connection.
    private let stream: UInt32

    /// - Parameter available: What SETTINGS_INITIAL_WINDOW_SIZE says; 65,535 for the connection.
    package init(stream: UInt32, available: Int = 65_535) {
        self.stream = stream
        self.available = available
    }

    /// What may be sent now; never below 0.
    package var sendable: Int { max(0, available) }

    /// Counts content that is being sent.
    ///
    /// - Precondition: At most `sendable`.
    package mutating func send(_ length: Int) {
        precondition(length >= 0 && length <= sendable, "more sent than the window allows")
        available -= length
    }

    /// Counts what the peer has sent, padding included.
    ///
    /// - Throws: FLOW_CONTROL_ERROR when it was more than we allowed (6.9.1).
    package mutating func receive(_ length: Int) throws(HTTP2Error) {
        // An empty frame is allowed in a window that has become negative.
        guard length <= sendable else { throw error(.flowControlError, "More was sent than the window allows.") }
        available -= length
    }

    /// Opens the window, as WINDOW_UPDATE says or before we send one.
    ///
    /// - Throws: PROTOCOL_ERROR for 0, FLOW_CONTROL_ERROR above `maximum` (6.9, 6.9.1).
    package mutating func grow(by increment: Int) throws(HTTP2Error) {
        guard increment > 0 else { throw error(.protocolError, "A window was to grow by nothing.") }
        guard increment <= Self.maximum - available else {
            throw error(.flowControlError, "A window grew above the largest one.")
        }
        available += increment
    }

    /// Follows a change of SETTINGS_INITIAL_WINDOW_SIZE. Not for the connection's window (6.9.2).
    ///
    /// - Throws: FLOW_CONTROL_ERROR of the connection above `maximum`.
    package mutating func changeInitial(from old: Int, to new: Int) throws(HTTP2Error) {
        guard available + new - old <= Self.maximum else {
            throw .connection(.flowControlError, "A window grew above the largest one.")
        }
        available += new - old
    }

    private func error(_ code: HTTP2ErrorCode, _ reason: StaticString) -> HTTP2Error {
        stream == 0 ? .connection(code, reason) : .stream(stream, code, reason)
    }
}
