// The one table of settings. Flags, variables, defaults, checks and help texts all come from these rows.

import HTTP
import Reactor

extension Setting {
    /// Every setting, in the order of the help.
    static let all =
        sources + listening + routing + discovery + calls + access + encryption + acme + limits + logs + asking
        + operating

    private static let both: Set<CommandName> = [.server, .demo]
    private static let apiCommands = both.union([.api])
    private static let proxyingCommands = apiCommands.union([.proxy])
    private static let webCommands = both.union([.web])

    private static func name(_ name: String, in commands: Set<CommandName>) -> [ShortName] {
        [ShortName(name: name, commands: commands)]
    }

    private static let sources: [Setting] = [
        Setting(
            .config, .text("file"), ["MICRO_CONFIG"], in: CommandName.serving.union([.config]), group: .sources,
            isCommon: true, "Read settings and routes from this file, in YAML")
    ]

    /// What each gateway in a configuration file may say itself.
    static let ofOneGateway: [SettingKey] = [
        .apiAddress, .apiHandler, .apiNamespace, .apiType, .apiResolver, .enableRPC, .enableCORS,
        .allowedOrigins, .corsHeaders, .encodedSlashes, .insecureRegistry,
    ]

    private static let listening: [Setting] = [
        Setting(
            .apiAddress, .address, ["MICRO_API_ADDRESS"], default: ":8080", in: apiCommands,
            as: name("address", in: [.api]), group: .listening, isCommon: true,
            "Where the gateway listens"),
        Setting(
            .webAddress, .address, ["MICRO_WEB_ADDRESS"], default: ":8082", in: webCommands.union(CommandName.asking),
            as: name("address", in: [.web]), group: .listening, isCommon: true,
            "Where the dashboard listens"),
        Setting(
            .proxyAddress, .address, ["MICRO_PROXY_ADDRESS", "MICRO_SERVER_ADDRESS"], default: ":8081", in: [.proxy],
            as: name("address", in: [.proxy]), group: .listening, isCommon: true,
            "Where the proxy listens"),
        Setting(
            .insecureDashboard, .boolean, ["MICRO_INSECURE_DASHBOARD"], default: "false", in: webCommands,
            group: .listening, isCommon: true,
            "Open the dashboard to everyone"),
        Setting(
            .publicDirectory, .text("directory"), ["MICRO_PUBLIC_DIR"], in: webCommands, group: .listening,
            "Where the files of the dashboard lie"),
    ]

