import Gateway
import Testing

@testable import micro

struct ProgramTests {
    private static let greeter = Service(
        name: "greeter",
        nodes: [
            Node(id: "greeter-1", address: "127.0.0.1:1", metadata: ["protocol": "grpc"]),
            Node(id: "greeter-2", address: "nowhere", metadata: ["protocol": "grpc"]),
        ])

    /// A world where only the registry answers.
    private func world(_ answers: Result<String, GatewayError>..., isLasting: Bool = true) -> FakeOutside {
        FakeOutside(
            registry: RegistryDirectory(FakeRegistry([Self.greeter]), FakeNodes(answers), isLasting: isLasting))
    }

    @Test(
        "wrong usage ends with 2 and a sentence, and prints no result",
        arguments: [
            ([], "no command given; try micro demo, or see micro --help"),
            (["apy"], "unknown command apy; did you mean micro api?"),
            (["api", "route"], "micro api route is no command; what may follow is add, set, list or delete"),
            (["list", "nodes"], "micro list cannot list nodes: use micro list services"),
            (["get"], "micro get needs a service, such as micro get service go.micro.srv.greeter"),
            (["get", "service"], "micro get needs a service, such as micro get service go.micro.srv.greeter"),
            (["health"], "micro health needs a service, such as micro health go.micro.srv.greeter"),
            (
                ["call", "greeter"],
                "micro call needs service and endpoint, such as micro call greeter Say.Hello '{\"name\": \"john\"}'"
            ),
            (
                ["call", "s", "e", "[]"],
                "the request must be a JSON object, such as '{\"name\": \"john\"}'"
            ),
            (["call", "s", "e", "--metadata=Host=x"], "Host=x: Host cannot be metadata, as HTTP itself uses it"),
            (
                ["call", "s", "e", "--metadata=a b=x"],
                "a b=x: the key of metadata must be letters, digits and hyphens"
            ),
            (
                ["register", "service"],
                #"micro register needs a record, such as micro register service '{"name":"foo",...}'"#
            ),
            (
                ["register", "service", #"{"name":"foo"}"#],
                "the record needs at least one node with id and address"
            ),
            (["register", "service", "{}"], "the service has no name"),
            (
                ["publish", "events"],
                "micro publish needs topic and message, such as micro publish events '{\"hello\": \"world\"}'"
            ),
            (["publish", "events", "[]"], "the request must be a JSON object, such as '{\"name\": \"john\"}'"),
            (
                ["stream", "greeter"],
                "micro stream needs service and endpoint, such as micro stream greeter Say.Stream '{\"count\": 3}'"
            ),
            (["proxy"], "micro proxy needs the server behind it, such as micro proxy http://localhost:9000"),
            (["help", "apy"], "no help about apy; did you mean micro help api?"),
        ])
    func usage(arguments: [String], sentence: String) async {
        let result = await run(arguments, in: world())
        #expect(result == RunResult(output: "", complaints: "micro: \(sentence)\n", code: ExitCode.usage))
    }

    @Test func `all mistakes are named in one run`() async {
        let result = await run(["api", "--handler=rcp", "--adress=:1", "x"], ["MICRO_LOOPS": "many"])
        #expect(result.code == ExitCode.usage)
        #expect(result.complaints.split(separator: "\n").count == 3)
    }

    @Test func `a bad value alone ends with 78`() async {
        #expect(await run(["api"], ["MICRO_LOOPS": "many"]).code == ExitCode.configuration)
        #expect(await run(["proxy", "unix://a"]).code == ExitCode.configuration)
    }

    @Test(
        "services are listed, also in old spellings",
        arguments: [["list", "services"], ["list"], ["services"], ["--registry=mdns", "list", "services"]])
    func list(arguments: [String]) async {
        let result = await run(arguments, in: world())
        #expect(result.output == "greeter\n")
        #expect(result.code == ExitCode.success)
    }

    @Test func `a service that is not there ends with 1 and the name that was probably meant`() async {
        let result = await run(["get", "service", "greter"], in: world())
        #expect(
            result
                == RunResult(
                    output: "", complaints: "micro: service not found: greter; did you mean greeter?\n", code: 1))
    }

