import Gateway
import Handlers
import Reactor
import Testing

@testable import micro

/// What a file says when nothing is wrong with it.
struct ConfigurationFileTests {
    private func resolve(
        _ line: String, _ file: String, _ environment: [String: String] = [:]
    ) throws -> Settings.Outcome {
        let invocation = Invocation(line.split(separator: " ").map(String.init))
        return Settings.resolve(
            try #require(invocation.command), flags: invocation.flags, environment: environment,
            read: { path throws(Unreadable) in
                guard path == "micro.yaml" else { throw Unreadable(reason: "does not exist") }
                return Array(file.utf8)
            })
    }

    @Test func `a flag wins over its variable, that over the file, that over the default`() throws {
        let file = """
            # Three of four are given elsewhere too.
            client_retries: 7
            client_pool_size: 8
            registry: memory
            """
        let settings = try resolve(
            "api --config=micro.yaml --client_retries=3", file, ["MICRO_CLIENT_POOL_SIZE": "4"]
        ).settings
        #expect(settings.number(.clientRetries) == 3)
        #expect(settings.origin(.clientRetries) == .flag("--client_retries"))
        #expect(settings.number(.clientPoolSize) == 4)
        #expect(settings.text(.registry) == "memory")
        #expect(settings.origin(.registry) == .file("micro.yaml:4"))
        #expect(settings.origin(.selector) == .fallback)
    }

    @Test func `the file may be named by the variable`() throws {
        let outcome = try resolve("api", "registry: memory", ["MICRO_CONFIG": "micro.yaml"])
        #expect(outcome.problems == [])
        #expect(outcome.warnings == [])
        #expect(outcome.settings.text(.registry) == "memory")
        #expect(try resolve("api", "registry: memory", ["MICRO_CONFIG": "micro.yaml"]).settings.file != nil)
        #expect(try resolve("api --config=", "registry: memory", ["MICRO_CONFIG": "micro.yaml"]).settings.file == nil)
    }

    @Test(
        "a value is written as for a flag, or as a list where there are several",
        arguments: [
            ("trusted_proxies: [10.0.0.0/8, 192.168.0.0/16]", SettingKey.trustedProxies),
            ("trusted_proxies:\n  - 10.0.0.0/8\n  - 192.168.0.0/16\n", .trustedProxies),
            ("trusted_proxies: 10.0.0.0/8,192.168.0.0/16", .trustedProxies),
            ("trusted_proxies: \"10.0.0.0/8,192.168.0.0/16\"", .trustedProxies),
            ("{trusted_proxies: [10.0.0.0/8, 192.168.0.0/16]}", .trustedProxies),
            ("\u{feff}trusted_proxies: [10.0.0.0/8, 192.168.0.0/16]", .trustedProxies),
        ])
    func lists(file: String, key: SettingKey) throws {
        let settings = try resolve("api --config=micro.yaml", file).settings
        #expect(settings.addressRanges(key).map(\.description) == ["10.0.0.0/8", "192.168.0.0/16"])
    }

    @Test("a file that says nothing is no mistake", arguments: ["", "# Nothing.\n", "---\n", "~", "{}"])
    func empty(file: String) throws {
        let outcome = try resolve("api --config=micro.yaml", file)
        #expect(outcome.problems == [])
        #expect(outcome.settings.file?.values.isEmpty == true)
    }

    @Test func `settings of other commands that serve may stand in the file`() throws {
        let outcome = try resolve("api --config=micro.yaml", "web_address: :9082\nproxy_endpoint: http://localhost:1")
        #expect(outcome.problems == [])
        #expect(outcome.warnings == [])
    }

