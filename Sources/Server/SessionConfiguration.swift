package import HTTP

/// Limits on what one connection from a client may ask of us, and how long we wait for it.
package struct SessionConfiguration: Sendable, Equatable {
    /// Limits on the head of a request.
    package var headLimits = HeadLimits()
    /// From the acceptance of a connection to the end of its TLS handshake. Default 10 s.
    package var handshakeTimeout = Duration.seconds(10)
    /// From the first byte of a request to the end of its head. Default 10 s.
    package var headerTimeout = Duration.seconds(10)
    /// Between two requests on one connection. Default 75 s.
    package var idleTimeout = Duration.seconds(75)
    /// Between two parts of a body, in either direction. Default 30 s.
    package var bodyTimeout = Duration.seconds(30)
    /// How long and how much is still read, and thrown away, before a connection is closed whose client may be sending:
    /// closing at once would destroy the answer on its way. Default 2 s and 1 MiB.
    package var lingerTimeout = Duration.seconds(2)
    package var lingerBytes = 1 << 20
    /// Bytes of an answer that wait for a slow client; then the source has to wait. Default 64 KiB.
    package var outputHighMark = 65_536
    /// Requests that an HTTP/2 connection may have open at once; more are refused. Default 100, the least that RFC 9113
    /// recommends.
    package var maximumStreams = 100

    package init() {}
}
