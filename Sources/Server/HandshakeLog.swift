internal import Logging
internal import Reactor

/// What goes wrong before a connection can be served, for the operator. Anybody can make such errors as fast as they like,
/// so each reason is written once a minute, with the number of those that were not written.
final class HandshakeLog {
    private static let interval = Duration.seconds(60)
    /// Reasons told apart in one minute; more than these are not counted. Some hold words of the peer.
    private static let maximumReasons = 32

    private let logger: Logger
    /// By reason, how many were not written.
    private var unwritten: [String: Int] = [:]
    private var began: ContinuousClock.Instant?

    init(logger: Logger) { self.logger = logger }

    func note(_ error: ChannelError, from peer: String) {
        switch error {
        case .closed: logger.debug("a client left before the TLS handshake was done", metadata: ["client": "\(peer)"])
        case .timedOut: note("the TLS handshake took too long (--handshake_timeout)", from: peer)
        case .plainHTTP: note("a client spoke plain HTTP on a port that speaks TLS", from: peer)
        case .refused, .unknownHost, .system, .insecure: note(error.reason, from: peer)
        }
    }

    func note(_ reason: String, from peer: String) {
        if let count = unwritten[reason] {
            unwritten[reason] = count + 1
        } else if unwritten.count < Self.maximumReasons {
            unwritten[reason] = 0
            logger.info("a connection was refused: \(reason)", metadata: ["client": "\(peer)"])
        }
    }

    /// Ends the minute. To be called about once a second.
    func tidy(at now: ContinuousClock.Instant) {
        guard !unwritten.isEmpty else { return began = nil }
        guard let start = began else { return began = now }
        guard now - start >= Self.interval else { return }
        for (reason, count) in unwritten where count > 0 {
            logger.info("\(count) more connections were refused in a minute: \(reason)")
        }
        unwritten.removeAll(keepingCapacity: true)
        began = nil
    }
}
