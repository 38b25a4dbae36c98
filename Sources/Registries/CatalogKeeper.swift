package import Gateway
package import Logging
package import Reactor

/// When a keeper looks at its registry.
package struct CatalogKeeping: Sendable {
    /// How long after an event the registry is asked, as events come in bursts. Default 20 ms.
    package var settling: Duration = .milliseconds(20)
    /// How often everything is listed again, in case an event was lost. Default 30 s.
    package var relisting: Duration = .seconds(30)
    /// How long after the first, second ... failure in a row the registry is asked again; the last one is repeated.
    package var retries: [Duration] = [.milliseconds(100), .seconds(1), .seconds(10)]

    package init() {}
}

/// Makes one immutable picture after the other of what a registry knows, and hands each to the data plane.
///
/// A registry that fails changes nothing: the last picture stays. A node that is deregistered leaves the picture at once,
/// without a question to the registry. It lives on the loop of the control plane.
package actor CatalogKeeper {
    /// With more services changed than this, everything is listed instead of each of them.
    private static let maximumSingles = 64

    private nonisolated let loop: EpollEventLoop
    private let registry: any Registry
    private let keeping: CatalogKeeping
    private let logger: Logger
    private let publish: @Sendable (Catalog) -> Void
    private let fixed: [Service]
    private var descriptions: [Service] = []

    /// The last picture.
    private(set) package var catalog = Catalog.empty
    private var services: [Service] = []
    private var changed: Set<String> = []
    private var settled: ContinuousClock.Instant?
    private var nextListing: ContinuousClock.Instant
    private var failures = 0
    private var isAsking = false
    /// What was deregistered while the registry was asked: its answer may be older.
    private var removals: [Service] = []
    private var isRunning = false
    private var watching: Task<Void, Never>?
    private let changes = Wakeup()

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - fixed: Services that no registry knows and every picture shows.
    ///   - publish: Called on the loop for each new picture, in order of their generations. It must not wait.
    package init(
        registry: any Registry, loop: EpollEventLoop, keeping: CatalogKeeping = CatalogKeeping(),
        fixed: [Service] = [], logger: Logger, publish: @escaping @Sendable (Catalog) -> Void
    ) {
        self.registry = registry
        self.loop = loop
        self.keeping = keeping
        self.logger = logger
        self.publish = publish
        self.fixed = fixed
        nextListing = loop.now
    }

    /// Watches from now on. Returns when the registry was listed once, or has failed to be; that is not an error, for it
    /// is tried again.
    package func start() async {
        precondition(!isRunning, "a keeper is started once")
        isRunning = true
        show()  // What is fixed does not wait for a registry.
        let events = await registry.watch()  // Before the first listing, so that nothing falls in between.
        watching = Task { await watch(events) }
        await list()
        Task { await keepUp() }
    }

    /// Takes what is known of endpoints from elsewhere, such as from the nodes themselves. It is shown where the registry
    /// tells of none.
    ///
    /// - Parameter services: Versions of services, with endpoints. They replace those of before.
    package func describe(_ services: [Service]) {
        descriptions = services
        if isRunning { show() }
    }

    /// Watches no more. The last picture stays with those who have it.
    package func stop() {
        isRunning = false
        watching?.cancel()
        changes.fire()
    }

    private func watch(_ first: AsyncStream<RegistryEvent>) async {
        var events = first
        while isRunning, !Task.isCancelled {
            for await event in events { take(event) }
            guard isRunning, !Task.isCancelled else { return }
            // No registry should end its stream. One that does is listened to again, but not in a tight loop.
            await loop.sleep(for: .seconds(1))
            events = await registry.watch()
            nextListing = loop.now
            changes.fire()
        }
    }

    private func take(_ event: RegistryEvent) {
        switch event {
        case .registered(let service): changed.insert(service.name)
        case .deregistered(let service):
            changed.insert(service.name)
            if isAsking { removals.append(service) }
            services.remove(service)
            show()
        }
        guard settled == nil else { return }  // A burst without end must not put the question off for ever.
        settled = loop.now + keeping.settling
        changes.fire()
    }

    /// Asks when something has changed, and now and then without.
    private func keepUp() async {
        let deadline = Deadline(on: loop, firing: changes)
        while isRunning {
            if nextListing <= loop.now || changed.count > Self.maximumSingles {
                await list()
            } else if let settled, settled <= loop.now {
                await refresh()
            } else {
                deadline.set(min(settled ?? nextListing, nextListing))
                await changes.wait()
            }
        }
        deadline.cancel()
    }

    /// Lists everything.
    private func list() async {
        settled = nil
        changed = []
        nextListing = loop.now + keeping.relisting
        await ask { registry throws(RegistryError) in
            try await registry.services()
        } use: { services, answer in
            services = answer
        }
    }

    /// Asks for the services that have changed.
    private func refresh() async {
        let names = changed.sorted()
        settled = nil
        changed = []
        await ask { registry throws(RegistryError) in
            var answer: [Service] = []
            for name in names { answer += try await registry.services(named: name) }
            return answer
        } use: { services, answer in
            services.removeAll { names.contains($0.name) }
            services += answer
        }
    }

    private func ask(
        _ question: (any Registry) async throws(RegistryError) -> [Service],
        use: (_ services: inout [Service], _ answer: [Service]) -> Void
    ) async {
        removals = []
        isAsking = true
        defer { isAsking = false }
        do throws(RegistryError) {
            var answer = try await question(registry)
            for removal in removals { answer.remove(removal) }
            use(&services, answer)
            succeeded()
            show()
        } catch {
            failed(error)
        }
    }

    private func succeeded() {
        if failures > 0 { logger.notice("registry \(registry.name) answers again") }
        failures = 0
    }

    /// Keeps the last picture, says so once, and lists everything again after a while.
    private func failed(_ error: RegistryError) {
        let wait = keeping.retries.isEmpty ? .zero : keeping.retries[min(failures, keeping.retries.count - 1)]
        nextListing = loop.now + wait
        failures += 1
        guard failures == 1 else { return }
        logger.warning("registry \(registry.name) does not answer, the last known services stay: \(error.reason)")
    }

    /// Hands out a picture, unless it says what the last one said.
    private func show() {
        let services = (services.filter { !$0.nodes.isEmpty } + fixed).gathered().map(described)
        guard services != catalog.services else { return }
        catalog = Catalog(generation: catalog.generation + 1, services: services)
        publish(catalog)
    }

    private func described(_ service: Service) -> Service {
        guard service.endpoints.isEmpty else { return service }
        var service = service
        let description = descriptions.first { $0.name == service.name && $0.version == service.version }
        service.endpoints = description?.endpoints ?? []
        return service
    }
}