    private static let routing: [Setting] = [
        Setting(
            .apiHandler,
            .word(
                valid: ["meta", "rpc", "api", "http", "proxy", "web", "event", "cloudevents", "broker", "registry"],
                notYet: [], isExact: true),
            ["MICRO_API_HANDLER"], default: "meta", in: apiCommands, as: name("handler", in: apiCommands),
            group: .routing, isCommon: true,
            "What becomes of requests"),
        Setting(
            .apiNamespace, .text("name"), ["MICRO_API_NAMESPACE", "MICRO_NAMESPACE"], default: "go.micro",
            in: apiCommands, as: name("namespace", in: apiCommands), group: .routing, isCommon: true,
            "What names of services begin with; blank for none, domain to take it from the host"),
        Setting(
            .apiType, .text("type"), ["MICRO_API_TYPE"], default: "api", in: apiCommands,
            as: name("type", in: apiCommands), group: .routing, isCommon: true,
            "What follows the namespace in names"),
        Setting(
            .apiResolver, .word(valid: ["micro", "path", "vpath", "host", "grpc"], notYet: [], isExact: true),
            ["MICRO_API_RESOLVER"], default: "micro", in: apiCommands, as: name("resolver", in: apiCommands),
            group: .routing, isCommon: true,
            "How a request names its service and endpoint"),
        Setting(
            .enableRPC, .boolean, ["MICRO_API_ENABLE_RPC"], in: apiCommands, group: .routing, isCommon: true,
            "Who may call any service at /rpc: true everyone, false nobody, unset this machine"),
        Setting(
            .enableCORS, .boolean, ["MICRO_API_ENABLE_CORS"], default: "true", in: proxyingCommands, group: .routing,
            "Let pages of the allowed origins read answers, and answer browsers that ask if they may"),
        Setting(
            .allowedOrigins, .origins, ["MICRO_ALLOWED_ORIGINS"], in: proxyingCommands, group: .routing,
            "Whose pages may read answers and open WebSockets; when unset, pages of localhost may read, and micro proxy"
                + " leaves it to the server"),
        Setting(
            .corsHeaders, .list("names"), ["MICRO_CORS_HEADERS"], in: proxyingCommands, group: .routing,
            "Header fields that such pages may send besides the usual ones, such as X-Tenant,X-App-*"),
        Setting(
            .encodedSlashes, .word(valid: EncodedSlashes.allCases.map(\.rawValue), notYet: []),
            ["MICRO_ENCODED_SLASHES"], default: "keep", in: proxyingCommands, group: .routing,
            "What %2F in a path is: a byte of its segment, a reason to refuse it, or a slash"),
        Setting(
            .insecureRegistry, .boolean, ["MICRO_INSECURE_REGISTRY"], default: "false", in: apiCommands,
            group: .routing,
            "Let other machines register and deregister through the handler registry without any login"),
        Setting(
            .enableStats, .boolean, ["MICRO_ENABLE_STATS"], default: "false", in: apiCommands.union([.web]),
            group: .routing,
            "Count answers, and tell of them at /stats, of each gateway and of the dashboard"),
        Setting(
            .descriptors, .list("files"), ["MICRO_DESCRIPTORS"], in: apiCommands.union([.proxy]), group: .routing,
            "Descriptor sets of protoc: types of gRPC services, and routes that they declare"),
        Setting(
            .broker,
            .word(
                valid: ["http", "memory"],
                notYet: ["nats", "service", "eats", "kafka", "rabbitmq", "redis", "sqs", "mqtt", "stan", "nsq"]),
            ["MICRO_BROKER"], default: "http", in: apiCommands, group: .routing,
            "Where messages go: to Go Micro's subscribers in the registry, or to this process alone"),
        Setting(
            .brokerAddress, .address, ["MICRO_BROKER_ADDRESS"], in: apiCommands, group: .routing,
            "Where the broker http takes messages for WebSockets; a port of 127.0.0.1 when unset"),
        Setting(
            .learnRoutes, .boolean, ["MICRO_LEARN_ROUTES"], default: "true", in: CommandName.serving, group: .routing,
            "Ask gRPC services by reflection for their types and the routes that they declare"),
        Setting(
            .webNamespace, .text("name"), ["MICRO_WEB_NAMESPACE"], default: "go.micro", in: webCommands,
            as: name("namespace", in: [.web]), group: .routing,
            "What the names of web services begin with; domain to take it from the host"),
        Setting(
            .webResolver, .word(valid: ["path", "domain", "subdomain"], notYet: [], isExact: true),
            ["MICRO_WEB_RESOLVER"], default: "path", in: webCommands, as: name("resolver", in: [.web]), group: .routing,
            "How a request names its web service: by its path, or by the name below the dashboard's domain"),
        Setting(
            .webURL, .text("host"), ["MICRO_WEB_HOST"], in: webCommands, group: .routing,
            "The dashboard's host, such as web.example.com; with resolver subdomain shop.example.com is then a service"),
        Setting(
            .proxyEndpoint, .text("url"), ["MICRO_PROXY_ENDPOINT"], in: [.proxy], as: name("endpoint", in: [.proxy]),
            group: .routing,
            "The server to pass requests on to, when the command line names none"),
    ]

    private static let registryUsers = CommandName.discovering.union(CommandName.asking)
        .subtracting(CommandName.askingTheRunning)

