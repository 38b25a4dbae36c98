package import Gateway
internal import Reactor

/// One node as multicast DNS tells of it: the records of its messages.
package struct MDNSInstance: Sendable, Equatable {
    /// For how long others may believe the records: 120 s, as Go Micro has it.
    package static let lifetime: UInt32 = 120
    /// The largest message sent, in bytes (RFC 6762, 17).
    package static let maximumMessageLength = 9_000

    package let service: String
    /// `<id>.<service>.micro.`
    package let name: DNSName
    /// `<service>.micro.`
    package let question: DNSName
    /// This machine's name, without a domain.
    package let host: DNSName
    package let port: UInt16
    /// The node's address, as the content of an A or AAAA record.
    package let address: DNSRecord.Content
    package let text: [[UInt8]]

    /// - Throws: When the service or the id cannot be a DNS name, when the address is no IP address with a port, or
    ///   when the endpoints are too many for one message.
    package init(_ node: Node, of service: Service, host: DNSName) throws(RegistryError) {
        guard let (ip, port) = node.hostAndPort, port > 0, let address = Address(ip: ip, port: port) else {
            throw RegistryError("mdns can announce IP addresses with a port only; node \(node.id) has \(node.address)")
        }
        self.service = service.name
        self.host = host
        self.port = port
        self.address = address.family == .v4 ? .addressV4(address.bytes) : .addressV6(address.bytes)
        do throws(DNSProblem) {
            name = try MDNSNames.micro.instance(node.id, of: service.name)
            question = try MDNSNames.micro.question(for: service.name)
        } catch {
            throw RegistryError("mdns cannot announce node \(node.id) of \(service.name): \(error)")
        }
        let version = service.version.isEmpty ? "latest" : service.version  // Go Micro's watchers ignore an empty one.
        let text = ServiceTXT(
            service: service.name, version: version, endpoints: service.endpoints, metadata: node.metadata)
        self.text = text.strings
        let length = self.text.reduce(5 * DNSName.maximumLength + 100) { $0 + 1 + $1.count }
        guard length <= Self.maximumMessageLength else {
            throw RegistryError("mdns cannot announce node \(node.id): its endpoints need \(length) bytes of 9000")
        }
    }

    /// Points from the service to the node.
    package var pointer: DNSRecord { DNSRecord(name: question, lifetime: Self.lifetime, .pointer(name)) }

    /// SRV, A or AAAA, and TXT. The address must come after SRV, or Go Micro does not find the node.
    package func records(lifetime: UInt32 = Self.lifetime) -> [DNSRecord] {
        [
            DNSRecord(
                name: name, lifetime: lifetime, .service(priority: 10, weight: 1, port: port, target: host)),
            DNSRecord(name: host, lifetime: lifetime, address),
            DNSRecord(name: name, lifetime: lifetime, .text(text)),
        ]
    }

    /// Sent to all when the node starts.
    package var announcement: DNSMessage { DNSMessage(flags: DNSMessage.response, answers: records()) }

    /// Sent to all when the node goes.
    package var goodbye: DNSMessage { DNSMessage(flags: DNSMessage.response, answers: records(lifetime: 0)) }
}
