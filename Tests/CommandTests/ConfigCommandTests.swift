import Testing

@testable import micro

struct ConfigCommandTests {
    private let outside = FakeOutside(files: [
        "micro.yaml": """
        registry: memory
        acme_eab_key: c2VjcmV0
        listeners:
          - {name: public, address: ":8080", namespace: com.example}
          - {name: internal, address: "127.0.0.1:0", handler: http}
        routes:
          - {path: "/v1/orders/{id}", methods: [GET], service: orders, endpoint: Orders.Read}
        """
    ])

    @Test func `check says what a file has, and serves nothing`() async {
        let result = await run(["config", "check", "micro.yaml"], in: outside)
        #expect(result.output == "micro.yaml is fine: 2 settings, 2 gateways, 1 route\n")
        #expect(result.code == ExitCode.success)
        #expect(result.complaints == "micro: warning: acme_eab_key has no effect without enable_acme\n")
        #expect(outside.served.value.isEmpty)
    }

    @Test func `show tells each value and who gave it, and no secret`() async {
        let result = await run(
            ["config", "show", "--config=micro.yaml", "--client_retries=2"], ["MICRO_LOG_LEVEL": "debug"], in: outside)
        #expect(result.code == ExitCode.success)
        let rows = result.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(rows.first == ["setting", "value", "from"])
        for row in [
            ["registry", "memory", "micro.yaml:1"], ["client_retries", "2", "--client_retries"],
            ["log_level", "debug", "MICRO_LOG_LEVEL"], ["selector", "random", "default"], ["loops", "-", "default"],
            ["acme_eab_key", "(not", "shown)", "micro.yaml:2"],
            ["listeners.public.namespace", "com.example", "micro.yaml:4"],
            ["listeners.internal.namespace", "go.micro", "default"],
            ["listeners.internal.handler", "http", "micro.yaml:5"],
            ["route", "GET", "/v1/orders/{id}", "rpc", "orders", "Orders.Read", "micro.yaml:7"],
        ] {
            #expect(rows.contains(row), "\(row)")
        }
        #expect(!result.output.contains("c2VjcmV0"))
    }

    @Test func `show has the settings of the command that it is asked about`() async {
        let result = await run(["config", "show", "proxy"], in: outside)
        #expect(result.output.contains("proxy_address"))
        #expect(!result.output.contains("api_address"))
    }

    @Test(
        "what cannot be asked is told, with what can",
        arguments: [
            (["config"], "micro config needs check or show"),
            (["config", "chek"], "micro config needs check or show; did you mean micro config check?"),
            (["config", "check"], "micro config check needs a file, such as micro config check micro.yaml"),
            (
                ["config", "show", "list"],
                "micro config show needs a command that serves: api, web, server, demo or proxy"
            ),
            (["config", "show", "--retries=1"], "unknown flag --retries"),
        ])
    func usage(arguments: [String], complaint: String) async {
        let result = await run(arguments, in: outside)
        #expect(result.code == ExitCode.usage)
        #expect(result.complaints.hasPrefix("micro: \(complaint)"))
        #expect(result.output == "")
    }
}
