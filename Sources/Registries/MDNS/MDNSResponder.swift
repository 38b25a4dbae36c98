/// Answers the questions of others about the nodes registered here, as Go Micro's clients need it.
package struct MDNSResponder: Sendable {
    /// A query with more questions than this gets answers to the first ones only.
    private static let maximumQuestions = 16

    /// What is registered here, in order of names, so that answers always come in one order.
    private(set) package var instances: [MDNSInstance] = []
    private let host: DNSName

    /// - Parameter host: This machine's name, without a domain.
    package init(host: DNSName) { self.host = host }

    /// Adds an instance in place of one with the same name. Returns false when nothing has changed.
    package mutating func add(_ instance: MDNSInstance) -> Bool {
        if let index = instances.firstIndex(where: { $0.name == instance.name }) {
            guard instances[index] != instance else { return false }
            instances[index] = instance
            return true
        }
        instances.append(instance)
        instances.sort { $0.name.wire.lexicographicallyPrecedes($1.name.wire) }
        return true
    }

    /// Returns what was removed, or nil if it was not there.
    package mutating func remove(_ name: DNSName) -> MDNSInstance? {
        guard let index = instances.firstIndex(where: { $0.name == name }) else { return nil }
        return instances.remove(at: index)
    }

    /// Whether an instance of this name is announced.
    package func contains(_ name: DNSName) -> Bool { instances.contains { $0.name == name } }

    /// The answers, each of which goes in a message of its own to the asker: a client takes one node from a message.
    package func answers(to query: DNSMessage) -> [DNSMessage] {
        guard !query.isResponse, query.operation == 0 else { return [] }
        return query.questions.prefix(Self.maximumQuestions).flatMap { question in
            answers(to: question).map { records in
                DNSMessage(
                    id: question.wantsUnicast ? query.id : 0, flags: DNSMessage.response | DNSMessage.authoritative,
                    questions: [question],  // A client takes no answer without the question.
                    answers: records)
            }
        }
    }

    private func answers(to question: DNSQuestion) -> [[DNSRecord]] {
        let askedClass = question.classField & ~DNSClass.topBit
        guard askedClass == DNSClass.internet || askedClass == DNSClass.any else { return [] }
        let asksForPointers = question.type == .pointer || question.type == .any
        switch question.name {
        case MDNSNames.micro.list: return asksForPointers ? services.compactMap(listing) : []
        case MDNSNames.micro.enumeration: return asksForPointers ? enumeration : []
        default: break
        }
        if let instance = instances.first(where: { $0.name == question.name }) {
            let records = instance.records().filter { record in
                switch question.type {
                case .any: true
                case .service: record.type != .text
                default: record.type == question.type && record.name == question.name
                }
            }
            return records.isEmpty ? [] : [records]
        }
        guard asksForPointers else { return [] }
        return instances.filter { $0.question == question.name }.map { [$0.pointer] + $0.records() }
    }

    /// The services registered here, each once.
    private var services: [String] {
        var services: [String] = []
        for instance in instances where !services.contains(instance.service) { services.append(instance.service) }
        return services
    }

    /// The records that name a service in the list. They have the form of a node, but a port and an address of no use.
    private func listing(_ service: String) -> [DNSRecord]? {
        guard let name = try? MDNSNames.micro.listed(service) else { return nil }
        let lifetime = MDNSInstance.lifetime
        return [
            DNSRecord(name: MDNSNames.micro.list, lifetime: lifetime, .pointer(name)),
            DNSRecord(name: name, lifetime: lifetime, .service(priority: 10, weight: 1, port: 9_999, target: host)),
            DNSRecord(name: host, lifetime: lifetime, .addressV4([0, 0, 0, 0])),
            DNSRecord(name: name, lifetime: lifetime, .text([])),
        ]
    }

    private var enumeration: [[DNSRecord]] {
        guard !instances.isEmpty else { return [] }
        let names = services.compactMap { try? MDNSNames.micro.question(for: $0) } + [MDNSNames.micro.list]
        return names.map { name in
            [DNSRecord(name: MDNSNames.micro.enumeration, lifetime: MDNSInstance.lifetime, .pointer(name))]
        }
    }
}
