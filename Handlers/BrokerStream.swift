internal import Bytes
internal import Gateway
internal import Reactor

/// A topic as a stream: what is published comes, and what is sent is published.
final class BrokerStream: RPCStream {
    private let subscription: any Subscription
    private let topic: String
    private let header: [String: String]
    private let publisher: MessagePublisher
    private let tasks: TaskStarter
    private let loop: any EventLoop
    private let wakeup: Wakeup
    /// The last message that was sent, which may be on its way still. The next one waits for it.
    private var sending: Sending?

    /// - Parameters:
    ///   - header: Of every message that is sent. Each gets an id of its own.
    ///   - exchange: Whose wake-up is fired when something has become possible.
    init(
        _ subscription: any Subscription, on topic: String, header: [String: String], _ publisher: MessagePublisher,
        tasks: TaskStarter, _ exchange: Exchange
    ) {
        self.subscription = subscription
        self.topic = topic
        self.header = header
        self.publisher = publisher
        self.tasks = tasks
        loop = exchange.loop
        wakeup = exchange.wakeup
    }

    /// What the operator should know after the end. Nil when all is well.
    var lateFailure: GatewayError? {
        let lost = subscription.lostCount
        guard lost > 0 else { return nil }
        return GatewayError(
            .clientGone, "messages were lost",
            detail: "\(lost) messages on topic \(topic) were lost, since a subscriber took them too slowly")
    }

    func trySend(_ message: inout ByteBuffer) throws(GatewayError) -> Bool {
        if let sending, sending.isRunning { return false }
        try checkSending()
        var outgoing = Message(header: header, body: message.bytes)
        outgoing.header["Micro-Id"] = publisher.makeID()
        message.removeAll()
        let sending = Sending(
            outgoing, to: topic, by: publisher.broker, before: loop.now + publisher.configuration.timeout, wakeup)
        self.sending = sending
        tasks.start(sending)
        return true
    }

    func finishSending() {}

    func tryReceive(into message: inout ByteBuffer) throws(GatewayError) -> RPCStreamArrival {
        try checkSending()
        guard let next = subscription.tryReceive() else { return .nothing }
        next.write(to: &message)
        return .message
    }

    func cancel() { subscription.cancel() }

    private func checkSending() throws(GatewayError) {
        guard let failure = sending?.failure else { return }
        sending = nil
        throw failure
    }

    /// One message on its way. It arrives even when the client leaves meanwhile.
    private final class Sending: LoopTask {
        private let message: Message
        private let topic: String
        private let broker: any Broker
        private let deadline: ContinuousClock.Instant
        private let wakeup: Wakeup
        private(set) var isRunning = true
        private(set) var failure: GatewayError?

        init(
            _ message: Message, to topic: String, by broker: any Broker, before deadline: ContinuousClock.Instant,
            _ wakeup: Wakeup
        ) {
            self.message = message
            self.topic = topic
            self.broker = broker
            self.deadline = deadline
            self.wakeup = wakeup
        }

        nonisolated(nonsending) func run() async {
            do throws(BrokerError) {
                try await broker.publish(message, to: topic, before: deadline, wakeup: Wakeup())
            } catch {
                failure = GatewayError(error)
            }
            isRunning = false
            wakeup.fire()
        }
    }
}
