package import Reactor

/// Carries messages to whoever is subscribed to their topic. One for each loop, in front of what the loops share.
package protocol Broker: AnyObject {
    /// The name in the configuration.
    var name: String { get }

    /// Publishes a message, and returns when everyone subscribed has had the chance to take it. Nobody being subscribed
    /// is no error, and a message that at least one has taken is none either.
    ///
    /// - Parameters:
    ///   - topic: Not empty. Topics are compared whole, byte by byte; there are no wildcards.
    ///   - deadline: When subscribers that have not taken it by then are given up.
    ///   - wakeup: What the task waits on, which nobody else may wait on meanwhile.
    /// - Throws: When there are subscribers and not one took the message.
    nonisolated(nonsending) func publish(
        _ message: Message, to topic: String, before deadline: ContinuousClock.Instant, wakeup: Wakeup
    ) async throws(BrokerError)

    /// Subscribes to what is published from now on, until the subscription is cancelled.
    ///
    /// - Parameters:
    ///   - topic: Not empty.
    ///   - queue: The members of a queue share its messages: each goes to one of them. Nil: all messages.
    ///   - wakeup: Fired whenever there may be a message.
    /// - Throws: For a topic or a queue with an empty name.
    func subscribe(
        to topic: String, queue: String?, firing wakeup: Wakeup
    ) throws(BrokerError) -> any Subscription
}

/// Messages of one topic on their way to one subscriber, who owns it.
package protocol Subscription: AnyObject {
    /// The next message; nil when there is none now.
    func tryReceive() -> Message?

    /// How many messages were thrown away because the subscriber has fallen behind; the oldest go first.
    var lostCount: Int { get }

    /// Ends it. Safe to call more than once.
    func cancel()
}

/// Why a message was not published, or nobody could subscribe.
package struct BrokerError: Error, Equatable {
    /// One sentence for the client, without addresses.
    package let reason: String
    /// One sentence for the operator.
    package let detail: String

    /// - Parameter detail: The reason again when nil.
    package init(_ reason: String, detail: String? = nil) {
        self.reason = reason
        self.detail = detail ?? reason
    }
}
