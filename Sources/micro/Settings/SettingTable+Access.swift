import AuthProviders
import Gateway

// The rows about who may do what.

extension Setting {
    static let access: [Setting] = [
        row(
            .auth, .word(valid: ["none", "jwt", "service"], notYet: []), default: "none", isCommon: true,
            "Who checks tokens"),
        row(
            .authPublicKey, .text("key"),
            "The RSA key that signs tokens (RS256): a public key or certificate in PEM, or Base64 of that"),
        row(
            .authNamespace, .text("name"),
            "Whose tokens are taken, by their issuer; those of the namespace of the services when unset"),
        row(
            .authLoginURL, .text("url"),
            "Where people log in who may not see a page: a path here such as /account/login, or a URL"),
        row(
            .authDoubledNames, .boolean, default: "false",
            "Take rules that name services as Micro v2 did: go.micro.api.go.micro.api.greeter"),
        Setting(
            .authToken, .text("token"), ["MICRO_AUTH_TOKEN"], in: CommandName.asking, group: .encryption,
            "The token to show a running micro; better given as the variable"),
    ]

    private static func row(
        _ key: SettingKey, _ kind: SettingKind, default fallback: String? = nil, isCommon: Bool = false, _ help: String
    ) -> Setting {
        row(key, kind, default: fallback, group: .encryption, isCommon: isCommon, help)
    }
}

/// What is wrong with the settings of access, alone and together.
struct AccessJudgement {
    private(set) var problems: [Problem] = []
    private(set) var warnings: [String] = []

    /// - Parameter rules: Those of the configuration file.
    init(_ settings: Settings, rules: [AccessRule]) {
        guard settings.command.isServing else { return }
        let keys: [SettingKey] = [.authPublicKey, .authNamespace, .authLoginURL, .authDoubledNames]
        switch settings.text(.auth) {
        case "jwt":
            if settings.text(.authPublicKey) == nil {
                problem("auth=jwt needs auth_public_key: the key that the tokens were signed for")
            }
        case "service":
            if settings.command == .proxy { problem("auth=service needs services to ask, which a proxy has none of") }
            if !rules.isEmpty { warnings.append("rules have no effect with auth=service: go.micro.auth has its own") }
        default:
            // Whoever writes rules believes that they hold.
            if !rules.isEmpty { problem("rules need auth=jwt, or everyone may do everything") }
            for key in keys where settings.isGiven(key) {
                warnings.append("\(key.rawValue) has no effect without auth")
            }
        }
        judgeValues(settings)
    }

    private mutating func judgeValues(_ settings: Settings) {
        if let text = settings.text(.authPublicKey) {
            do throws(BadKey) {
                _ = try PublicKey(text: text)
            } catch {
                problem("auth_public_key (\(settings.origin(.authPublicKey))) \(error.reason)")
            }
        }
        if let url = settings.text(.authLoginURL), !Self.isReference(url) {
            problem("auth_login_url=\(url.asOneLine) is no path such as /account/login, and no https://host/path")
        }
    }

    /// Whether it can stand in `Location` as it is.
    private static func isReference(_ text: String) -> Bool {
        let isPath = text.hasPrefix("/") && !text.hasPrefix("//")
        let isURL = ["https://", "http://"].contains { text.hasPrefix($0) && text.count > $0.count }
        return (isPath || isURL) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }
    }

    private mutating func problem(_ sentence: String) { problems.append(.configuration(sentence)) }
}

extension ApplianceConfiguration {
    /// Who may do what.
    struct Access: Sendable {
        var provider: Provider
        /// What tokens are checked with. Never nil for `jwt`.
        var key: PublicKey?
        /// Nil for what Go Micro grants where nobody has said anything.
        var rules: AccessRules?
        var authorizer = Authorizer.Configuration()

        enum Provider: Sendable {
            case jwt, service
        }

        /// Nil when everyone may do everything.
        ///
        /// - Parameter settings: Without problems.
        init?(_ settings: Settings) {
            switch settings.text(.auth) {
            case "jwt": provider = .jwt
            case "service": provider = .service
            default: return nil
            }
            key = settings.text(.authPublicKey).flatMap { try? PublicKey(text: $0) }
            rules = settings.file.flatMap { $0.rules.isEmpty ? nil : AccessRules($0.rules) }
            authorizer.issuer = settings.text(.authNamespace)
            authorizer.loginURL = settings.text(.authLoginURL)
            authorizer.doublesNames = settings.boolean(.authDoubledNames) == true
        }
    }
}
