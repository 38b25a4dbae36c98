internal import Bytes
package import Gateway
package import Logging
package import Reactor
internal import Transports

/// Finds services by multicast DNS, as Go Micro's services announce themselves without any configuration, and announces
/// those that are registered here. It looks for them where old and new versions announce, see `MDNSNames`.
///
/// It keeps what it heard: announcements and answers fill a table, from which nodes go when they say so, when they have
/// not answered two questions, or when their records are too old. It lives on one loop, that of the control plane.
package actor MDNSRegistry: Registrar {
    /// Questions asked in one window; more would bring more answers than the socket buffers hold.
    private static let questionsPerWindow = 128
    /// Questions for nodes in one round. A stranger may list any number of services.
    private static let maximumQuestions = 2_000
    /// Datagrams read in one go, so that a flood leaves the loop time for its timers.
    private static let datagramsPerTurn = 256

    package nonisolated let name = "mdns"
    private nonisolated let loop: EpollEventLoop
    private let configuration: MDNSConfiguration
    private let logger: Logger

    private var links: MDNSLinks
    private var isOpen = false
    private var table: MDNSTable
    private var responder: MDNSResponder
    private var registered: [DNSName: Registered] = [:]
    private var watchers = Watchers()
    private var agenda: [(at: ContinuousClock.Instant, name: DNSName)] = []
    private var listed: Set<DNSName> = []
    private var asked: [DNSName: ContinuousClock.Instant] = [:]
    private var askedForAll: ContinuousClock.Instant?
    private var round: Task<Result<Void, RegistryError>, Never>?
    private var nextRound = ContinuousClock.now
    private let arrivals = Wakeup()
    private let duties = Wakeup()
    private var hasReportedOverflow = false

    /// Datagrams that were no DNS messages, and nodes whose records were malformed.
    private(set) package var refused = 0

    /// What is registered here.
    private struct Registered {
        /// The version of the service, with this node alone.
        var service: Service
        var end: ContinuousClock.Instant?
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    package init(loop: EpollEventLoop, configuration: MDNSConfiguration, logger: Logger) {
        self.loop = loop
        self.configuration = configuration
        self.logger = logger
        links = MDNSLinks(logger: logger)
        table = MDNSTable(limits: configuration.limits)
        responder = MDNSResponder(host: configuration.host)
    }
}

// MARK: Life

extension MDNSRegistry {
    /// Opens the sockets and starts to listen.
    ///
    /// - Parameter names: The interfaces wanted; nil means all that can multicast.
    /// - Returns: The interfaces used, for the log.
    /// - Throws: Why multicast is impossible here.
    package func start(interfaces names: [String]? = nil) throws(RegistryError) -> MDNSInterfaces {
        let all: [NetworkInterface]
        do throws(SystemError) { all = try NetworkInterface.all() } catch {
            throw RegistryError("the network interfaces cannot be listed (\(error))")
        }
        let chosen = try MDNSInterfaces.choose(names, from: all)
        let (links, interfaces) = try MDNSInterfaces.open(chosen, all: all, on: loop)
        start(on: links)
        return interfaces
    }

    /// Starts on links that somebody else made, on this registry's loop.
    package func start(
        makeLinks: @Sendable (EpollEventLoop) throws(SystemError) -> sending [MDNSLink]
    ) throws(SystemError) {
        start(on: try makeLinks(loop))
    }

    private func start(on links: [MDNSLink]) {
        precondition(!isOpen, "a registry is started once")
        self.links = MDNSLinks(links, logger: logger)
        isOpen = true
        nextRound = loop.now + configuration.interval
        for link in links { link.wake(arrivals) }
        Task { await listen() }
        Task { await keepUp() }
    }

    /// Says goodbye for what is registered here, and closes the sockets. Streams of watchers end.
    package func close() {
        guard isOpen else { return }
        for instance in responder.instances { links.announce(instance.goodbye) }
        isOpen = false
        links.close()
        arrivals.fire()
        duties.fire()
        watchers.finish()
    }
}

// MARK: Registry

extension MDNSRegistry {
    package func watch() -> AsyncStream<RegistryEvent> { watchers.add() }

    /// Asks for the nodes of one service, and waits for the answers.
    ///
    /// - Throws: When no question could be sent.
    package func services(named name: String) async throws(RegistryError) -> [Service] {
        // What is no name, nobody can have.
        try await ask(MDNSNames.domains.compactMap { try? $0.question(for: name) })
        return (own.filter { $0.name == name } + table.services(named: name)).gathered()
    }

    /// Asks for the names of all services, then for their nodes.
    package func services() async throws(RegistryError) -> [Service] {
        guard isOpen else { throw RegistryError("the mdns registry is closed") }
        if round != nil || askedForAll.map({ loop.now - $0 >= configuration.freshness }) ?? true {
            try await askForAll()
        }
        return (own + table.services()).gathered()
    }

    private var own: [Service] { registered.values.map(\.service) }
}

// MARK: Registrar

extension MDNSRegistry {
    /// Announces the nodes, and answers for them from now on. A renewal is not announced.
    ///
    /// - Throws: When a node cannot be announced; then none is.
    package func register(_ service: Service, lifetime: Duration?) throws(RegistryError) {
        guard isOpen else { throw RegistryError("the mdns registry is closed") }
        var instances: [(MDNSInstance, Service)] = []
        for node in service.nodes {
            var single = service
            single.nodes = [node]
            if single.version.isEmpty { single.version = "latest" }
            instances.append((try MDNSInstance(node, of: service, host: configuration.host), single))
        }
        let end = lifetime.map { loop.now + $0 }
        for (instance, single) in instances {
            let isNew = responder.add(instance)
            registered[instance.name] = Registered(service: single, end: end)
            guard isNew else { continue }
            agenda.removeAll { $0.name == instance.name }
            agenda += configuration.announcements.map { (loop.now + $0, instance.name) }
            watchers.tell(.registered(single))
        }
        duties.fire()
    }

    /// Says goodbye for the nodes. Those of other machines cannot be taken out.
    package func deregister(_ service: Service) {
        let ids = Set(service.nodes.map(\.id))
        for (name, entry) in registered where entry.service.name == service.name {
            if ids.isEmpty || entry.service.nodes.contains(where: { ids.contains($0.id) }) { withdraw(name) }
        }
    }

    private func withdraw(_ name: DNSName) {
        guard let entry = registered.removeValue(forKey: name), let instance = responder.remove(name) else { return }
        agenda.removeAll { $0.name == name }
        links.announce(instance.goodbye)
        watchers.tell(.deregistered(entry.service))
    }
}

// MARK: Asking

extension MDNSRegistry {
    /// Asks for everything, or waits for the round that somebody else has begun.
    private func askForAll() async throws(RegistryError) {
        let running =
            round
            ?? Task {
                defer { round = nil }
                do throws(RegistryError) { return .success(try await askRound()) } catch { return .failure(error) }
            }
        round = running
        try await running.value.get()
    }

    /// One round: the lists, then every service that is known or was listed.
    private func askRound() async throws(RegistryError) {
        nextRound = loop.now + configuration.interval
        asked = asked.filter { loop.now - $0.value < configuration.freshness }
        listed = []
        for names in MDNSNames.domains { try links.ask(names.list) }
        await loop.sleep(for: configuration.window)
        let questions = listed.union(table.questions).sorted { $0.wire.lexicographicallyPrecedes($1.wire) }
        var rest = questions.prefix(Self.maximumQuestions)
        while !rest.isEmpty, isOpen {
            try await ask(Array(rest.prefix(Self.questionsPerWindow)))
            rest = rest.dropFirst(Self.questionsPerWindow)
        }
        askedForAll = loop.now
    }

    /// Asks for the nodes of services, and waits until the time to answer is over.
    private func ask(_ questions: [DNSName]) async throws(RegistryError) {
        guard isOpen else { throw RegistryError("the mdns registry is closed") }
        let began = loop.now
        var waitsFor: [DNSName] = []
        var end = began
        for question in questions {
            if let earlier = asked[question], began - earlier < configuration.freshness {
                end = max(end, earlier + configuration.window)
                continue
            }
            try links.ask(question)
            asked[question] = began
            waitsFor.append(question)
            end = began + configuration.window
        }
        if end > loop.now { await loop.sleep(for: end - loop.now) }
        for question in waitsFor { table.miss(question, asked: began).forEach { watchers.tell($0) } }
    }
}

// MARK: Listening

extension MDNSRegistry {
    private func listen() async {
        var buffer = ByteBuffer()
        while isOpen {
            await arrivals.wait()
            var count = 0
            for link in links.all {
                while count < Self.datagramsPerTurn, let sender = link.receive(into: &buffer) {
                    count += 1
                    if !buffer.isEmpty { take(buffer.bytes, from: sender, by: link) }
                }
            }
            if count >= Self.datagramsPerTurn { arrivals.fire() }  // There may be more, and other tasks come first.
        }
    }

    private func take(_ bytes: [UInt8], from sender: Address, by link: MDNSLink) {
        guard let message = try? DNSReader.message(bytes) else {
            refused += 1
            return
        }
        if message.isResponse { learn(MDNSNews(message)) } else { answer(message, to: sender, by: link) }
    }

    private func learn(_ news: MDNSNews) {
        refused += news.refused
        for question in news.listed where listed.count < Self.maximumQuestions { listed.insert(question) }
        for sighting in news.found where !responder.contains(sighting.name) {
            if let event = table.see(sighting, at: loop.now) { watchers.tell(event) }
        }
        for name in news.gone where !responder.contains(name) {
            if let event = table.forget(name) { watchers.tell(event) }
        }
        if table.overflow > 0, !hasReportedOverflow {
            hasReportedOverflow = true
            logger.warning("mdns: more nodes are announced than the \(table.count) that are kept; new ones are ignored")
        }
        if !news.found.isEmpty { duties.fire() }  // The next node to expire may be a new one.
    }

    private func answer(_ query: DNSMessage, to asker: Address, by link: MDNSLink) {
        for answer in responder.answers(to: query) { links.answer(answer, to: asker, by: link) }
    }
}

// MARK: Duties

extension MDNSRegistry {
    /// Announces, lets nodes expire, and asks again.
    private func keepUp() async {
        let deadline = Deadline(on: loop, firing: duties)
        while isOpen {
            let now = loop.now
            for duty in agenda where duty.at <= now {
                if let instance = responder.instances.first(where: { $0.name == duty.name }) {
                    links.announce(instance.announcement)
                }
            }
            agenda.removeAll { $0.at <= now }
            for (name, entry) in registered { if let end = entry.end, end <= now { withdraw(name) } }
            for event in table.expire(at: now) { watchers.tell(event) }
            if nextRound <= now {
                nextRound = now + configuration.interval
                Task { try? await askForAll() }  // A failure was reported by who sends.
            }
            let moments = agenda.map(\.at) + registered.values.compactMap(\.end) + [nextRound]
            deadline.set(min(moments.min() ?? nextRound, table.nextEnd ?? nextRound))
            await duties.wait()
        }
        deadline.cancel()
    }
}