    @Test func `a call prints the answer, indented or raw`() async {
        let answer = Result<String, GatewayError>.success(#"{"msg":"hi"}"#)
        let json = await run(["call", "greeter", "Say.Hello", "{\"name\":", "\"John\"}"], in: world(answer))
        #expect(json == RunResult(output: "{\n\t\"msg\": \"hi\"\n}\n", complaints: "", code: 0))
        let raw = await run(["call", "-o", "raw", "greeter", "Say.Hello"], in: world(answer))
        #expect(raw == RunResult(output: "{\"msg\":\"hi\"}\n", complaints: "", code: 0))
    }

    @Test func `a message is published to whoever stands in the registry, and ok is printed`() async {
        let subscribers = ["micro.http.broker", "topic:events", "events", "other"].map { Service(name: $0) }
        let outside = FakeOutside(
            registry: RegistryDirectory(FakeRegistry(subscribers), FakeNodes([]), isLasting: false))
        let result = await run(["publish", "--metadata=a=b", "events", "{\"n\":", "1.50}"], in: outside)
        #expect(result == RunResult(output: "ok\n", complaints: "", code: 0))
        #expect(
            outside.published.value == [
                #"events {"n": 1.50} ["A=b", "Content-Type=application/json", "Micro-Topic=events"] "#
                    + #"["micro.http.broker", "events", "topic:events"]"#
            ])
        let refused = await run(["publish", "refused", "{}"], in: outside)
        #expect(refused == RunResult(output: "", complaints: "micro: nobody took it\n", code: 1))
    }

    @Test func `a stream prints its messages, indented or raw, and ends well`() async {
        let answer = Result<String, GatewayError>.success("{\"n\":1}\n{\"n\":2}\n")
        let json = await run(["stream", "greeter", "Say.Stream", "{}"], in: world(answer))
        #expect(json == RunResult(output: "{\n\t\"n\": 1\n}\n{\n\t\"n\": 2\n}\n", complaints: "", code: 0))
        let raw = await run(["stream", "-o", "raw", "greeter", "Say.Stream"], in: world(answer))
        #expect(raw == RunResult(output: "{\"n\":1}\n{\"n\":2}\n", complaints: "", code: 0))
    }

