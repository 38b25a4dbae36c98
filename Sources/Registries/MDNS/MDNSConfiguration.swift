/// How nodes are looked for by multicast DNS.
package struct MDNSConfiguration: Sendable {
    /// How long answers to a question are waited for. Default 100 ms, as Go Micro has it; the whole time is waited.
    package var window: Duration = .milliseconds(100)
    /// A question that was asked so recently is not asked again; what is known answers it. Default 1 s.
    package var freshness: Duration = .seconds(1)
    /// How often all known services are asked for, so that crashed nodes are noticed. Default 30 s.
    package var interval: Duration = .seconds(30)
    /// When an announcement is sent after a node was registered. Default: at once, after 1 s and after 3 s.
    package var announcements: [Duration] = [.zero, .seconds(1), .seconds(3)]
    /// This machine's name, without a domain.
    package var host: DNSName
    package var limits = MDNSTable.Limits()

    package init(host: DNSName) { self.host = host }
}
