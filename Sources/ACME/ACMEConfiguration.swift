/// What certificates to get, and from whom.
package struct ACMEConfiguration: Sendable, Equatable {
    /// The usual authority, that of Micro v2.
    package static let standardDirectory = "https://acme-v02.api.letsencrypt.org/directory"

    /// One certificate each; see `HostName`. No other name is ever asked for.
    package var hosts: [String]
    /// The URL of the server's directory.
    package var directory = Self.standardDirectory
    /// A PEM file with authorities whom the server is believed by, beside those of the system.
    package var authorities: String?
    /// Where the authority may send warnings.
    package var email: String?
    package var external: ExternalAccount?
    package var agreesToTerms = true
    /// How hosts are proved, the way that is tried first in front.
    package var challenges: [ChallengeKind] = [.tlsALPN, .http]
    /// Where keys and certificates are kept. Nil for the usual place.
    package var stateDirectory: String?
    /// How long before the end a certificate is renewed, in seconds. Nil for a third of its life, or what the authority
    /// suggests.
    package var renewBefore: Int?

    package init(hosts: [String]) { self.hosts = hosts }

    /// Whether the text can be the URL of a directory.
    package static func isDirectory(_ url: String) -> Bool { SecureURL(url) != nil }

    /// The folder for what is this server's: accounts and certificates of a server for trials and of the real one must not
    /// be mixed.
    var folder: String {
        let name = directory.lowercased().dropFirst("https://".count)
        return String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") ? $0 : "_" })
    }

    /// The usual place: what systemd gives, else the user's folder for state.
    package static func standardStateDirectory(_ environment: [String: String]) -> String? {
        func given(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
        if let given = given("STATE_DIRECTORY") { return "\(given.prefix { $0 != ":" })/acme" }
        if let given = given("XDG_STATE_HOME") { return "\(given)/micro/acme" }
        return given("HOME").map { "\($0)/.local/state/micro/acme" }
    }
}
