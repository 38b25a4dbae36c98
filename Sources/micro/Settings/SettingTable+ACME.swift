import ACME

// The rows about certificates that the gateway gets by itself.

extension Setting {
    static let acme: [Setting] = [
        row(
            .enableACME, .boolean, default: "false", isCommon: true,
            "Get certificates for acme_hosts"),
        row(
            .acmeHosts, .list("hosts"),
            "The hosts to get certificates for; clients that ask for others are refused. TLS is then spoken"
                + " on port 443 unless an address is given"),
        row(
            .acmeProvider, .word(valid: ["autocert"], notYet: ["certmagic"]), default: "autocert",
            "How hosts are proved; certmagic does it by DNS"),
        row(
            .acmeDirectory, .text("url"), default: ACMEConfiguration.standardDirectory,
            "The ACME server's directory"),
        row(
            .acmeCAFile, .text("file"),
            "Believe the ACME server by the authorities in this PEM file, beside those of the system"),
        row(.acmeEmail, .text("address"), "Where the authority may send warnings"),
        row(
            .acmeAgreeTerms, .boolean, default: "true",
            "Agree to the authority's terms of service, as Micro v2 did without a question"),
        row(
            .acmeChallenges, .list("words"), default: "tls-alpn-01,http-01",
            "How hosts are proved, the way that is tried first in front"),
        row(
            .acmeHTTPAddress, .address,
            "Where authorities look by plain HTTP, and clients are sent to https://; :80 if that is free"),
        row(
            .acmeStateDir, .text("directory"),
            "Where keys and certificates are kept; micro/acme in the user's folder for state when empty"),
        row(
            .acmeRenewBefore, .duration(.seconds(1) ... .seconds(3_650 * 86_400)),
            "How long before its end a certificate is renewed; a third of its life when empty, or what the authority"
                + " suggests"),
        row(.acmeEABKid, .text("name"), "The name of an account made elsewhere, which some authorities want"),
        row(.acmeEABKey, .text("key"), "The key of that account, in Base64 for URLs; better given as the variable"),
    ]

    private static func row(
        _ key: SettingKey, _ kind: SettingKind, default fallback: String? = nil, isCommon: Bool = false, _ help: String
    ) -> Setting {
        row(key, kind, default: fallback, group: .encryption, isCommon: isCommon, help)
    }
}

/// What is wrong with the settings of ACME, alone and together.
struct ACMEJudgement {
    private(set) var problems: [String] = []
    private(set) var warnings: [String] = []

    init(_ settings: Settings) {
        let others = SettingKey.allCases.filter { $0.rawValue.hasPrefix("acme_") }
        guard settings.boolean(.enableACME) == true else {
            for key in others where settings.isGiven(key) {
                warnings.append("\(key.rawValue) has no effect without enable_acme")
            }
            return
        }
        judgeHosts(settings.list(.acmeHosts))
        if let url = settings.text(.acmeDirectory), !ACMEConfiguration.isDirectory(url) {
            problems.append("acme_directory=\(url) is not https://host/path")
        }
        let kinds = ChallengeKind.allCases.map(\.rawValue)
        for word in settings.list(.acmeChallenges) where !kinds.contains(word) {
            let isDNS = word == "dns-01"
            problems.append(
                "acme_challenges=\(word) is not \(isDNS ? "supported yet: use " : "")\(kinds.joinedAsChoice)")
        }
        if settings.list(.acmeChallenges).isEmpty { problems.append("acme_challenges names no way to prove hosts") }
        judgeExternalAccount(settings)
        for key in [SettingKey.tlsCertFile, .tlsKeyFile, .tlsOCSPFile] where settings.isGiven(key) {
            warnings.append("\(key.rawValue) has no effect: enable_acme gets the certificates")
        }
        if settings.isGiven(.tlsClientAuth), settings.text(.tlsClientCAFile) == nil {
            problems.append("tls_client_auth needs tls_client_ca_file: the authorities whose clients are believed")
        }
    }

    private mutating func judgeHosts(_ hosts: [String]) {
        if hosts.isEmpty {
            problems.append(
                "enable_acme needs acme_hosts: name the hosts that certificates are for, such as"
                    + " --acme_hosts=example.com,api.example.com")
        }
        for host in hosts {
            if let problem = HostName.problem(with: host) { problems.append("acme_hosts: \(problem)") }
        }
    }

    private mutating func judgeExternalAccount(_ settings: Settings) {
        switch (settings.text(.acmeEABKid), settings.text(.acmeEABKey)) {
        case (nil, nil): break
        case (let name?, let key?):
            if ExternalAccount(identifier: name, encodedKey: key) == nil {
                problems.append("acme_eab_key is no key in Base64 for URLs")
            }
        case (_, nil), (nil, _): problems.append("acme_eab_kid and acme_eab_key must be given together")
        }
    }
}

extension ACMEConfiguration {
    /// Nil when no certificates are to be got.
    ///
    /// - Parameter settings: Without problems.
    init?(_ settings: Settings) {
        guard settings.boolean(.enableACME) == true else { return nil }
        var seen: Set<String> = []
        self.init(hosts: settings.list(.acmeHosts).map(HostName.normalized).filter { seen.insert($0).inserted })
        directory = settings.text(.acmeDirectory) ?? Self.standardDirectory
        authorities = settings.text(.acmeCAFile)
        email = settings.text(.acmeEmail)
        if let name = settings.text(.acmeEABKid), let key = settings.text(.acmeEABKey) {
            external = ExternalAccount(identifier: name, encodedKey: key)
        }
        agreesToTerms = settings.boolean(.acmeAgreeTerms) ?? true
        challenges = settings.list(.acmeChallenges).compactMap(ChallengeKind.init)
        stateDirectory = settings.text(.acmeStateDir)
        renewBefore = settings.duration(.acmeRenewBefore).map { Int($0.components.seconds) }
    }
}
