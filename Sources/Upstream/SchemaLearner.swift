package import Gateway
package import Logging
package import Reactor
internal import Transcoding

/// Asks the nodes of services that speak gRPC what they serve, before anyone calls them: so their routes are known from
/// the first request on. One node of each version is asked, by reflection, and again when nodes come and now and then.
///
/// One for the process, on the loop of the control plane: requests neither wait for it nor pay for it. What was learnt
/// stays while nobody answers, and goes with the last node. Services of Go Micro are not asked: their registry tells.
package final class SchemaLearner: LoopTask {
    /// How often and how much is asked.
    package struct Limits: Sendable {
        /// Versions of services that are asked; the others are left alone. Default 256.
        package var services = 256
        /// The descriptors of all services together, in bytes; what goes beyond is left out. Default 128 MiB.
        package var bytes = 128 << 20
        /// Questions at a time. Default 4.
        package var questions = 4
        /// How long an answer is believed, since a server may be exchanged behind its address. Default 30 s.
        package var lifetime: Duration = .seconds(30)
        /// How long it is believed that there is no reflection. Default 5 min.
        package var ignoranceLifetime: Duration = .seconds(300)
        /// How long after the first failure another try follows; twice as long after each further one. Default 1 s.
        package var firstRetry: Duration = .seconds(1)
        /// The longest time between two tries. Default 60 s.
        package var lastRetry: Duration = .seconds(60)

        package init() {}
    }

    private struct Entry {
        /// Those that can be asked.
        var nodes: [Node]
        /// What one of them has told last.
        var learnt: LearntService?
        /// When one is to be asked, unless one is just being asked.
        var dueAt: ContinuousClock.Instant
        /// Failures in a row.
        var failures = 0
        var isKnownIgnorant = false
    }

    private struct Question {
        let fetch: SchemaFetch
        /// Those that there were when it was put.
        let nodes: [Node]
    }

    private let pool: HTTP2Pool
    private let tasks: TaskStarter
    private let view: CatalogView
    private let limits: Limits
    private let logger: Logger
    private let publish: (LearntServices) -> Void

    private let wakeup = Wakeup()
    private let deadline: Deadline
    private var entries: [ServiceVersion: Entry] = [:]
    private var questions: [ServiceVersion: Question] = [:]
    private var generation: UInt64 = 0
    private var hasNews = false
    private var hasToldOfMany = false

    /// - Parameters:
    ///   - catalog: The services that there are. Each new catalog is looked at.
    ///   - publish: Called on this loop with everything that is known, whenever that changes. It must not wait.
    package init(
        pool: HTTP2Pool, tasks: TaskStarter, catalog: CatalogView, limits: Limits = Limits(), logger: Logger,
        publish: @escaping (LearntServices) -> Void
    ) {
        self.pool = pool
        self.tasks = tasks
        view = catalog
        self.limits = limits
        self.logger = logger
        self.publish = publish
        deadline = Deadline(on: pool.loop, firing: wakeup)
    }

    /// Runs as long as the program.
    nonisolated(nonsending) package func run() async {
        view.notify(wakeup)
        while true {
            takeCatalog()
            takeAnswers()
            ask()
            if hasNews {
                hasNews = false
                publish(LearntServices(entries.values.compactMap(\.learnt)))
            }
            await wakeup.wait()
        }
    }

    private func tell(_ level: Logger.Level, _ sentence: String) { logger.log(level: level, "\(sentence)") }

    private var now: ContinuousClock.Instant { pool.loop.now }

    // MARK: Whom to ask

    private func takeCatalog() {
        guard view.catalog.generation != generation else { return }
        generation = view.catalog.generation
        var left = entries
        var leftOut = 0
        entries.removeAll(keepingCapacity: true)
        for service in view.catalog.services {
            let nodes = service.nodes.filter { $0.wireProtocol == .grpc && !$0.isOfGoMicro }
            guard !nodes.isEmpty else { continue }
            guard entries.count < limits.services else {
                leftOut += 1
                continue
            }
            let key = ServiceVersion(service: service.name, version: service.version)
            entries[key] = left.removeValue(forKey: key).map { with(nodes, $0) } ?? Entry(nodes: nodes, dueAt: now)
        }
        if left.values.contains(where: { $0.learnt != nil }) { hasNews = true }
        tellOfMany(leftOut)
    }

    /// Nodes that are new may serve something else, also under the old version. Those that are left do not.
    private func with(_ nodes: [Node], _ entry: Entry) -> Entry {
        var entry = entry
        let hasNewNodes = nodes.contains { !entry.nodes.contains($0) }
        entry.nodes = nodes
        guard hasNewNodes else { return entry }
        entry.dueAt = now
        entry.failures = 0
        entry.isKnownIgnorant = false
        return entry
    }

    private func tellOfMany(_ leftOut: Int) {
        defer { hasToldOfMany = leftOut > 0 }
        guard leftOut > 0, !hasToldOfMany else { return }
        tell(
            .warning,
            "\(leftOut) gRPC services are not asked for their routes: \(limits.services) are the most; name descriptors"
                + " with --descriptors")
    }

    // MARK: Asking

    /// Asks whom it is time to ask, and sets the clock for the next.
    private func ask() {
        let waiting = entries.filter { questions[$0.key] == nil }
        for (key, entry) in waiting.sorted(by: { ($0.value.dueAt, $0.key) < ($1.value.dueAt, $1.key) }) {
            guard questions.count < limits.questions else { return deadline.clear() }  // The next answer wakes.
            guard entry.dueAt <= now else { return deadline.set(entry.dueAt) }
            let fetch = SchemaFetch(of: node(of: entry), over: pool)
            fetch.waiters.append(wakeup)
            questions[key] = Question(fetch: fetch, nodes: entry.nodes)
            tasks.start(fetch)
        }
        deadline.clear()
    }

    /// A new node has news to tell, and one that has failed is not the first to be asked again.
    private func node(of entry: Entry) -> Node {
        let old = entry.learnt?.nodes ?? []
        let nodes = entry.nodes.filter { !old.contains($0) } + entry.nodes.filter(old.contains)
        return nodes[entry.failures % nodes.count]
    }

    private func takeAnswers() {
        // In order, so that it does not depend on luck who finds room.
        for (key, question) in questions.sorted(by: { $0.key < $1.key }) {
            guard let outcome = question.fetch.outcome else { continue }
            questions[key] = nil
            guard var entry = entries[key] else { continue }
            take(outcome, of: question, key, &entry)
            // The one that was asked may have gone meanwhile, and others may have come.
            let isCurrent = entry.nodes.contains(question.fetch.node) && entry.nodes.allSatisfy(question.nodes.contains)
            if !isCurrent { entry.dueAt = now }
            entries[key] = entry
        }
    }

    private func take(
        _ outcome: SchemaFetch.Outcome, of question: Question, _ key: ServiceVersion, _ entry: inout Entry
    ) {
        switch outcome {
        case .schema(let schema):
            entry.failures = 0
            entry.dueAt = now + limits.lifetime
            learn(schema, from: question, key, &entry)
        case .unknown: giveUp("has no reflection", key, &entry)
        case .failed(let error) where error.code == .application:
            giveUp("refuses reflection (\(error.detail))", key, &entry)
        case .failed(let error):
            if entry.failures == 0 {
                tell(
                    .info, "gRPC service \(key) cannot be asked for its routes, it is tried again: \(error.detail)")
            }
            let factor = 1 << min(entry.failures, 16)
            entry.dueAt = now + min(limits.firstRetry * factor, limits.lastRetry)
            entry.failures += 1
        }
    }

    private func learn(
        _ schema: SchemaSet, from question: Question, _ key: ServiceVersion, _ entry: inout Entry
    ) {
        let (fetch, nodes) = (question.fetch, question.nodes)
        if let known = entry.learnt, known.fingerprint == fetch.fingerprint {
            if known.nodes != nodes { hasNews = true }
            entry.learnt?.nodes = nodes
            return
        }
        let others = entries.reduce(0) { $0 + ($1.key == key ? 0 : $1.value.learnt?.size ?? 0) }
        guard others + fetch.size <= limits.bytes else {
            return giveUp("has descriptors that go beyond \(limits.bytes) bytes of all", key, &entry)
        }
        let learnt = LearntService(
            name: key.service, version: key.version, nodes: nodes, schema: schema, fingerprint: fetch.fingerprint,
            size: fetch.size)
        entry.learnt = learnt
        entry.isKnownIgnorant = false
        hasNews = true
        let (endpoints, routes) = (learnt.endpoints.count, learnt.rules.count)
        tell(
            .info,
            "gRPC service \(key) tells of \(endpoints) \(endpoints == 1 ? "endpoint" : "endpoints") and \(routes)"
                + " \(routes == 1 ? "route" : "routes") by reflection")
    }

    /// Leaves it alone for a while, and says so once.
    private func giveUp(_ reason: String, _ key: ServiceVersion, _ entry: inout Entry) {
        entry.failures = 0
        entry.dueAt = now + limits.ignoranceLifetime
        if entry.learnt != nil {
            entry.learnt = nil
            hasNews = true
        }
        guard !entry.isKnownIgnorant else { return }
        entry.isKnownIgnorant = true
        tell(.info, "gRPC service \(key) \(reason); routes that it declares are known from --descriptors only")
    }
}

/// One version of a service.
struct ServiceVersion: Hashable, Comparable, CustomStringConvertible {
    let service: String
    let version: String

    static func < (one: ServiceVersion, other: ServiceVersion) -> Bool {
        (one.service, one.version) < (other.service, other.version)
    }

    var description: String { version.isEmpty ? service : "\(service), version \(version)," }
}
