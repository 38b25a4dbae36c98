internal import Gateway

/// The subscribers of Go Micro's http broker in one catalog, by topic. One for each loop.
struct HTTPSubscribers {
    /// A subscriber, and the form in which it is delivered to.
    struct Entry {
        let node: Node
        let form: HTTPBrokerForm
    }

    /// Those of one topic.
    struct Group {
        /// Everyone of them gets each message.
        var all: [Entry] = []
        /// By queue; one of each gets the message.
        var queues: [String: [Entry]] = [:]
    }

    private var generation: UInt64 = 0
    /// What stands under the names that all topics share.
    private var shared: [String: [(version: String, entry: Entry)]] = [:]

    /// - Parameter own: The address of our own subscribers, who are left out.
    mutating func group(of topic: String, in catalog: Catalog, own: String?) -> Group {
        if catalog.generation != generation { read(catalog) }
        var group = Group()
        var known: Set<String> = []
        func add(_ entry: Entry, version: String) {
            // Some stand in several forms, so that publishers of every version find them.
            guard entry.node.address != own, known.insert(entry.node.id).inserted else { return }
            if version == HTTPBrokerForm.broadcast {
                group.all.append(entry)
            } else {
                group.queues[version, default: []].append(entry)
            }
        }
        for (version, entry) in shared[topic] ?? [] { add(entry, version: version) }
        for form in [HTTPBrokerForm.bareTopic, .prefixedTopic] {
            for service in catalog.versions(of: form.service(of: topic)) {
                for node in service.nodes where form.isSubscriber(node, of: topic) {
                    add(Entry(node: node, form: form), version: service.version)
                }
            }
        }
        return group
    }

    private mutating func read(_ catalog: Catalog) {
        generation = catalog.generation
        shared = [:]
        for form in [HTTPBrokerForm.current, .version1] {
            for service in catalog.versions(of: form.service(of: "")) {
                for node in service.nodes {
                    guard let topic = node.metadata["topic"], form.isSubscriber(node, of: topic) else { continue }
                    shared[topic, default: []].append((service.version, Entry(node: node, form: form)))
                }
            }
        }
    }
}
