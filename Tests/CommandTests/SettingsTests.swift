import Testing

@testable import micro

struct SettingsTests {
    private func resolve(_ line: String, _ environment: [String: String] = [:]) throws -> Settings.Outcome {
        let invocation = Invocation(line.split(separator: " ").map(String.init))
        return Settings.resolve(
            try #require(invocation.command), flags: invocation.flags, environment: environment)
    }

    @Test func `every key has exactly one row in the table`() {
        #expect(Setting.all.map(\.key.rawValue).sorted() == SettingKey.allCases.map(\.rawValue).sorted())
    }

    @Test(arguments: CommandName.allCases)
    func `no command knows two settings by one flag`(command: CommandName) {
        let flags = Setting.flags(of: command)
        #expect(Set(flags).count == flags.count)
        #expect(ForeignSetting.all.filter { flags.contains($0.flag) }.map(\.flag) == [])
    }

    @Test func `a flag has a value in all commands or in none, as it is read before the command is known`() {
        let kinds = Setting.all.flatMap { setting in setting.allFlags.map { ($0, setting.kind == .boolean) } }
        for (flag, isBoolean) in kinds { #expect(kinds.allSatisfy { $0.0 != flag || $0.1 == isBoolean }, "\(flag)") }
    }

    @Test func `every default is a value`() throws {
        for setting in Setting.all { _ = try setting.fallback.map(setting.kind.value(of:)) }
    }

    @Test func `flags win over variables, variables over the default, and the origin is kept`() throws {
        let variables = ["MICRO_API_ADDRESS": ":1", "MICRO_CLIENT_RETRIES": "3"]
        let settings = try resolve("api --address=:2", variables).settings
        #expect(settings.address(.apiAddress) == ListenAddress(host: "", port: 2))
        #expect(settings.origin(.apiAddress) == .flag("--address"))
        #expect(settings.number(.clientRetries) == 3)
        #expect(settings.origin(.clientRetries) == .environment("MICRO_CLIENT_RETRIES"))
        #expect(settings.duration(.clientRequestTimeout) == .seconds(5))
        #expect(settings.origin(.clientRequestTimeout) == .fallback)
    }

    @Test(
        "the first variable that is set and not empty wins",
        arguments: [
            (["MICRO_API_NAMESPACE": "a", "MICRO_NAMESPACE": "b"], "a"),
            (["MICRO_API_NAMESPACE": "", "MICRO_NAMESPACE": "b"], "b"),
            (["MICRO_NAMESPACE": " "], " "),
            ([:], "go.micro"),
        ])
    func variables(environment: [String: String], namespace: String) throws {
        #expect(try resolve("api", environment).settings.text(.apiNamespace) == namespace)
    }

    @Test(
        "older spellings work in the commands that have both parts",
        arguments: ["server --api_namespace=x", "--api_namespace=x demo", "api --api_namespace=x", "api --namespace=x"])
    func olderSpellings(line: String) throws {
        let outcome = try resolve(line)
        #expect(outcome.problems == [])
        #expect(outcome.settings.text(.apiNamespace) == "x")
    }

    @Test(
        "a bad value is named with its flag or variable, what is expected, and the closest word",
        arguments: [
            (
                ["MICRO_API_HANDLER": "rcp"],
                "MICRO_API_HANDLER=rcp is not meta, rpc, api, http, proxy, web, event, cloudevents, broker or registry;"
                    + " did you mean rpc?"
            ),
            (
                ["MICRO_API_ADDRESS": "8080"],
                "MICRO_API_ADDRESS=8080 is not host:port or :port, such as 127.0.0.1:8080; did you mean :8080?"
            ),
            // Q42.
            (
                ["MICRO_API_HANDLER": "META"],
                "MICRO_API_HANDLER=META is not meta, rpc, api, http, proxy, web, event, cloudevents, broker or registry;"
                    + " did you mean meta?"
            ),
            (
                ["MICRO_API_RESOLVER": "VPath"],
                "MICRO_API_RESOLVER=VPath is not micro, path, vpath, host or grpc; did you mean vpath?"
            ),
            (["MICRO_CLIENT_RETRIES": "101"], "MICRO_CLIENT_RETRIES=101 is not a whole number from 0 to 100"),
            (["MICRO_LOOPS": "257"], "MICRO_LOOPS=257 is not a whole number from 1 to 256"),
            (["MICRO_API_ENABLE_RPC": "maybe"], "MICRO_API_ENABLE_RPC=maybe is not true or false"),
            (
                ["MICRO_HEADER_TIMEOUT": "0s"],
                "MICRO_HEADER_TIMEOUT=0s is not a duration such as 5s, 500ms or 1m30s, from 1ms to 24h"
            ),
            (
                ["MICRO_MAX_HEADER_BYTES": "10"],
                "MICRO_MAX_HEADER_BYTES=10 is not a size such as 64KiB or 4MiB, from 1KiB to 16MiB"
            ),
            (
                ["MICRO_TRUSTED_PROXIES": "10.0.0.0/8, 10.0.0.0/33"],
                "MICRO_TRUSTED_PROXIES=10.0.0.0/8, 10.0.0.0/33 is not address ranges such as 10.0.0.0/8,fd00::/8"
            ),
            (["MICRO_REGISTRY": "consul"], "MICRO_REGISTRY=consul is not supported yet: use mdns or memory"),
            (
                ["MICRO_REGISTER_INTERVAL": "60"],
                "register_interval must be less than register_ttl, or registrations end before they are renewed: "
                    + "1m (from MICRO_REGISTER_INTERVAL) is not less than 1m (default)"
            ),
            (
                ["MICRO_ENABLE_TLS": "true"],
                "enable_tls needs tls_cert_file and tls_key_file: name the PEM files of a certificate and of its key"
            ),
            (["MICRO_AUTH_ID": "x"], "MICRO_AUTH_ID is not supported yet: leave it out"),
            (["MICRO_PROXY": "10.0.0.1:8081"], "MICRO_PROXY is not supported yet: leave it out"),
        ])
    func badValues(environment: [String: String], sentence: String) throws {
        #expect(try resolve("api", environment).problems == [.configuration(sentence)])
    }

    /// Q42.
    @Test(
        "handlers and resolvers are written as they are named",
        arguments: [
            ("api --handler=META", "--handler=META", "meta"), ("server --api_handler=Rpc", "--api_handler=Rpc", "rpc"),
            ("api --resolver=Micro", "--resolver=Micro", "micro"),
            ("web --resolver=PATH", "--resolver=PATH", "path"),
            ("server --web_resolver=Subdomain", "--web_resolver=Subdomain", "subdomain"),
            ("api add route --handler=HTTP", "--handler=HTTP", "http"),
        ])
    func exactWords(line: String, shown: String, meant: String) throws {
        let sentences = try resolve(line).problems.map(\.sentence)
        #expect(sentences.count == 1)
        #expect(sentences.first?.hasPrefix("\(shown) is not ") == true, "\(sentences)")
        #expect(sentences.first?.hasSuffix("; did you mean \(meant)?") == true, "\(sentences)")
    }

    @Test(
        "levels of the log may have the names of Micro v2",
        arguments: [("trace", "debug"), ("WARN", "warning"), ("fatal", "error"), ("warning", "warning")])
    func oldLevels(text: String, level: String) throws {
        let resolution = try resolve("api", ["MICRO_LOG_LEVEL": text])
        #expect(resolution.problems.isEmpty)
        #expect(resolution.settings.text(.logLevel) == level)
    }

    @Test func `other words may be in capitals`() throws {
        let outcome = try resolve("api --log_level=DEBUG --selector=RoundRobin")
        #expect(outcome.problems == [])
        #expect(outcome.settings.text(.logLevel) == "debug")
        #expect(outcome.settings.text(.selector) == "roundrobin")
    }

    @Test(
        "web services may be anywhere that Micro v2 found them",
        arguments: [
            "web --namespace=com.example", "server --web_namespace=com.example.web", "web --namespace=domain",
            "web --resolver=path", "web --resolver=domain", "server --web_resolver=subdomain",
            "web --web_url=web.example.com",
        ])
    func webServices(line: String) throws {
        #expect(try resolve(line).problems == [])
        #expect(try resolve(line).warnings == [])
    }

    @Test(
        "the dashboard's host is a name, with whatever else belongs to a URL",
        arguments: [
            ("web.example.com", "web.example.com"), ("Web.Example.com:8082", "web.example.com"),
            ("https://web.example.com/", "web.example.com"), ("http://dash", "dash"), ("127.0.0.1", nil),
            ("[::1]:8082", nil), ("", nil), ("a..b", nil), ("-a.b", nil), ("a b", nil), ("a_b.example", "a_b.example"),
            ("https://", nil), ("ftp://a.b", nil), (String(repeating: "a.", count: 127), nil),
        ] as [(String, String?)])
    func webHost(text: String, name: String?) throws {
        #expect(WebHost.name(in: text) == name)
        guard name == nil, !text.isEmpty else { return }
        let problem = try #require(try resolve("web", ["MICRO_WEB_HOST": text]).problems.first)
        #expect(problem.sentence.contains("is no host name: write one such as web.example.com"))
    }

    @Test("a resolver that names endpoints suits the handler that calls them", arguments: ["micro", "grpc"])
    func resolversOfCalls(resolver: String) throws {
        #expect(try resolve("api --resolver=\(resolver)").warnings == [])
    }

    @Test func `all problems are reported, not only the first`() throws {
        let outcome = try resolve("api --handler=rcp --adress=:1 --loops=0", ["MICRO_LOG_LEVEL": "loud"])
        #expect(outcome.problems.count == 4)
        #expect(ExitCode.code(for: outcome.problems) == ExitCode.usage)
        #expect(ExitCode.code(for: [.configuration("")]) == ExitCode.configuration)
        #expect(ExitCode.code(for: []) == ExitCode.success)
    }

    @Test(
        "an unknown flag is named as it was typed, with the closest one",
        arguments: [
            ("api --adress=:1", "unknown flag --adress; did you mean --address?"),
            ("api -regsitry mdns", "unknown flag -regsitry; did you mean --registry?"),
            ("api --xyzzy", "unknown flag --xyzzy; see micro api --help"),
            (
                "web --handler=rpc",
                "--handler has no meaning for micro web; it is a flag of micro api, micro server, micro demo or"
                    + " micro api add"
            ),
        ])
    func unknownFlags(line: String, sentence: String) throws {
        #expect(try resolve(line).problems == [.usage(sentence)])
    }

    @Test(
        "what has no effect is warned of, and the program goes on",
        arguments: [
            (
                "api", ["MICRO_API_ADRESS": ":1"],
                "MICRO_API_ADRESS is no variable of micro and has no effect; did you mean MICRO_API_ADDRESS?"
            ),
            (
                "list services", ["MICRO_REGSITRY": "x"],
                "MICRO_REGSITRY is no variable of micro and has no effect; did you mean MICRO_REGISTRY?"
            ),
            ("api", ["MICRO_FOO": "1"], "MICRO_FOO is no variable of micro and has no effect"),
            ("api", ["MICRO_STORE": "file"], "MICRO_STORE has no effect: this version stores nothing"),
            (
                "--client=grpc api", [:],
                "--client has no effect: each node is spoken to in the protocol that it registered"
            ),
            ("api --registry_address=h:1", [:], "registry_address has no effect: registry mdns has no address"),
            (
                "server --broker=memory --broker_address=h:1", [:],
                "broker_address has no effect: broker memory has no address"
            ),
        ])
    func warnings(line: String, environment: [String: String], warning: String) throws {
        let outcome = try resolve(line, environment)
        #expect(outcome.warnings == [warning])
        #expect(outcome.problems == [])
    }

    @Test(
        "what someone switches off that we do not have is no reason to stop",
        arguments: [
            "--enable_tls=false api", "--enable_acme=false web", "--report_usage=false api --enable_cors=false",
        ])
    func switchedOff(line: String) throws {
        #expect(try resolve(line).problems == [])
    }

    @Test func `variables of serving do not trouble the commands that ask`() throws {
        let outcome = try resolve("list services", ["MICRO_API_HANDLER": "rcp", "MICRO_ENABLE_TLS": "true"])
        #expect(outcome.problems == [])
        #expect(outcome.warnings == [])
    }

    @Test func `lists may come in pieces, and of other flags the last word counts`() throws {
        let settings = try resolve("call --metadata=a=1 --metadata b=2,c=3 --output=raw -o json s e").settings
        #expect(settings.list(.metadata) == ["a=1", "b=2", "c=3"])
        #expect(settings.text(.output) == "json")
    }
}
