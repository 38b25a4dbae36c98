/// Notices a peer that makes us work for nothing: resets in both directions, and frames that carry nothing.
///
/// Each kind has a budget that refills with time and with answers that the peer really took. A browser that leaves a
/// page, and a gRPC client that measures the connection with PING, stay far below. Those who do not get
/// ENHANCE_YOUR_CALM.
package struct FloodGuard: Sendable {
    private var resets: Budget
    private var chatter: Budget

    /// What a frame costs that carries nothing.
    package enum Chatter: Int, Sendable {
        /// PING, WINDOW_UPDATE, frames of unknown types, and what came too late.
        case small = 1
        /// DATA and fields without content.
        case empty = 10
        /// SETTINGS, which change every stream and must be answered.
        case settings = 20
    }

    /// - Parameter now: When the connection began.
    package init(now: ContinuousClock.Instant) {
        resets = Budget(capacity: 400, perSecond: 40, now: now)
        chatter = Budget(capacity: 2_000, perSecond: 200, now: now)
    }

    /// Counts a stream that was reset, by the peer or because of what the peer did, or a request that was refused.
    package mutating func chargeReset(at now: ContinuousClock.Instant) throws(HTTP2Error) {
        guard resets.take(1, at: now) else { throw .connection(.enhanceYourCalm, "Too many streams were reset.") }
    }

    /// Counts a frame that carries nothing.
    package mutating func charge(_ chatter: Chatter, at now: ContinuousClock.Instant) throws(HTTP2Error) {
        guard self.chatter.take(chatter.rawValue, at: now) else {
            throw .connection(.enhanceYourCalm, "Too many frames carry nothing.")
        }
    }

    /// An answer was complete.
    package mutating func creditAnswer() {
        resets.put(1)
        chatter.put(4)
    }

    /// Content was sent, after which the peer may have to tell us that its windows are open again, or measure.
    package mutating func creditContent() { chatter.put(4) }

    private struct Budget: Sendable {
        private let capacity: Int
        private let perSecond: Int
        private var left: Int
        private var refilled: ContinuousClock.Instant

        init(capacity: Int, perSecond: Int, now: ContinuousClock.Instant) {
            self.capacity = capacity
            self.perSecond = perSecond
            left = capacity
            refilled = now
        }

        /// The clock is looked at only when there is nothing left.
        mutating func take(_ cost: Int, at now: ContinuousClock.Instant) -> Bool {
            left -= cost
            if left >= 0 { return true }
            let seconds = Double((now - refilled).components.seconds)
            left = min(capacity, left + Int(min(seconds * Double(perSecond), Double(capacity) * 2)))
            refilled = now
            return left >= 0
        }

        mutating func put(_ amount: Int) { left = min(capacity, left + amount) }
    }
}