    @Test func `what the original had and we do without is warned of, with its place`() throws {
        let outcome = try resolve("api --config=micro.yaml", "\nstore: file\nreport_usage: false\n")
        #expect(outcome.problems == [])
        #expect(
            outcome.warnings.first == "store (micro.yaml:2) has no effect: this version stores nothing")
    }

    @Test func `listed gateways are like the one of the flags in what they leave out`() throws {
        let file = """
            api_type: srv
            listeners:
              - name: public
                address: 127.0.0.1:1
                namespace: com.example
              - name: internal
                address: 127.0.0.1:2
                handler: http
                resolver: host
                type: api
                enable_rpc: true
              - name: admin
                serves: dashboard
                address: 127.0.0.1:3
                namespace: go.micro.web
            """
        let outcome = try resolve("server --config=micro.yaml --namespace=org.example", file)
        #expect(outcome.problems == [])
        #expect(outcome.warnings == [])
        let configuration = ApplianceConfiguration(outcome.settings)
        let (first, second) = (configuration.gateways[0], configuration.gateways[1])
        #expect(configuration.gateways.map(\.name) == ["public", "internal"])
        #expect(configuration.gateways.map(\.address.port) == [1, 2])
        #expect(configuration.gateways.map(\.origin) == ["micro.yaml:3", "micro.yaml:6"])
        #expect(first.namespace == .fixed("com.example.srv"))
        #expect(second.namespace == .fixed("org.example.api"))
        #expect((first.resolver, second.resolver) == ("micro", "host"))
        #expect((first.rpcAccess, second.rpcAccess) == (.thisMachine, .everyone))
        #expect(configuration.web?.address.port == 3)
        #expect(outcome.settings.origin(.webNamespace) == .file("micro.yaml:15"))
    }

    @Test func `the dashboard's own command does not mind the gateways of the file`() throws {
        let file = "listeners: [{name: a, address: ':1'}]"
        #expect(ApplianceConfiguration(try resolve("web --config=micro.yaml", file).settings).gateways.isEmpty)
        #expect(ApplianceConfiguration(try resolve("demo --config=micro.yaml", file).settings).gateways.count == 1)
    }

    @Test func `what every listed gateway says itself is said in vain by a flag`() throws {
        let file = "listeners: [{name: a, address: ':1', handler: rpc}, {name: b, address: ':2'}]"
        let outcome = try resolve("api --config=micro.yaml --address=:3 --handler=http", file)
        #expect(
            outcome.warnings == [
                "api_address (from --address) has no effect: every gateway in the configuration file has its own"
            ])
    }

    @Test func `a table may be taken over from another one, and changed`() throws {
        let file = """
            listeners:
              - &one {name: a, address: "127.0.0.1:0", handler: http, resolver: host}
              - <<: *one
                name: b
                resolver: path
            """
        let outcome = try resolve("api --config=micro.yaml", file)
        #expect(outcome.problems == [])
        let gateways = ApplianceConfiguration(outcome.settings).gateways
        #expect(gateways.map(\.resolver) == ["host", "path"])
        #expect(gateways.map(\.name) == ["a", "b"])
        #expect(gateways[0].handler == gateways[1].handler)
    }

    @Test func `routes say which requests they are for, and what becomes of them`() throws {
        let file = """
            routes:
              - path: /v1/orders/{id}
                methods: [GET, DELETE]
                hosts: ["*.example.com", Shop.example]
                service: go.micro.api.orders
                endpoint: Orders.Read
                response_body: order
              - path: /files/{path=**}
                handler: proxy
                service: files
                strip_prefix: /files
              - path: /v1/orders
                methods: POST
                service: go.micro.api.orders
                endpoint: Orders.Create
                body: "*"
                stream: true
              - {path: "/v1/orders/{id}", methods: PUT, service: o, endpoint: A.B, body: order}
              - {path: "/topics/{topic}", handler: event}
            """
        let outcome = try resolve("api --config=micro.yaml", file)
        #expect(outcome.problems == [])
        let rules = ApplianceConfiguration(outcome.settings).routes
        #expect(
            rules.map(\.condition.description) == [
                "GET,DELETE *.example.com,shop.example/v1/orders/{id}", "any /files/{path=**}", "POST /v1/orders",
                "PUT /v1/orders/{id}", "any /topics/{topic}",
            ])
        #expect(rules.map(\.kind) == [.rpc, .http, .rpc, .rpc, .event])
        #expect(rules.map(\.services) == [["go.micro.api.orders"], ["files"], ["go.micro.api.orders"], ["o"], []])
        #expect(rules.map(\.endpoint) == ["Orders.Read", "", "Orders.Create", "A.B", ""])
        #expect(rules.map(\.body) == [.merged, .merged, .message, .field("order"), .merged])
        #expect(rules.map { $0.strippedPrefix.map { "\($0)" } } == [nil, "/files", nil, nil, nil])
        #expect(rules[0].answer?.names == ["order"])
        #expect(rules.map(\.isStream) == [false, false, true, false, false])
        #expect(rules[1].origin == "configuration file micro.yaml:8")
    }
}