    private static let discovery: [Setting] = [
        Setting(
            .registry,
            .word(
                valid: ["mdns", "memory"],
                notYet: [
                    "etcd", "etcdv3", "consul", "nats", "service", "kubernetes", "zookeeper", "eureka", "gossip",
                ]),
            ["MICRO_REGISTRY"], default: "mdns", in: registryUsers, group: .discovery, isCommon: true,
            "Where services are found"),
        Setting(
            .registryAddress, .list("addresses"), ["MICRO_REGISTRY_ADDRESS"], in: registryUsers, group: .discovery,
            "The addresses of the registry, for those that have one"),
        Setting(
            .mdnsInterfaces, .list("names"), ["MICRO_MDNS_INTERFACES"], in: registryUsers, group: .discovery,
            "The network interfaces to ask for services; all that can multicast when empty"),
        Setting(
            .staticNodes, .staticNodes, ["MICRO_STATIC_NODE"], in: CommandName.discovering, group: .discovery,
            "Nodes that no registry knows; may be given several times"),
        Setting(
            .serverName, .text("name"), ["MICRO_SERVER_NAME"], in: CommandName.discovering, group: .discovery,
            "The name to register ourselves under; that of the command in go.micro when empty"),
        Setting(
            .registerTTL, .duration(.seconds(1) ... .seconds(86_400)), ["MICRO_REGISTER_TTL"], default: "60",
            in: CommandName.discovering.union([.register]), group: .discovery,
            "How long a registration lasts unless it is renewed"),
        Setting(
            .registerInterval, .duration(.seconds(1) ... .seconds(86_400)), ["MICRO_REGISTER_INTERVAL"],
            default: "30", in: CommandName.discovering, group: .discovery,
            "How often our registrations are renewed"),
    ]

    private static let calling: Set<CommandName> = [.call, .stream]

    private static let calls: [Setting] = [
        Setting(
            .selector, .word(valid: ["random", "roundrobin"], notYet: ["dns", "router", "static"]),
            ["MICRO_SELECTOR"], default: "random", in: CommandName.discovering, group: .calls,
            "Which node is asked"),
        Setting(
            .clientRequestTimeout, .duration(.milliseconds(1) ... .seconds(86_400)), ["MICRO_CLIENT_REQUEST_TIMEOUT"],
            default: "5s", in: CommandName.serving.union(CommandName.asking), group: .discovery, isCommon: true,
            "How long a call may take with retries"),
        Setting(
            .clientRetries, .integer(0...100), ["MICRO_CLIENT_RETRIES"], default: "1",
            in: CommandName.serving.union(calling), group: .calls,
            "How many other nodes are tried when one did not take the call"),
        Setting(
            .clientPoolSize, .integer(0...100_000), ["MICRO_CLIENT_POOL_SIZE"], default: "100",
            in: CommandName.serving, group: .calls,
            "How many idle connections are kept for each node"),
        Setting(
            .clientPoolTTL, .duration(.zero ... .seconds(86_400)), ["MICRO_CLIENT_POOL_TTL"], default: "60s",
            in: CommandName.serving, group: .calls,
            "How long an idle connection to a node is kept"),
    ]

    private static func limit(
        _ key: SettingKey, _ kind: SettingKind, default fallback: String?, isCommon: Bool = false, _ help: String
    ) -> Setting {
        row(key, kind, default: fallback, group: .limits, isCommon: isCommon, help)
    }

    private static let patience: SettingKind = .duration(.milliseconds(1) ... .seconds(86_400))

    private static let limits: [Setting] = [
        limit(
            .loops, .integer(LoopGroup.allowedCounts), default: nil,
            "How many event loops run; one for each core when unset"),
        limit(
            .drainTimeout, .duration(.zero ... .seconds(86_400)), default: "10s",
            "How long running requests may take to end after a signal to stop"),
        limit(
            .handshakeTimeout, patience, default: "10s", "How long a client may take to agree on TLS"),
        limit(.headerTimeout, patience, default: "10s", "How long a client may take to send the head of a request"),
        limit(.idleTimeout, patience, default: "75s", "How long a connection may wait for its next request"),
        limit(.bodyTimeout, patience, default: "30s", "How long a client may pause while it sends a body"),
        limit(
            .tunnelIdleTimeout, patience, default: "1h",
            "How long a WebSocket that is passed on may be silent in both directions"),
        limit(
            .streamIdleTimeout, patience, default: "10m",
            "How long a stream of messages may be silent in both directions"),
        limit(.maxRequestLine, .size(256...(1 << 20)), default: "8KiB", "The longest request line"),
        limit(.maxHeaderBytes, .size(1_024...(16 << 20)), default: "64KiB", "The longest head of a request"),
        limit(.maxHeaderFields, .integer(10...10_000), default: "100", "The most header fields of a request"),
        limit(.maxRPCBody, .size(1_024...(1 << 30)), default: "4MiB", "The longest body that becomes an RPC message"),
        limit(
            .compression, .word(valid: ["own", "all", "none"], notYet: []), default: "own",
            "Which answers are compressed when the client accepts it: our own, or also those passed on"),
        limit(
            .compressionMinimum, .size(0...(1 << 30)), default: "1KiB", "The shortest answer that is compressed"),
        limit(.maxConnections, .integer(1...10_000_000), default: "16384", "The most connections at a time"),
        limit(
            .maxStreams, .integer(1...10_000), default: "100",
            "The most requests at a time on one connection of HTTP/2"),
        limit(
            .trustedProxies, .addressRanges, default: nil, "Whose X-Forwarded fields are believed"),
    ]

