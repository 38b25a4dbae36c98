// The rows about TLS.

extension Setting {
    static let encryption: [Setting] = [
        tls(
            .enableTLS, .boolean, default: "false", in: everywhere, isCommon: true,
            "Speak TLS, with a tls_cert_file"),
        tls(
            .tlsCertFile, .list("files"),
            "PEM files of certificates, each with its chain; clients that name nobody get the first"),
        tls(.tlsKeyFile, .list("files"), "PEM files of the keys, in the same order"),
        tls(
            .tlsClientCAFile, .text("file"),
            "Ask clients for certificates, of the authorities in this PEM file; revocation lists may be in it"),
        tls(
            .tlsClientAuth, .word(valid: ["required", "optional"], notYet: []), default: "required",
            "Whether a client may leave its certificate out"),
        tls(
            .tlsOCSPFile, .list("files"),
            "OCSP responses (DER) to show with the certificates, in the same order"),
        tls(
            .tlsStrictSNI, .boolean, default: "false",
            "Refuse clients that ask for a name without a certificate, instead of showing the first one"),
        tls(
            .tlsCAFile, .text("file"), in: everywhere,
            "Believe nodes with certificates of the authorities in this PEM file, beside those of the system"),
        tls(
            .tlsInsecure, .boolean, default: "false", in: everywhere,
            "Believe every node, whatever its certificate says"),
    ]

    private static let everywhere = CommandName.serving.union(CommandName.asking)

    private static func tls(
        _ key: SettingKey, _ kind: SettingKind, default fallback: String? = nil,
        in commands: Set<CommandName> = CommandName.serving, isCommon: Bool = false, _ help: String
    ) -> Setting {
        row(key, kind, default: fallback, in: commands, group: .encryption, isCommon: isCommon, help)
    }
}
