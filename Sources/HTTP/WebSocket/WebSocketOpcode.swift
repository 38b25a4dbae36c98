/// What a frame is for (RFC 6455, 5.2), with its number on the wire.
package enum WebSocketOpcode: UInt8, Sendable {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    /// About the connection, not part of a message.
    package var isControl: Bool { rawValue >= 8 }
}
