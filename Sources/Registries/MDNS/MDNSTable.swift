package import Gateway

/// The nodes of other machines, as their messages tell. Knows no clock: every call says when it is.
package struct MDNSTable: Sendable {
    /// How much is kept, as a stranger may announce nodes without end.
    package struct Limits: Sendable {
        /// Default 10,000.
        package var nodes = 10_000
        /// Of the JSON of all nodes, in bytes. Default 64 MiB.
        package var bytes = 64 << 20

        package init() {}
    }

    /// A node that has not answered so many questions in a row is gone.
    package static let questionsMissed = 2

    private struct Entry {
        let question: DNSName
        var service: Service
        var size: Int
        var seen: ContinuousClock.Instant
        var end: ContinuousClock.Instant
        var missed = 0
    }

    private let limits: Limits
    private var entries: [DNSName: Entry] = [:]
    private var byQuestion: [DNSName: Set<DNSName>] = [:]
    private var bytes = 0
    /// How many nodes were not kept because the table was full.
    private(set) package var overflow = 0

    package init(limits: Limits = Limits()) { self.limits = limits }

    package var count: Int { entries.count }

    /// When the next node is too old; nil when there is none.
    package var nextEnd: ContinuousClock.Instant? { entries.values.lazy.map(\.end).min() }

    /// What to ask, so that every node here answers.
    package var questions: [DNSName] { Array(byQuestion.keys) }

    /// The versions of a service. Endpoints are those of the node with the smallest id that has any.
    package func services(named name: String) -> [Service] {
        let questions = MDNSNames.domains.compactMap { try? $0.question(for: name) }
        let nodes = questions.flatMap { byQuestion[$0] ?? [] }
        return nodes.compactMap { entries[$0]?.service }.filter { $0.name == name }.gathered()
    }

    package func services() -> [Service] { entries.values.map(\.service).gathered() }

    /// Takes a node in. Returns what is new; nil when the node was known as it is, or the table is full.
    package mutating func see(_ sighting: MDNSNews.Sighting, at now: ContinuousClock.Instant) -> RegistryEvent? {
        let known = entries[sighting.name]
        let growth = sighting.size - (known?.size ?? 0)
        guard known != nil || entries.count < limits.nodes, bytes + growth <= limits.bytes else {
            overflow += 1
            return nil
        }
        bytes += growth
        if let known, known.question != sighting.question { unlist(sighting.name, known.question) }
        byQuestion[sighting.question, default: []].insert(sighting.name)
        entries[sighting.name] = Entry(
            question: sighting.question, service: sighting.service, size: sighting.size, seen: now,
            end: now + .seconds(sighting.lifetime))
        return known?.service == sighting.service ? nil : .registered(sighting.service)
    }

    /// Takes a node out. Returns the news, or nil when it was not there.
    package mutating func forget(_ name: DNSName) -> RegistryEvent? {
        guard let entry = entries.removeValue(forKey: name) else { return nil }
        bytes -= entry.size
        unlist(name, entry.question)
        return .deregistered(entry.service)
    }

    /// Takes out what is too old.
    package mutating func expire(at now: ContinuousClock.Instant) -> [RegistryEvent] {
        let old = entries.filter { $0.value.end <= now }.map(\.key)
        return old.compactMap { forget($0) }
    }

    /// Notes that a question for nodes was asked, and that the time to answer is over.
    ///
    /// - Parameter asked: When the question went out. Nodes seen since then have answered, in whatever way.
    /// - Returns: The nodes that have now missed too many questions, and are gone.
    package mutating func miss(_ question: DNSName, asked: ContinuousClock.Instant) -> [RegistryEvent] {
        var events: [RegistryEvent] = []
        for name in byQuestion[question] ?? [] {
            guard let entry = entries[name], entry.seen < asked else { continue }
            entries[name]?.missed += 1
            if entry.missed + 1 >= Self.questionsMissed, let event = forget(name) { events.append(event) }
        }
        return events
    }

    private mutating func unlist(_ name: DNSName, _ question: DNSName) {
        byQuestion[question]?.remove(name)
        if byQuestion[question]?.isEmpty == true { byQuestion[question] = nil }
    }
}
