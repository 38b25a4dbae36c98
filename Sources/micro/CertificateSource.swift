import ACME
import Transports

/// Where the certificates of a running server come from.
protocol CertificateSource: Sendable {
    /// What is shown to clients.
    var context: TLSServerContext { get }
    /// What was found at start and need not stop it.
    var warnings: [String] { get }

    /// Looks after the certificates, as long as the program runs.
    func watch() async
}

extension CertificateWatch: CertificateSource {}

extension CertificateKeeper: CertificateSource {
    func watch() async { await run() }
}

extension ApplianceConfiguration.Security {
    /// Where authorities look by plain HTTP.
    struct ChallengeListener: Sendable, Equatable {
        var address: ListenAddress
        /// False when the program can do without it.
        var isRequired: Bool
    }
}

extension ApplianceConfiguration {
    /// Certificates that browsers are to like are used on the port that browsers look at, as in Micro v2, unless somebody
    /// says otherwise.
    mutating func useHTTPSPort(_ settings: Settings) {
        let standard = ListenAddress(host: "", port: 443)
        if !settings.isGiven(.apiAddress), gateways.first?.origin == nil, !gateways.isEmpty {
            gateways[0].address = standard
        }
        // Beside a gateway the dashboard keeps its own.
        if gateways.isEmpty, !settings.isGiven(.webAddress) { web?.address = standard }
        if !settings.isGiven(.proxyAddress) { proxy?.address = standard }
    }
}
