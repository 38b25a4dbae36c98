import Testing

@testable import micro

/// What is wrong with a file, as an operator reads it.
struct ConfigurationProblemTests {
    private func problems(_ text: String) -> [Problem] {
        ConfigurationReader.read("micro.yaml", Array(text.utf8)).problems
    }

    @Test(
        "a mistake is shown with its place, its line and what is right",
        arguments: [
            (
                "registry: memory\nretrys: 3\n",
                """
                micro.yaml:2:1: unknown key retrys; micro help settings lists them
                 2 | retrys: 3
                   | ^^^^^^

                """
            ),
            (
                "regisrty: memory",
                """
                micro.yaml:1:1: unknown key regisrty; did you mean registry?
                 1 | regisrty: memory
                   | ^^^^^^^^

                """
            ),
            (
                "adress: :1",
                """
                micro.yaml:1:1: unknown key adress; did you mean api_address, web_address or proxy_address?
                 1 | adress: :1
                   | ^^^^^^

                """
            ),
            (
                "{api_resolver: hst}",
                """
                micro.yaml:1:16: api_resolver: hst is not micro, path, vpath, host or grpc; did you mean host?
                 1 | {api_resolver: hst}
                   |                ^^^

                """
            ),
            (
                "\n\n\n\n\n\n\n\n\nclient_retries: 300",
                """
                micro.yaml:10:17: client_retries: 300 is not a whole number from 0 to 100
                 10 | client_retries: 300
                    |                 ^^^

                """
            ),
            (
                "trusted_proxies:\n- 10.0.0.0/8\n- 10.0.0.0/99\n",
                """
                micro.yaml:3:3: trusted_proxies: 10.0.0.0/99 is not address ranges such as 10.0.0.0/8,fd00::/8
                 3 | - 10.0.0.0/99
                   |   ^^^^^^^^^^^

                """
            ),
            (
                "listeners:\n  - name: a\n    address: :1\n    handlr: rpc\n",
                """
                micro.yaml:4:5: unknown key handlr in a listener; did you mean handler?
                 4 |     handlr: rpc
                   |     ^^^^^^

                """
            ),
            (
                "routes:\n  - {path: '/a/{b', service: s, endpoint: A.B}\n",
                """
                micro.yaml:2:12: the path /a/{b is no template: the { of b has no }
                 2 |   - {path: '/a/{b', service: s, endpoint: A.B}
                   |            ^^^^^^^

                """
            ),
            (
                "registry:\n\tmemory",
                """
                micro.yaml:2:1: YAML is indented with blanks, and this is a tab
                 2 | \tmemory
                   | ^

                """
            ),
            (
                "rules:\n  - resource: service:orders:*\n    scope: user\n    acess: denied\n",
                """
                micro.yaml:4:5: unknown key acess in a rule; did you mean access?
                 4 |     acess: denied
                   |     ^^^^^

                """
            ),
            (
                "rules:\n  - resource: orders\n    scope: user\n",
                """
                micro.yaml:2:15: resource: orders is not type:name:endpoint, such as service:go.micro.api.orders:*
                 2 |   - resource: orders
                   |               ^^^^^^

                """
            ),
            (
                "log_level: \"\u{9b}31m loud\"",
                """
                micro.yaml:1:13: this is no YAML: control characters are not allowed
                 1 | log_level: "\u{fffd}31m loud"
                   |             ^

                """
            ),
        ])
    func golden(text: String, report: String) {
        #expect(problems(text).map(\.text).joined() == report)
    }

