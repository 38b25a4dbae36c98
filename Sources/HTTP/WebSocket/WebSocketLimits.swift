/// What a peer may ask of an end of a WebSocket, and how long it is waited for.
package struct WebSocketLimits: Sendable, Equatable {
    /// The longest message, all its fragments together, in bytes. Default 4 MiB. A longer one closes with 1009.
    package var message = 4 << 20
    /// After so long without a byte from the peer it is pinged, and after as long again without one it is given up.
    /// Default 30 s.
    package var pingInterval = Duration.seconds(30)
    /// How long the peer may take to answer our close frame. Default 5 s.
    package var closeTimeout = Duration.seconds(5)
    /// Control frames in ten seconds; more close with 1008. Default 1,000.
    package var controlFrames = 1_000

    package init() {}
}
