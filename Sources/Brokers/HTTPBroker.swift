internal import Bytes
package import Gateway
package import Reactor
package import Upstream

/// Go Micro's http broker, as one loop sees it: subscribers stand in the registry, and a message is posted to each of
/// them. Subscribers within this process get theirs without that.
///
/// Nothing is stored: a message that nobody takes at once is not delivered later.
package final class HTTPBroker: Broker {
    /// Deliveries of one message at a time.
    private static let deliveriesAtOnce = 64

    package let name = "http"
    private let site: HTTPBrokerSite
    private let local: LocalBroker
    private let pool: UpstreamPool
    private let catalog: CatalogView
    private let tasks: TaskStarter
    private let health: NodeHealth
    private let maximumAttempts: Int
    private let complain: (String) -> Void
    private var subscribers = HTTPSubscribers()
    /// Until when nothing more is complained of, and what was left unsaid.
    private var silence: (end: ContinuousClock.Instant, count: Int)?
    /// A subscriber that is gone fails every message until its registration ends.
    private static let complaintInterval = Duration.seconds(1)

    /// - Parameters:
    ///   - site: What all loops know of our own subscribers.
    ///   - catalog: Where the subscribers of others are found.
    ///   - tasks: Starts deliveries.
    ///   - health: Which subscribers could not be reached of late. Those are tried once, and of a queue last.
    ///   - maximumAttempts: How often one message is posted at most, for each subscriber and for each queue, while it is
    ///     sure that nobody has seen it. Default 2; 1 to 101.
    ///   - complain: Gets sentences for the operator: who did not take a message that others have taken.
    package init(
        _ site: HTTPBrokerSite, pool: UpstreamPool, catalog: CatalogView, tasks: TaskStarter,
        health: NodeHealth = NodeHealth(), maximumAttempts: Int = 2,
        complain: @escaping (String) -> Void = { _ in }
    ) {
        self.site = site
        local = LocalBroker(site.memory, tasks: tasks)
        self.pool = pool
        self.catalog = catalog
        self.tasks = tasks
        self.health = health
        self.maximumAttempts = maximumAttempts
        self.complain = complain
    }

    package func subscribe(
        to topic: String, queue: String?, firing wakeup: Wakeup
    ) throws(BrokerError) -> any Subscription {
        try local.subscribe(to: topic, queue: queue, firing: wakeup)
    }

    nonisolated(nonsending) package func publish(
        _ message: Message, to topic: String, before deadline: ContinuousClock.Instant, wakeup: Wakeup
    ) async throws(BrokerError) {
        let round = DeliveryRound(message, topic: topic, before: deadline, wakeup: wakeup)
        round.taken += site.memory.broadcast(message, to: topic)
        var waiting = deliveries(in: round)
        while true {
            while round.running < Self.deliveriesAtOnce, let delivery = waiting.popLast() {
                round.running += 1
                tasks.start(delivery)
            }
            if round.running == 0 { break }
            await wakeup.wait()
        }
        try judge(round, topic)
    }

    /// One for each subscriber of others that gets all messages, one for each queue.
    private func deliveries(in round: DeliveryRound) -> [HTTPDelivery] {
        var group = subscribers.group(of: round.topic, in: catalog.catalog, own: site.address)
        let own = site.memory.queueSizes(of: round.topic)
        for queue in own.keys where group.queues[queue] == nil { group.queues[queue] = [] }
        var deliveries = group.all.map { delivery(to: [.node($0)], in: round) }
        for (queue, entries) in group.queues {
            // Our own members have the same chance as those of others.
            let members = entries.map { DeliveryTarget.node($0) }
            let ours = [DeliveryTarget](repeating: .memory(queue: queue), count: own[queue] ?? 0)
            let targets = (members + ours).shuffled()
            let isResting = { [health, now = pool.loop.now] (target: DeliveryTarget) in target.isResting(health, now) }
            deliveries.append(delivery(to: targets.filter { !isResting($0) } + targets.filter(isResting), in: round))
        }
        return deliveries
    }

    private func delivery(to targets: [DeliveryTarget], in round: DeliveryRound) -> HTTPDelivery {
        HTTPDelivery(
            to: targets, in: round, pool: pool, memory: site.memory, health: health, maximumAttempts: maximumAttempts)
    }

    private func judge(_ round: DeliveryRound, _ topic: String) throws(BrokerError) {
        guard !round.failures.isEmpty else { return }
        let reasons = round.failures.prefix(3).joined(separator: "; ")
        let more = round.failures.count > 3 ? "; and \(round.failures.count - 3) more" : ""
        let detail =
            "a message on topic \(topic) was not taken by \(round.failures.count) of its subscribers: \(reasons)\(more)"
        guard round.taken == 0 else { return mention(detail) }
        throw BrokerError(
            "no subscriber of topic \(topic) took the message, so it was not published; send it again later",
            detail: detail)
    }

    /// Says one thing a second, and how many it has left unsaid.
    private func mention(_ detail: String) {
        let now = pool.loop.now
        if let silence, now < silence.end { return self.silence = (silence.end, silence.count + 1) }
        let unsaid = silence.map(\.count) ?? 0
        silence = (now + Self.complaintInterval, 0)
        complain(unsaid == 0 ? detail : "\(detail); and \(unsaid) messages before it were not taken by all either")
    }
}