    @Test(
        "each of these is one mistake, at its place",
        arguments: [
            // Values.
            ("enable_tls: [true]", "1:13: enable_tls has a single value, and this is a list"),
            ("registry: {a: b}", "1:11: registry has a single value, and this is keys and values"),
            ("log_level:\n", "1:1: log_level has no value; write one, or take the line out"),
            ("log_level: ~", "1:1: log_level has no value; write one, or take the line out"),
            ("loops: \"2\"", "1:8: loops is no text; take the quotes away"),
            ("enable_tls: 'true'", "1:13: enable_tls is no text; take the quotes away"),
            ("acme_hosts: [a, [b]]", "1:17: an entry of acme_hosts is a single value, not a list"),
            ("output: json", "1:1: output is a flag, and nothing that a file can say"),
            ("config: other.yaml", "1:1: config is a flag, and nothing that a file can say"),
            ("plugin: x", "1:1: plugin is not supported yet: leave it out"),
            // The whole.
            ("memory", "1:1: a configuration file has keys and values, such as registry: memory"),
            ("- a", "1:1: a configuration file has keys and values, such as registry: memory"),
            ("? [a]\n: 1", "1:3: a key must be a single word, not a list"),
            ("registry: !!int 1", "1:11: tags such as tag:yaml.org,2002:int have no meaning here; leave it out"),
            ("registry: *a", "1:11: this alias stands for nothing: no anchor before it has its name"),
            ("a: 1\n---\nb: 2", "2:1: the file has one document, and this begins another"),
            ("a: 1\na: 2", "1:1: the key a stands more than once in this table, here first"),
            ("<<: [a]", "1:6: << takes over keys and values, and this is a single value"),
            // Listeners.
            ("listeners: {a: b}", "1:12: listeners is a list, and this is keys and values"),
            ("listeners: [a]", "1:13: a listener has keys and values, such as address: :8080"),
            ("listeners: [{address: ':1'}]", "1:13: a listener needs a name, such as name: public"),
            ("listeners: [{name: a}]", "1:13: a listener needs an address, such as address: :8080"),
            (
                "listeners: [{name: a b, address: ':1'}]",
                "1:20: a name has letters, digits, - . and _, and at most 64 of them"
            ),
            (
                "listeners: [{name: a, address: ':1'}, {name: a, address: ':2'}]",
                "1:46: a is the name of another listener"
            ),
            (
                "listeners: [{name: a, address: ':1'}, {name: b, address: ':1'}]",
                "1:58: :1 is the address of another listener (from micro.yaml:1)"
            ),
            (
                "listeners: [{name: a, address: ':1', serves: web}]", "1:46: serves: web is not gateway or dashboard"
            ),
            (
                "listeners: [{name: a, address: ':1', serves: dashboard, handler: rpc}]",
                "1:57: unknown key handler in the listener of the dashboard; "
                    + "it may have name, serves, address, namespace or resolver"
            ),
            (
                "web_address: :1\nlisteners: [{name: a, address: ':2', serves: dashboard}]",
                "2:23: web_address is given already (from micro.yaml:1)"
            ),
            // Routes.
            ("routes: 1", "1:9: routes is a list, and this is a single value"),
            ("routes: [a]", "1:10: a route has keys and values, such as path: /v1/orders/{id}"),
            (
                "routes: [{service: s, endpoint: A.B}]", "1:10: a route needs a path, such as path: /v1/orders/{id}"
            ),
            (
                "routes: [{path: /a, endpoint: A.B}]",
                "1:10: a route to a service needs its name, such as service: go.micro.api.orders"
            ),
            (
                "routes: [{path: /a, service: s}]",
                "1:10: a route that calls needs an endpoint, such as endpoint: Orders.Read"
            ),
            (
                "routes: [{path: /a, service: s, endpoint: A.B, methods: [get]}]",
                "1:58: get is no method; did you mean GET?"
            ),
            (
                "routes: [{path: /a, service: s, endpoint: A.B, hosts: 'a b'}]",
                "1:55: a b is no host, such as example.com or *.example.com"
            ),
            (
                "routes: [{path: /a, service: s, endpoint: A.B, handler: htp}]",
                "1:57: handler: htp is not rpc, api, http, web, event, cloudevents, broker or registry; "
                    + "did you mean http?"
            ),
            (
                "routes: [{path: /a, service: s, endpoint: A.B, handler: RPC}]",
                "1:57: handler: RPC is not rpc, api, http, web, event, cloudevents, broker or registry; "
                    + "did you mean rpc?"
            ),
            (
                "api_resolver: Path",
                "1:15: api_resolver: Path is not micro, path, vpath, host or grpc; did you mean path?"
            ),
            (
                "listeners: [{name: a, address: ':1', handler: META}]",
                "1:47: handler: META is not meta, rpc, api, http, proxy, web, event, cloudevents, broker or registry; "
                    + "did you mean meta?"
            ),
            (
                "routes: [{path: /a, service: s, endpoint: A.B, body: a-b}]", "1:54: body: a-b is no name of a field"
            ),
            (
                "routes: [{path: /a, service: s, endpoint: A.B}, {path: /a, service: t, endpoint: A.B}]",
                "1:56: requests for this already have a route: configuration file micro.yaml:1"
            ),
            (
                "routes: [{path: /shop/**, handler: http, service: s, strip_prefix: /shp}]",
                "1:68: strip_prefix: /shp is no beginning of the path /shop/** that can be taken off: write /shop"
            ),
            (
                "routes: [{strip_prefix: /shop, path: /shop/**, service: s, endpoint: A.B}]",
                "1:25: strip_prefix: only what is passed on has a path of which something can be taken off: with handler"
                    + " http, proxy or web, and this route has rpc"
            ),
            (
                "routes: [{path: /shop/**, handler: http, service: s, strip-prefix: /shop}]",
                "1:54: unknown key strip-prefix in a route; did you mean strip_prefix?"
            ),
            ("rules: x", "1:8: rules is a list, and this is a single value"),
            ("rules: []", "1:1: rules is empty; write one, or take the line out"),
            ("rules: [x]", "1:9: a rule has keys and values, such as resource: service:go.micro.api.orders:*"),
            (
                "rules: [{scope: user}]",
                "1:9: a rule needs a resource, such as resource: service:go.micro.api.orders:*"
            ),
            (
                "rules: [{resource: 'service:a:*'}]",
                "1:9: a rule needs a scope: <public> for everyone, \"*\" for every account, or that of some accounts"
            ),
            (
                "rules: [{resource: 'web:a:*', scope: user}]",
                "1:20: the type web does not exist here: write service or *"
            ),
            (
                "rules: [{resource: 'service:a:*', scope: user, access: grant}]",
                "1:56: access: grant is not granted or denied; did you mean granted?"
            ),
            (
                "rules: [{resource: 'service:a:*', scope: user, priority: high}]",
                "1:58: priority: high is not a whole number from -1000000 to 1000000"
            ),
            (
                "rules: [{id: a, resource: '*:*:*', scope: u}, {id: a, resource: '*:*:*', scope: v}]",
                "1:47: the id a is taken by another rule (micro.yaml:1)"
            ),
            (
                "routes: [{path: /a, service: s, endpoint: A.B, metods: GET}]",
                "1:48: unknown key metods in a route; did you mean methods?"
            ),
        ])
    func single(text: String, sentence: String) {
        #expect(problems(text).map(\.sentence) == ["micro.yaml:" + sentence])
    }

