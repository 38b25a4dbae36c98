internal import COpenSSL
package import Reactor
internal import Synchronization

/// What a server needs to speak TLS: which certificate to show for which name, whom to believe, and which protocols to
/// offer. Certificates can be replaced at any time and from any thread; connections that exist go on as they are.
///
/// There is one for all loops. OpenSSL's contexts are made for that: a new connection counts references in them and changes
/// nothing else. So certificates are in memory once, a reload is one exchange of a reference, and a ticket of one loop is
/// good on every other. Each set of certificates has a context of its own, complete with its chain, so that a connection
/// whose client names the first one, as nearly all do, needs no look-up and no copying.
package final class TLSServerContext: Sendable {
    /// What is asked of clients and offered to them.
    package struct Policy: Sendable {
        /// By ALPN, the one that is preferred first. A client that offers none of them is refused; one that offers
        /// nothing is served as if it had named `http/1.1`.
        package var protocols = ["h2", "http/1.1"]
        package var clientCertificates = ClientCertificates.none
        /// Refuses clients that ask for a name for which there is no certificate, instead of showing them the first
        /// one. Default false.
        package var refusesUnknownNames = false

        package init() {}
    }

    /// Whether clients show certificates.
    package enum ClientCertificates: String, Sendable {
        /// They are not asked for one.
        case none
        /// They may show one; if they do it must be good.
        case optional
        /// They must show one.
        case required
    }

    /// The name in ALPN of a certificate authority's probe (RFC 8737).
    static let challengeProtocol = "acme-tls/1"

    /// What is shown now. Never changed, only replaced.
    private final class Shown: Sendable {
        /// For clients that name nothing, or something that is not known.
        let standard: LibraryObject
        let hasStandard: Bool
        let byName: [String: LibraryObject]
        /// For `*.example.com` the rest, `example.com`.
        let byParent: [String: LibraryObject]
        let identities: [TLSIdentity]

        init(
            standard: LibraryObject, byName: [String: LibraryObject], byParent: [String: LibraryObject],
            identities: [TLSIdentity]
        ) {
            self.standard = standard
            hasStandard = !identities.isEmpty
            self.byName = byName
            self.byParent = byParent
            self.identities = identities
        }
    }

    let policy: Policy
    let tickets: TicketKeys
    private let shown: Mutex<Shown>
    private let challenges = Mutex<[String: LibraryObject]>([:])

    /// - Parameters:
    ///   - identities: The first is shown to clients that name nobody. There may be none at first.
    ///   - authorities: The content of a PEM file with the certificates of those whose clients are believed, and
    ///     perhaps their lists of revoked ones. Needed unless the policy asks clients for nothing.
    /// - Throws: When OpenSSL refuses a certificate, say because its key is too short.
    package init(
        policy: Policy = Policy(), identities: [TLSIdentity], authorities: [UInt8]? = nil,
        tickets: TicketKeys = TicketKeys()
    ) throws(TLSProblem) {
        self.policy = policy
        self.tickets = tickets
        shown = Mutex(try Self.makeShown(policy, identities, authorities))
    }

    /// Shows other certificates from now on, and believes other authorities.
    ///
    /// - Throws: As `init` does; then everything stays as it was.
    package func replace(identities: [TLSIdentity], authorities: [UInt8]? = nil) throws(TLSProblem) {
        let next = try Self.makeShown(policy, identities, authorities)
        shown.withLock { $0 = next }
    }

    /// What is shown now.
    package var identities: [TLSIdentity] { shown.withLock { $0 }.identities }

    /// Answers probes of a certificate authority for this name (RFC 8737) with this certificate, instead of with the one
    /// for everybody else. The connections of such probes carry nothing.
    package func answerChallenge(for name: String, with identity: TLSIdentity) throws(TLSProblem) {
        let context = try TLSContextFactory.server(Policy(), [identity], nil)
        challenges.withLock { $0[Self.normalized(name)] = context }
    }

    /// Forgets the answer for a name.
    package func endChallenge(for name: String) {
        _ = challenges.withLock { $0.removeValue(forKey: Self.normalized(name)) }
    }

    /// A connection to a client, over a channel that has carried nothing yet.
    package func makeChannel(over inner: any Channel, on loop: any EventLoop) throws(ChannelError) -> TLSChannel {
        let standard = shown.withLock { $0 }.standard
        return TLSChannel(try TLSEngine(standard, as: .server(self), over: inner), on: loop)
    }

    // MARK: Names

    /// What to show to a client that named a host, or nobody. Nil when it is to be refused.
    func context(for name: String?) -> LibraryObject? {
        let shown = shown.withLock { $0 }
        guard let name else { return shown.hasStandard ? shown.standard : nil }
        let wanted = Self.normalized(name)
        if let context = shown.byName[wanted] { return context }
        if let dot = wanted.firstIndex(of: "."), dot != wanted.startIndex,
            let context = shown.byParent[String(wanted[wanted.index(after: dot)...])]
        {
            return context
        }
        return policy.refusesUnknownNames || !shown.hasStandard ? nil : shown.standard
    }

    /// What to show to a probe; nil when there is no challenge for that name.
    func challenge(for name: String?) -> LibraryObject? {
        guard let name else { return nil }
        return challenges.withLock { $0[Self.normalized(name)] }
    }

    /// What may be said now about the revocation of a certificate that is being shown.
    func staple(for certificate: OpaquePointer, now: Int) -> OCSPStaple? {
        let identity = identities.first { $0.chain[0].pointer == certificate }
        return identity?.staple.flatMap { now <= $0.lastSecond ? $0 : nil }
    }

    /// Host names are compared without regard to case, and a dot at the end means nothing (RFC 6066, 3).
    private static func normalized(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    // MARK: Sets of certificates

    /// Makes one context for each set of certificates that share a name: a server may have one of each kind of key, and
    /// OpenSSL picks what the client can check.
    private static func makeShown(
        _ policy: Policy, _ identities: [TLSIdentity], _ authorities: [UInt8]?
    ) throws(TLSProblem) -> Shown {
        guard !identities.isEmpty else {
            let bare = try TLSContextFactory.server(policy, [], authorities)
            return Shown(standard: bare, byName: [:], byParent: [:], identities: [])
        }
        var contexts: [[Int]: LibraryObject] = [:]
        func context(_ set: [Int]) throws(TLSProblem) -> LibraryObject {
            if let known = contexts[set] { return known }
            let made = try TLSContextFactory.server(policy, set.map { identities[$0] }, authorities)
            contexts[set] = made
            return made
        }
        var byName: [String: LibraryObject] = [:]
        var byParent: [String: LibraryObject] = [:]
        for name in Set(identities.flatMap(\.names)) {
            let made = try context(set(for: name, in: identities))
            if name.hasPrefix("*.") { byParent[String(name.dropFirst(2))] = made } else { byName[name] = made }
        }
        let first = identities[0].names.first.map { set(for: $0, in: identities) }
        // The first certificate is for everybody else, even if another one shares its first name.
        let standard = try context(first.map { $0.contains(0) ? $0 : [0] } ?? [0])
        return Shown(standard: standard, byName: byName, byParent: byParent, identities: identities)
    }

    /// The first certificate of each kind that has this name.
    private static func set(for name: String, in identities: [TLSIdentity]) -> [Int] {
        var kinds: Set<String> = []
        return identities.indices.filter { index in
            identities[index].names.contains(name) && kinds.insert(identities[index].kind).inserted
        }
    }
}
