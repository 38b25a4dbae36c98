/// The names under which Go Micro (1.10 and later) asks for services by multicast DNS.
package enum MDNSNames {
    /// What all names end with.
    package static let domain = DNSName(wire: [5] + Array("micro".utf8) + [0])
    /// Asked for the names of all services.
    package static let list = DNSName(wire: [9] + Array("_services".utf8) + domain.wire)
    /// Asked for what can be asked for at all (RFC 6763, 9).
    package static let enumeration = DNSName(
        wire: [9] + Array("_services".utf8) + [7] + Array("_dns-sd".utf8) + [4] + Array("_udp".utf8) + domain.wire)

    /// Asked for the nodes of a service: `<service>.micro.`
    package static func question(for service: String) throws(DNSProblem) -> DNSName {
        try joined(service, domain)
    }

    /// The name of one node: `<id>.<service>.micro.`
    package static func instance(_ id: String, of service: String) throws(DNSProblem) -> DNSName {
        try joined(id, question(for: service))
    }

    /// The name of a service in the list: `<service>._services.micro.`
    package static func listed(_ service: String) throws(DNSProblem) -> DNSName {
        try joined(service, list)
    }

    private static func joined(_ text: String, _ suffix: DNSName) throws(DNSProblem) -> DNSName {
        let wire = try DNSName(text).wire.dropLast() + suffix.wire
        guard wire.count > suffix.wire.count else { throw .emptyLabel }
        guard wire.count <= DNSName.maximumLength else { throw .nameTooLong }
        return DNSName(wire: Array(wire))
    }
}
