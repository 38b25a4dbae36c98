import AuthProviders
import Gateway
import Testing

@testable import micro

/// Who may do what, as settings and a file say it.
struct AccessSettingsTests {
    /// Of 2,048 bits; the other half is gone.
    private static let key = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAukQQGYHn3j3fseE6bcCy
        S7tfQVqp4BvrpTqljK22/ptSKpSW41Rg7knL5rUaWSbl2aA1CEzul5Q2pYJu7c+D
        vO1WnBYOXXl/bml48X94BVWyKjj9tkk5AvnM5Wi0nNWtiHNR3shLis7dmp4XdiyK
        6NAcTL9wj3zo/gn/TW6DQbyxSEGHioZniyXjZrzsTWGlb6NU4utckUCqvJLsMmrv
        GwpbWKDYvzgHEXEbzQ00wxStR9qQgWNW8AaNW1dcqcs++l/TCk5TpbRCwvDdsdyI
        YqeqIsAXqwTMyxGgLTE+LSGZr9z19+KHWLznn2Ne8RuJ3Bx4EYSMAVQxm92eUUEe
        awIDAQAB
        -----END PUBLIC KEY-----
        """

    private func resolve(_ line: String, file: String? = nil, key: Bool = true) throws -> Settings.Outcome {
        let words = line.split(separator: " ").map(String.init) + (file == nil ? [] : ["--config=micro.yaml"])
        let invocation = Invocation(words)
        return Settings.resolve(
            try #require(invocation.command), flags: invocation.flags,
            environment: key ? ["MICRO_AUTH_PUBLIC_KEY": Self.key] : [:]
        ) { _ in Array((file ?? "").utf8) }
    }

    private static let rules = """
        rules:
          - {resource: "service:go.micro.api.orders:/orders/*", scope: "<public>"}
          - {id: admins, resource: "*:*:*", scope: admin, priority: 5}
          - {id: closed, resource: "service:go.micro.api.orders:*", scope: "*", access: denied}
        """

    @Test func `rules of a file hold in their order`() throws {
        let outcome = try resolve("server --auth=jwt", file: Self.rules)
        #expect(outcome.problems == [])
        let access = try #require(ApplianceConfiguration(outcome.settings).access)
        #expect(
            access.rules?.ordered.map(\.description) == [
                "the rule admins, which grants accounts with the scope admin *:*:*",
                "the rule micro.yaml:2, which grants everyone service:go.micro.api.orders:/orders/*",
                "the rule closed, which denies every account service:go.micro.api.orders:*",
            ])
    }

    @Test func `without auth there is nobody to ask`() throws {
        #expect(ApplianceConfiguration(try resolve("server", key: false).settings).access == nil)
        #expect(ApplianceConfiguration(try resolve("server --auth=none", key: false).settings).access == nil)
    }

    @Test func `the settings of access are known to every command that serves`() throws {
        for command in ["api", "web", "server", "demo", "proxy"] {
            let outcome = try resolve("\(command) --auth=jwt --auth_namespace=acme --auth_login_url=/login")
            #expect(outcome.problems == [])
            let access = try #require(ApplianceConfiguration(outcome.settings).access)
            #expect(access.authorizer.issuer == "acme")
            #expect(access.authorizer.loginURL == "/login")
            #expect(access.rules == nil)
        }
    }

    @Test(
        "what would leave something open by mistake is refused",
        arguments: [
            ("server --auth=jwt", nil, "auth=jwt needs auth_public_key: the key that the tokens were signed for"),
            ("server", rules, "rules need auth=jwt, or everyone may do everything"),
            ("proxy --auth=service", nil, "auth=service needs services to ask, which a proxy has none of"),
            (
                "server --auth=service --auth_public_key=YWJj", nil,
                "auth_public_key (from --auth_public_key) is no public key in PEM (BEGIN PUBLIC KEY), and no certificate"
            ),
            (
                "server --auth=service --auth_login_url=login", nil,
                "auth_login_url=login is no path such as /account/login, and no https://host/path"
            ),
        ] as [(String, String?, String)])
    func refuses(line: String, file: String?, sentence: String) throws {
        #expect(try resolve(line, file: file, key: false).problems == [.configuration(sentence)])
    }

    @Test func `what has no effect is told`() throws {
        let outcome = try resolve("server --auth_login_url=/login --auth_namespace=a")
        #expect(
            outcome.warnings == [
                "auth_public_key has no effect without auth", "auth_namespace has no effect without auth",
                "auth_login_url has no effect without auth",
            ])
        #expect(
            try resolve("server --auth=service", file: Self.rules, key: false).warnings
                == ["rules have no effect with auth=service: go.micro.auth has its own"])
    }

    @Test func `keys and tokens are not shown`() throws {
        let settings = try resolve("server --auth=jwt", file: Self.rules).settings
        let lines = EffectiveSettings(settings).text.split(separator: "\n").map(String.init)
        #expect(lines.first { $0.hasPrefix("auth_public_key ") }?.contains("(not shown)") == true)
        #expect(
            lines.suffix(3).first?.hasPrefix("rule service:go.micro.api.orders:/orders/*  granted everyone") == true)
        #expect(lines.suffix(2).first?.hasSuffix("admins, priority 5") == true)
    }
}