    @Test func `all mistakes are told, in the order of the file`() {
        let text = """
            loops: 0
            listeners:
              - name: a
                address: 8080
                handler: rcp
            routes:
              - path: a
                service: s
                endpoint: A.B
            auth_id: x
            """
        #expect(
            problems(text).map { $0.sentence.split(separator: " ").first ?? "" } == [
                "micro.yaml:1:8:", "micro.yaml:4:14:", "micro.yaml:5:14:", "micro.yaml:7:11:", "micro.yaml:10:1:",
            ])
    }

    @Test func `of very many mistakes the rest is counted`() {
        let text = (1...60).map { "wrong\($0)x: 1\n" }.joined()
        #expect(problems(text).count == 51)
        #expect(problems(text).last == .configuration("micro.yaml: and 10 more problems like these"))
    }

    @Test func `a mistake far to the right is shown with what is around it`() throws {
        let text = "{" + String(repeating: " ", count: 5_000) + "regisrty: memory}"
        let lines = try #require(problems(text).first).text.split(separator: "\n")
        #expect(lines[0].hasPrefix("micro.yaml:1:5002:"))
        #expect(lines[1].count < 120)
        #expect(lines[1].contains("regisrty: memory}"))
        #expect(lines[2].drop { $0 != "^" } == "^^^^^^^^")
        // The mark is under the word.
        #expect(lines[1].dropFirst(lines[2].prefix { $0 != "^" }.count).hasPrefix("regisrty"))
    }

    @Test("a file cannot be made to mean more than it says", arguments: 1...3)
    func bounds(which: Int) throws {
        let bomb = (1...9).map { "a\($0): &a\($0) [" + String(repeating: "*a\($0 - 1), ", count: 3) + "x]\n" }.joined()
        let (text, sentence) =
            switch which {
            case 1:
                ("a: " + String(repeating: "[", count: 500) + String(repeating: "]", count: 500), "deep in each other")
            case 2: ("a: &a 1\nb: [" + String(repeating: "*a, ", count: 33) + "]", "more than 32 aliases")
            default: ("a0: &a0 [" + String(repeating: "x, ", count: 60_000) + "]\n" + bomb, "more than 100000 values")
            }
        #expect(try #require(problems(text).first).sentence.contains(sentence))
        #expect(problems(text).count == 1)
    }

    @Test func `bytes that are no text are told by their line`() {
        let read = ConfigurationReader.read("micro.yaml", Array("a: 1\nb: \"".utf8) + [0xff, 0x22])
        #expect(read.problems == [.configuration("micro.yaml:2: this is no text in UTF-8")])
    }

    @Test func `every cut of a good file is read without a crash`() {
        let text = Array(
            "registry: memory # é\nlisteners:\n  - &a {name: a, address: \":1\"}\nroutes: [{path: /a, service: s}]\n"
                .utf8)
        for end in text.indices { _ = ConfigurationReader.read("micro.yaml", Array(text[..<end])) }
    }

    @Test(
        "a broken file ends with 78 whatever the flags say, and nothing is served",
        arguments: [
            (
                ["server", "--config=bad.yaml", "--registry=memory"],
                "bad.yaml:1:11: registry: x is not mdns or memory\n"
            ),
            (["config", "check", "bad.yaml"], "bad.yaml:1:11: registry: x is not mdns or memory\n"),
            (
                ["server", "--config=none.yaml"],
                "micro: the configuration file none.yaml (from --config) does not exist\n"
            ),
        ])
    func exitCode(arguments: [String], complaint: String) async {
        let outside = FakeOutside(files: ["bad.yaml": "registry: x"])
        let result = await run(arguments, in: outside)
        #expect(result.code == ExitCode.configuration)
        #expect(result.complaints.hasPrefix(complaint))
        #expect(result.output == "")
        #expect(outside.served.value.isEmpty)
    }

    @Test func `a broken file is no reason to guess what else may be missing`() async {
        let outside = FakeOutside(files: ["bad.yaml": "tls_cert_file: a\ntls_key_file: b\nlop: 1"])
        let result = await run(["server", "--config=bad.yaml", "--enable_tls", "--loops=0"], in: outside)
        #expect(result.complaints.split(separator: "\n").filter { !$0.hasPrefix(" ") }.count == 2)
        #expect(result.complaints.contains("--loops=0 is not"))
        #expect(!result.complaints.contains("enable_tls needs"))
    }
}