    private static let logs: [Setting] = [
        limit(.accessLog, .boolean, default: "true", "Log every request").moved(to: .logs),
        Setting(
            .logLevel, .word(valid: ["debug", "info", "warning", "error"], notYet: []), ["MICRO_LOG_LEVEL"],
            default: "info", in: CommandName.serving, group: .logs, isCommon: true,
            "The least important level that is logged"),
        Setting(
            .logFormat, .word(valid: ["auto", "text", "json"], notYet: []), ["MICRO_LOG_FORMAT"], default: "auto",
            in: CommandName.serving, group: .logs,
            "How logs look; auto is text on a terminal, else JSON"),
    ]

    private static let asking: [Setting] = [
        Setting(
            .serverAddress, .address, ["MICRO_SERVER_ADDRESS"], in: CommandName.asking, group: .discovery,
            isCommon: true,
            "The dashboard of a running micro to ask, instead of looking for one on this machine"),
        Setting(
            .callAddress, .address, ["MICRO_ADDRESS"], in: calling, as: name("address", in: calling), group: .calls,
            isCommon: true,
            "The node to call, without discovery"),
        Setting(
            .healthAddress, .address, ["MICRO_HEALTH_ADDRESS"], in: [.health], as: name("address", in: [.health]),
            group: .calls, isCommon: true,
            "The node to ask, without discovery"),
        Setting(
            .metadata, .list("key=value"), ["MICRO_METADATA"], in: calling.union([.publish]), group: .calls,
            isCommon: true,
            "What to send along with the call; may be given several times"),
        Setting(
            .explainHost, .text("host"), ["MICRO_EXPLAIN_HOST"], in: [.explain], group: .routing, isCommon: true,
            "The host that the request asks for; default localhost"),
        Setting(
            .explainHeader, .list("fields"), ["MICRO_EXPLAIN_HEADER"], in: [.explain], group: .routing, isCommon: true,
            "Fields of its head, such as 'Content-Type: application/json'; may be given several times"),
        Setting(
            .explainData, .text("body"), ["MICRO_EXPLAIN_DATA"], in: [.explain], group: .routing, isCommon: true,
            "Its body"),
        Setting(
            .explainGateway, .text("name"), ["MICRO_EXPLAIN_GATEWAY"], in: [.explain], group: .routing, isCommon: true,
            "Which gateway of the program is asked; default the first"),
        Setting(
            .explainOutput, .word(valid: ["text", "json"], notYet: []), ["MICRO_EXPLAIN_OUTPUT"], default: "text",
            in: [.explain], as: name("output", in: [.explain]), group: .output, isCommon: true,
            "How the explanation is printed"),
        Setting(
            .output, .word(valid: ["json", "raw"], notYet: []), ["MICRO_OUTPUT"], default: "json", in: calling,
            as: name("o", in: calling), group: .output, isCommon: true,
            "How the answer is printed: indented, or as it came"),
    ]

    private func moved(to group: Group) -> Setting {
        Setting(
            key, kind, environment, default: fallback, in: commands, as: shortNames, group: group, isCommon: isCommon,
            help)
    }
}
