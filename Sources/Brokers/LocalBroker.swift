package import Gateway
package import Reactor

/// The memory broker as one loop sees it: messages go to the subscribers within this process.
package final class LocalBroker: Broker {
    package let name = "memory"
    private let shared: MemoryBroker
    private let tasks: TaskStarter

    /// - Parameters:
    ///   - shared: The subscribers of all loops.
    ///   - tasks: Starts what listens for the messages of subscribers on this loop.
    package init(_ shared: MemoryBroker, tasks: TaskStarter) {
        self.shared = shared
        self.tasks = tasks
    }

    nonisolated(nonsending) package func publish(
        _ message: Message, to topic: String, before deadline: ContinuousClock.Instant, wakeup: Wakeup
    ) async throws(BrokerError) {
        shared.publish(message, to: topic)
    }

    package func subscribe(
        to topic: String, queue: String?, firing wakeup: Wakeup
    ) throws(BrokerError) -> any Subscription {
        let subscription = LocalSubscription(try shared.subscribe(to: topic, queue: queue))
        tasks.start(subscription.listener(firing: wakeup))
        return subscription
    }
}

/// A subscription whose owner is on one loop, whichever loop publishes.
private final class LocalSubscription: Subscription {
    private let shared: MemorySubscription

    init(_ shared: MemorySubscription) { self.shared = shared }

    deinit { cancel() }

    var lostCount: Int { shared.lostCount }

    func tryReceive() -> Message? { shared.tryReceive() }

    func cancel() { shared.cancel() }

    /// What brings the rings of other loops to this one, for as long as the subscription lasts.
    func listener(firing wakeup: Wakeup) -> any LoopTask { Listener(rings: shared.rings, wakeup: wakeup) }

    private final class Listener: LoopTask {
        private let rings: AsyncStream<Void>
        private let wakeup: Wakeup

        init(rings: AsyncStream<Void>, wakeup: Wakeup) {
            self.rings = rings
            self.wakeup = wakeup
        }

        nonisolated(nonsending) func run() async {
            for await _ in rings { wakeup.fire() }
        }
    }
}
