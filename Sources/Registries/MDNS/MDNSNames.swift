/// The names under which Go Micro asks for services by multicast DNS, in one of its two domains.
package struct MDNSNames: Sendable {
    /// Go Micro 1.10 and later. What is registered here is announced in this domain only, as nobody looks into both.
    package static let micro = MDNSNames(label: "micro")
    /// Go Micro 1.0 to 1.9. Printers and everything else that speaks multicast DNS has its names here too.
    package static let local = MDNSNames(label: "local")
    /// Where services of others are looked for.
    package static let domains = [micro, local]

    /// What all names end with.
    package let domain: DNSName
    /// Asked for the names of all services.
    package let list: DNSName
    /// Asked for what can be asked for at all (RFC 6763, 9).
    package let enumeration: DNSName

    private init(label: StaticString) {
        let bytes = label.withUTF8Buffer { Array($0) }
        domain = DNSName(wire: [UInt8(bytes.count)] + bytes + [0])
        list = DNSName(wire: [9] + Array("_services".utf8) + domain.wire)
        enumeration = DNSName(
            wire: [9] + Array("_services".utf8) + [7] + Array("_dns-sd".utf8) + [4] + Array("_udp".utf8) + domain.wire)
    }

    /// The domain that a name is in; nil when it is in neither.
    package static func of(_ name: DNSName) -> MDNSNames? { domains.first { name.text(before: $0.domain) != nil } }

    /// Asked for the nodes of a service: `<service>.micro.`
    package func question(for service: String) throws(DNSProblem) -> DNSName {
        try Self.joined(service, domain)
    }

    /// The name of one node: `<id>.<service>.micro.`
    package func instance(_ id: String, of service: String) throws(DNSProblem) -> DNSName {
        try Self.joined(id, question(for: service))
    }

    /// The name of a service in the list: `<service>._services.micro.`
    package func listed(_ service: String) throws(DNSProblem) -> DNSName {
        try Self.joined(service, list)
    }

    private static func joined(_ text: String, _ suffix: DNSName) throws(DNSProblem) -> DNSName {
        let wire = try DNSName(text).wire.dropLast() + suffix.wire
        guard wire.count > suffix.wire.count else { throw .emptyLabel }
        guard wire.count <= DNSName.maximumLength else { throw .nameTooLong }
        return DNSName(wire: Array(wire))
    }
}
