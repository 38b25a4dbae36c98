internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor
internal import Upstream

/// One message, and what became of it so far.
final class DeliveryRound {
    let message: Message
    let topic: String
    let deadline: ContinuousClock.Instant
    private let wakeup: Wakeup
    /// Deliveries that have begun and not ended.
    var running = 0
    /// How many subscribers have it; of a queue, one.
    var taken = 0
    /// Who does not have it, and why: sentences for the operator.
    private(set) var failures: [String] = []
    private var current: ByteBuffer?
    private var old: ByteBuffer?

    init(_ message: Message, topic: String, before deadline: ContinuousClock.Instant, wakeup: Wakeup) {
        self.message = message
        self.topic = topic
        self.deadline = deadline
        self.wakeup = wakeup
    }

    /// Ends one delivery, and tells the publisher.
    ///
    /// - Parameter failure: Nil when the message was taken.
    func end(_ failure: String?) {
        running -= 1
        if let failure { failures.append(failure) } else { taken += 1 }
        wakeup.fire()
    }

    /// The message as this form has it, encoded once for all.
    func content(as form: HTTPBrokerForm) -> ByteBuffer {
        if let known = form == .current ? current : old { return known }
        let content = HTTPBrokerMessage.encode(message, topic: topic, as: form)
        if form == .current { current = content } else { old = content }
        return content
    }
}

/// Where a message can go.
enum DeliveryTarget {
    case node(HTTPSubscribers.Entry)
    /// A member of the queue within this process.
    case memory(queue: String)

    /// Whether it could not be reached of late.
    func isResting(_ health: NodeHealth, _ now: ContinuousClock.Instant) -> Bool {
        switch self {
        case .node(let entry): health.isResting(entry.node, now: now)
        case .memory: false
        }
    }
}

/// Brings one message to one subscriber, or to one member of a queue, in a task of its own.
final class HTTPDelivery: LoopTask {
    /// How long after a failure the message is posted again, when there is nobody else to post it to.
    private static let pause = Duration.milliseconds(100)

    private let targets: [DeliveryTarget]
    private let round: DeliveryRound
    private let pool: UpstreamPool
    private let memory: MemoryBroker
    private let health: NodeHealth
    private let maximumAttempts: Int

    /// - Parameter targets: In the order in which they are tried, until one takes the message.
    init(
        to targets: [DeliveryTarget], in round: DeliveryRound, pool: UpstreamPool, memory: MemoryBroker,
        health: NodeHealth, maximumAttempts: Int
    ) {
        self.targets = targets
        self.round = round
        self.pool = pool
        self.memory = memory
        self.health = health
        self.maximumAttempts = maximumAttempts
    }

    nonisolated(nonsending) func run() async { round.end(await deliver()) }

    /// Returns nil when the message was taken, else why not.
    nonisolated(nonsending) private func deliver() async -> String? {
        let loop = pool.loop
        // A pause for one that is known to be gone would delay every message.
        let isHopeless = targets.count == 1 && targets[0].isResting(health, loop.now)
        let maximumAttempts = isHopeless ? 1 : maximumAttempts
        // A queue whose last member has just left is as if nobody were subscribed.
        var failure: String?
        var attempts = 0
        while attempts < maximumAttempts, !targets.isEmpty {
            let target = targets[attempts % targets.count]
            if attempts > 0, targets.count == 1 { await loop.sleep(for: Self.pause) }
            attempts += 1
            switch target {
            case .memory(let queue):
                if memory.hand(round.message, to: round.topic, queue: queue) { return nil }
            case .node(let entry):
                do throws(GatewayError) {
                    try await post(to: entry)
                    health.recordSuccess(of: entry.node)
                    return nil
                } catch {
                    failure = error.detail
                    if error.code == .upstreamRefused { health.recordFailure(of: entry.node, now: loop.now) }
                    // Who may have seen it might see it twice; and who has no time left is not asked.
                    guard error.isRetryable, loop.now < round.deadline else { return failure }
                }
            }
        }
        return failure
    }

    nonisolated(nonsending) private func post(to entry: HTTPSubscribers.Entry) async throws(GatewayError) {
        let status = try await pool.post(
            round.content(as: entry.form), type: "application/json", to: entry.form.target(id: entry.node.id),
            of: entry.node, before: round.deadline, wakeup: Wakeup())
        guard (200..<300).contains(status.code) else {
            throw GatewayError(
                .upstreamBroken, "the subscriber refused the message",
                detail: "subscriber \(entry.node.id) at \(entry.node.address) answered \(status.code)",
                mayHaveBeenSent: true)
        }
    }
}
