import Brokers
import Gateway
import Logging
import Reactor
import Registries
import Server
import Transports

/// Lets publishers elsewhere find our subscribers: each stands in the registry for as long as it is subscribed, as those
/// of Go Micro's http broker do, and what is delivered for it is taken at one address for all of them.
///
/// It lives on the loop of the control plane, and compares who is subscribed with who is registered; so nothing piles up
/// however slow the registry is.
actor SubscriberKeeper {
    private let composition: Composition
    private let registry: RunningRegistry
    private let worker: Worker
    private let loop: EpollEventLoop
    private let lifetime: Duration
    private let renewal: Duration
    private var registered: Set<Subscriber> = []
    private var isRunning = true
    private var hasComplained = false
    private let changed = Wakeup()

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private init(
        _ composition: Composition, _ registry: RunningRegistry, _ worker: Worker, _ loop: EpollEventLoop,
        _ discovery: ApplianceConfiguration.Discovery
    ) {
        self.composition = composition
        self.registry = registry
        self.worker = worker
        self.loop = loop
        lifetime = discovery.lifetime
        renewal = discovery.renewalInterval
    }

    /// Nil when the broker or the registry is such that nobody is to be found. An address that was named is bound at
    /// once.
    static func start(
        _ composition: Composition, _ registry: RunningRegistry?, _ workers: [Worker], on loop: EpollEventLoop
    ) async throws(StartFailure) -> SubscriberKeeper? {
        guard let registry, let worker = workers.first, let discovery = composition.configuration.discovery,
            let broker = composition.configuration.broker, broker.name == "http"
        else { return nil }
        let keeper = SubscriberKeeper(composition, registry, worker, loop, discovery)
        if let address = broker.address { try await keeper.listen(address) }
        Task { await keeper.watch() }
        Task { await keeper.keepUp() }
        return keeper
    }

    private var site: HTTPBrokerSite { composition.subscribers }

    private func watch() async {
        for await _ in site.memory.changes() { changed.fire() }
    }

    private func keepUp() async {
        let deadline = Deadline(on: loop, firing: changed)
        while isRunning {
            await settle()
            if deadline.hasExpired { await renew() }
            if deadline.at == nil { deadline.set(loop.now + renewal) }
            await changed.wait()
        }
        deadline.cancel()
    }

    /// Registers who has come, and takes back who has left.
    private func settle() async {
        let current = Set(site.memory.subscribers)
        for subscriber in registered.subtracting(current) { await withdraw(subscriber) }
        let news = current.subtracting(registered)
        guard !news.isEmpty, await isListening() else { return }
        for subscriber in news {
            registered.insert(subscriber)
            await announce(subscriber)
        }
    }

    private func renew() async {
        for subscriber in registered { await announce(subscriber) }
    }

    private func announce(_ subscriber: Subscriber) async {
        guard let address = site.address else { return }
        for form in HTTPBrokerForm.announced {
            do throws(RegistryError) {
                try await registry.registrar.register(form.record(of: subscriber, at: address), lifetime: lifetime)
            } catch {
                complain("a subscriber of topic \(subscriber.topic) cannot be registered: \(error.reason)")
            }
        }
    }

    private func withdraw(_ subscriber: Subscriber) async {
        registered.remove(subscriber)
        guard let address = site.address else { return }
        for form in HTTPBrokerForm.announced {
            // What cannot be taken back ends by itself.
            try? await registry.registrar.deregister(form.record(of: subscriber, at: address))
        }
    }

    /// Takes everyone back.
    func stop() async {
        isRunning = false
        changed.fire()
        for subscriber in registered { await withdraw(subscriber) }
    }

    // MARK: Deliveries

    /// Nobody listens before somebody has subscribed: most gateways never have a subscriber.
    private func isListening() async -> Bool {
        if site.address != nil { return true }
        do throws(StartFailure) {
            try await listen(ListenAddress(host: "127.0.0.1", port: 0))
            return true
        } catch {
            complain("messages of others do not reach our subscribers: \(error.sentence)")
            return false
        }
    }

    private func listen(_ wanted: ListenAddress) async throws(StartFailure) {
        var sockets = try Listeners.bind(wanted, 1, flag: "--broker_address", onLoopback: false)
        let address = sockets.address
        guard let socket = sockets.take() else { return }
        let (memory, limit) = (site.memory, composition.configuration.limits.rpcBody)
        do throws(SystemError) {
            // In base64 within JSON, and with a header.
            try await worker.listen(socket, facts: composition.facts()) { _ in
                DeliveryHandler(memory, maximumMessage: limit / 3 * 4 + 65_536)
            }
        } catch {
            throw StartFailure(error)
        }
        site.address = registry.advertised(address)
        composition.logger.info("messages for our subscribers are taken at \(address)")
    }

    /// Says the first of what may be many complaints of the same kind.
    private func complain(_ sentence: String) {
        if !hasComplained { composition.logger.warning("\(sentence)") }
        hasComplained = true
    }
}
