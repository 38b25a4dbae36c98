package import Gateway
internal import Reactor

/// What a message of another machine says of services.
package struct MDNSNews: Sendable, Equatable {
    /// Nodes that are there.
    package var found: [Sighting] = []
    /// The names of nodes that said goodbye.
    package var gone: [DNSName] = []
    /// What to ask for the nodes of services that were named in an answer to the question for all of them.
    package var listed: [DNSName] = []
    /// How many nodes were left out because their records are incomplete or malformed. In the domain that Go Micro shares
    /// with everybody, such records are taken for somebody else's, and not counted.
    package var refused = 0

    /// A node as a message shows it.
    package struct Sighting: Sendable, Equatable {
        package let name: DNSName
        /// What the node answers to: its service in its domain.
        package let question: DNSName
        /// The version of the service, with this node alone.
        package let service: Service
        /// How long it may be believed, in seconds: 1 to 120. More is not believed, whoever says it.
        package let lifetime: UInt32
        /// What keeping it costs, in bytes of JSON.
        package let size: Int
    }

    /// A message with more nodes than this is no message of Go Micro, which sends one; the rest is left out.
    private static let maximumNodes = 64

    /// Reads answers and announcements. Questions and their records bring no news.
    package init(_ message: DNSMessage) {
        guard message.isResponse else { return }
        let records = message.answers + message.additionals
        var order: [DNSName] = []
        var entries: [DNSName: Entry] = [:]
        var addresses: [DNSName: Addresses] = [:]
        for record in records {
            switch record.content {
            case .pointer(let target): point(from: record.name, to: target, lifetime: record.lifetime)
            case .addressV4(let bytes): addresses[record.name, default: Addresses()].v4 = bytes
            case .addressV6(let bytes): addresses[record.name, default: Addresses()].v6 = bytes
            case .service, .text:
                if entries[record.name] == nil {
                    guard order.count < Self.maximumNodes, let names = MDNSNames.of(record.name) else { continue }
                    order.append(record.name)
                    entries[record.name] = Entry(names: names)
                }
                entries[record.name]?.take(record)
            case .other: break
            }
        }
        for name in order {
            guard let entry = entries[name], name.text(before: entry.names.list) == nil else { continue }
            if entry.lifetime == 0 {
                if !gone.contains(name) { gone.append(name) }
            } else if let sighting = entry.sighting(named: name, at: entry.target.flatMap { addresses[$0] }) {
                found.append(sighting)
            } else if entry.names.domain != MDNSNames.local.domain {  // A printer, perhaps.
                refused += 1
            }
        }
    }

    private mutating func point(from name: DNSName, to target: DNSName, lifetime: UInt32) {
        guard let names = MDNSNames.of(name) else { return }
        if name == names.list {
            guard lifetime > 0, let service = target.text(before: name) else { return }
            if let question = try? names.question(for: service) { listed.append(question) }
        } else if lifetime == 0, target.text(before: names.domain) != nil {
            gone.append(target)
        }
    }

    private struct Addresses {
        var v4: [UInt8]?
        var v6: [UInt8]?
    }

    /// The records of one node, as they come together.
    private struct Entry {
        let names: MDNSNames
        var port: UInt16 = 0
        var target: DNSName?
        var text: [[UInt8]]?
        var lifetime = MDNSInstance.lifetime

        init(names: MDNSNames) { self.names = names }

        mutating func take(_ record: DNSRecord) {
            lifetime = min(lifetime, record.lifetime)
            if case .service(_, _, let port, let target) = record.content { (self.port, self.target) = (port, target) }
            if case .text(let strings) = record.content { text = strings }
        }

        func sighting(named name: DNSName, at addresses: Addresses?) -> Sighting? {
            guard port > 0, let text, let address = address(addresses) else { return nil }
            guard let (payload, size) = try? ServiceTXT.read(text), !payload.service.isEmpty,
                let question = try? names.question(for: payload.service), let id = name.text(before: question)
            else { return nil }
            let node = Node(id: id, address: address.description, metadata: payload.metadata)
            let service = Service(
                name: payload.service, version: payload.version, endpoints: payload.endpoints, nodes: [node])
            return Sighting(name: name, question: question, service: service, lifetime: lifetime, size: size)
        }

        private func address(_ addresses: Addresses?) -> Address? {
            if let bytes = addresses?.v4 { return Address(family: .v4, bytes: bytes, port: port) }
            return addresses?.v6.map { Address(family: .v6, bytes: $0, port: port) }
        }
    }
}
