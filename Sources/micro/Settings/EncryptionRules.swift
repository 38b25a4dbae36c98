/// What is wrong with the settings of TLS together. TLS is all or nothing: whoever asks for it must not get plain
/// connections by mistake.
struct EncryptionRules {
    private(set) var problems: [Problem] = []
    private(set) var warnings: [String] = []

    init(_ settings: Settings) {
        guard settings.command.isServing else { return }
        let acme = ACMEJudgement(settings)
        problems = acme.problems.map { .configuration($0) }
        warnings = acme.warnings
        // As in the original, getting certificates wins over having them.
        if settings.boolean(.enableACME) == true { return }
        guard settings.boolean(.enableTLS) == true else {
            warnOfPlainConnections(settings)
            return
        }
        let certificates = settings.list(.tlsCertFile).count
        let keys = settings.list(.tlsKeyFile).count
        if certificates == 0 || keys == 0 {
            problem(
                "enable_tls needs tls_cert_file and tls_key_file: name the PEM files of a certificate and of its key")
        } else if certificates != keys {
            problem("tls_cert_file and tls_key_file must name as many files: \(certificates) are not \(keys)")
        }
        if settings.list(.tlsOCSPFile).count > certificates {
            problem("tls_ocsp_file names more files than tls_cert_file")
        }
        if settings.isGiven(.tlsClientAuth), settings.text(.tlsClientCAFile) == nil {
            problem("tls_client_auth needs tls_client_ca_file: the authorities whose clients are believed")
        }
    }

    private mutating func problem(_ sentence: String) { problems.append(.configuration(sentence)) }

    private mutating func warnOfPlainConnections(_ settings: Settings) {
        let keys: [SettingKey] = [.tlsCertFile, .tlsKeyFile, .tlsClientCAFile, .tlsClientAuth, .tlsOCSPFile]
        for key in keys where settings.isGiven(key) {
            warnings.append("\(key.rawValue) has no effect without enable_tls: connections are not encrypted")
        }
    }
}