    @Test func `a failed call prints the error object on standard error`() async {
        let error = GatewayError(reportedBy: "greeter", MicroError(id: "greeter.Say.Fail", code: 404, detail: "x"))
        let result = await run(["call", "greeter", "Say.Fail"], in: world(.failure(error)))
        let object = #"{"id":"greeter.Say.Fail","code":404,"detail":"x","status":"Not Found"}"#
        #expect(
            result == RunResult(output: "", complaints: "micro: error calling greeter.Say.Fail: \(object)\n", code: 1))
    }

    @Test func `words of a call are joined by one blank; none are an empty object`() throws {
        #expect(try EndpointWords.body(["{\"a\":", "1}"]) == Array("{\"a\": 1}".utf8))
        #expect(try EndpointWords.body([]) == Array("{}".utf8))
        #expect(try EndpointWords.body([" "]) == Array("{}".utf8))
        #expect(throws: CommandFailure.self) { try EndpointWords.body(["{a:1}"]) }
    }

    @Test func `metadata gets a capital letter, and words without an equals sign are ignored`() throws {
        #expect(try CallMetadata.parse(["trace=a=b", "nothing", "X-Y="]) == ["Trace": "a=b", "X-Y": ""])
    }

    @Test func `health shows every node, and is well when one of them is`() async {
        let result = await run(["health", "greeter"], in: world(.success(#"{"status":"ok"}"#)))
        let table = "node\t\taddress:port\t\tstatus\ngreeter-1\t\t127.0.0.1:1\t\tok\n"
        #expect(
            result.output
                == "service  greeter\n\nversion latest\n\n\(table)greeter-2\t\tnowhere\t\tthe address has no port\n")
        #expect(result.code == ExitCode.success)
    }

    @Test func `health ends with 1 when no node is well`() async {
        let error = GatewayError(.upstreamTimedOut, "late")
        let result = await run(["health", "greeter"], in: world(.failure(error)))
        #expect(result.output.contains("greeter-1\t\t127.0.0.1:1\t\terror 504: late\n"))
        #expect(result.code == ExitCode.failure)
    }

    @Test func `health of one address is one word`() async {
        let result = await run(
            ["health", "--address=127.0.0.1:1", "greeter"], in: world(.success(#"{"status":"ok"}"#)))
        #expect(result == RunResult(output: "ok\n", complaints: "", code: 0))
    }

    private static let record = #"{"name":"foo","nodes":[{"id":"foo-1","address":"127.0.0.1","port":8080}]}"#

    @Test func `a registration says ok`() async {
        for command in ["register", "deregister"] {
            let result = await run([command, "service", Self.record], in: world())
            #expect(result == RunResult(output: "ok\n", complaints: "", code: 0))
        }
    }

    @Test func `a registration that nobody would keep ends with 69`() async {
        let result = await run(["register", "service", Self.record], in: world(isLasting: false))
        #expect(result.code == ExitCode.unavailable)
        #expect(result.complaints.contains("start micro server"))
    }

    @Test(
        "the commands ask the appliance that was named, else one on this machine, else the registry",
        arguments: [
            ([:], "greeter\n"),
            (["MICRO_SERVER_ADDRESS": "far:1"], "far\n"),
            (["MICRO_WEB_ADDRESS": ":7000"], "near\n"),
            (["MICRO_WEB_ADDRESS": ":7001"], "greeter\n"),
        ])
    func whomToAsk(environment: [String: String], output: String) async {
        func server(_ name: String, product: String) -> FakeRequester {
            FakeRequester([
                "GET /api/status": (200, "{\"product\":\"\(product)\"}"),
                "GET /api/services": (200, "{\"data\":[{\"name\":\"\(name)\"}]}"),
            ])
        }
        var outside = world()
        outside.servers = [
            "far:1": server("far", product: "micro"), "127.0.0.1:7000": server("near", product: "micro"),
            "127.0.0.1:7001": server("stranger", product: "other"),
        ]
        #expect(await run(["list", "services"], environment, in: outside).output == output)
    }

    @Test func `warnings of a command that asks go to standard error and change nothing else`() async {
        let result = await run(["list"], ["MICRO_REGSITRY": "x"], in: world())
        #expect(result.output == "greeter\n")
        #expect(result.complaints.hasPrefix("micro: warning: MICRO_REGSITRY"))
    }

    @Test func `the commands that serve hand a configuration on, with its warnings`() async throws {
        let outside = world()
        let result = await run(["proxy", ":9000", "--address=:80"], ["MICRO_STORE": "file"], in: outside)
        #expect(result == RunResult(output: "", complaints: "", code: 42))
        let configuration = try #require(outside.served.value.first)
        #expect(configuration.proxy?.target.description == "http://localhost:9000")
        #expect(configuration.proxy?.address.port == 80)
        #expect(configuration.warnings.count == 1)
    }

    @Test func `version and help are results`() async {
        for arguments in [["version"], ["--version"], ["-version"]] {
            #expect(await run(arguments).output == "micro version \(Version.number)\n")
        }
        #expect(await run(["--help"]).output == HelpText.program())
        #expect(await run(["help"]).output == HelpText.program())
        #expect(await run(["api", "--help"]).output == HelpText.command(.api))
        #expect(await run(["help", "api"]).output == HelpText.command(.api))
        #expect(await run(["help", "settings"]).output == HelpText.settings())
    }

    @Test("completion scripts are printed", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) async {
        let result = await run(["--generate-completion-script", shell])
        #expect(result.code == ExitCode.success)
        #expect(result.output.contains("deregister"))
        for command in CommandName.allCases {
            for setting in Setting.all where setting.isShown(in: command) {
                let flag = setting.shownFlag(in: command)
                #expect(result.output.contains(shell == "fish" ? " -l \(flag) " : "--\(flag)"))
            }
        }
        #expect(result.output.contains("mdns memory"))
    }

    @Test func `a completion script is for a shell that is known`() async {
        for words in [["--generate-completion-script"], ["--generate-completion-script", "tcsh"]] {
            let result = await run(words)
            #expect(result.code == ExitCode.usage)
            #expect(
                result.complaints
                    == "micro: --generate-completion-script needs the name of a shell: bash, zsh or fish\n")
        }
    }
}
