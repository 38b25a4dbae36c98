import ACME
import Testing

@testable import micro

struct ACMESettingsTests {
    private func resolve(_ line: String, _ environment: [String: String] = [:]) throws -> Settings.Outcome {
        let invocation = Invocation(line.split(separator: " ").map(String.init))
        return Settings.resolve(try #require(invocation.command), flags: invocation.flags, environment: environment)
    }

    private func configuration(_ line: String, _ environment: [String: String] = [:]) throws -> ApplianceConfiguration {
        let outcome = try resolve(line, environment)
        #expect(outcome.problems == [])
        return ApplianceConfiguration(outcome.settings, warnings: outcome.warnings)
    }

    @Test func `the variables of the original are enough`() throws {
        let environment = [
            "MICRO_ENABLE_ACME": "true", "MICRO_ACME_HOSTS": "Example.com, api.example.com,,example.com.",
        ]
        let configuration = try configuration("api", environment)
        let acme = try #require(configuration.security?.acme)
        #expect(acme.hosts == ["example.com", "api.example.com"])
        #expect(acme.directory == "https://acme-v02.api.letsencrypt.org/directory")
        #expect(acme.challenges == [.tlsALPN, .http])
        #expect(acme.agreesToTerms)
        #expect(configuration.gateways.first?.address.description == ":443")
        #expect(configuration.security?.challengeListener?.address.description == ":80")
        #expect(configuration.security?.challengeListener?.isRequired == false)
        #expect(configuration.security?.refusesUnknownNames == true)
        #expect(configuration.warnings == [])
    }

    @Test(
        "the port of https is used by what clients come to first, unless an address is given",
        arguments: [
            ("api", ":443", nil), ("api --address=:8443", ":8443", nil), ("web", nil, ":443"),
            ("web --address=:8444", nil, ":8444"), ("server", ":443", ":8082"),
            ("server --web_address=:8444", ":443", ":8444"),
        ] as [(String, String?, String?)])
    func ports(line: String, api: String?, web: String?) throws {
        let configuration = try configuration("\(line) --enable_acme --acme_hosts=a.example")
        #expect(configuration.gateways.first?.address.description == api)
        #expect(configuration.web?.address.description == web)
    }

    @Test(
        "whoever insists on plain HTTP for proofs gets it or nothing",
        arguments: [
            ("--acme_challenges=tls-alpn-01", nil), ("--acme_challenges=http-01", true),
            ("--acme_http_address=:8000", true), ("", false),
        ] as [(String, Bool?)])
    func challengeListener(flag: String, isRequired: Bool?) throws {
        let configuration = try configuration("api --enable_acme --acme_hosts=a.example \(flag)")
        #expect(configuration.security?.challengeListener?.isRequired == isRequired)
    }

    @Test func `what has no effect is said`() throws {
        let warnings = try resolve("api --acme_hosts=a.example").warnings
        #expect(warnings == ["acme_hosts has no effect without enable_acme"])
        let both = try resolve(
            "api --enable_acme --acme_hosts=a.example --enable_tls --tls_cert_file=x --tls_key_file=y")
        #expect(both.problems == [])
        #expect(both.warnings.contains("tls_cert_file has no effect: enable_acme gets the certificates"))
    }

    @Test(
        "what cannot be done is told",
        arguments: [
            ("", "enable_acme needs acme_hosts"), ("--acme_hosts=*.a.example", "is a wildcard"),
            ("--acme_hosts=a.example --acme_challenges=dns-01", "acme_challenges=dns-01 is not supported yet"),
            ("--acme_hosts=a.example --acme_challenges=htp", "acme_challenges=htp is not tls-alpn-01 or http-01"),
            ("--acme_hosts=a.example --acme_directory=http://x", "is not https://host/path"),
            ("--acme_hosts=a.example --acme_provider=certmagic", "certmagic is not supported yet"),
            ("--acme_hosts=a.example --acme_eab_kid=x", "must be given together"),
            ("--acme_hosts=a.example --acme_eab_kid=x --acme_eab_key=!", "is no key in Base64 for URLs"),
            ("--acme_hosts=a.example --tls_client_auth=optional", "tls_client_auth needs tls_client_ca_file"),
        ])
    func problems(flags: String, words: String) throws {
        let problems = try resolve("api --enable_acme \(flags)").problems
        #expect(problems.count == 1)
        #expect(problems.first?.sentence.contains(words) == true)
    }

    @Test func `a key of an account is not told when it is wrong`() throws {
        let problems = try resolve("api --enable_acme --acme_hosts=a.example --acme_eab_kid=x --acme_eab_key=se!cret")
            .problems
        #expect(problems.first?.sentence.contains("cret") == false)
    }
}
