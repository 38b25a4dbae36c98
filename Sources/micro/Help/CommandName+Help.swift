// What the help says about each command. Kept together, so that the words stay alike.

extension CommandName {
    /// The commands in the order of the help.
    static let sections: [(heading: String, commands: [CommandName])] = [
        ("Serve until stopped", [.demo, .api, .web, .server, .proxy]),
        ("Ask about services", [.list, .get, .call, .stream, .publish, .health, .explain]),
        ("Change the registry", [.register, .deregister]),
        ("Change a running gateway", [.apiAdd, .apiSet, .apiList, .apiDelete]),
        ("About micro", [.config, .version, .help]),
    ]

    /// The command with its words.
    var synopsis: String {
        switch self {
        case .api, .web, .server, .demo, .version: rawValue
        case .proxy: "proxy URL"
        case .list: "list services"
        case .get: "get service NAME"
        case .call: "call SERVICE ENDPOINT [JSON...]"
        case .stream: "stream SERVICE ENDPOINT [JSON...]"
        case .publish: "publish TOPIC JSON"
        case .health: "health SERVICE"
        case .explain: "explain METHOD PATH"
        case .register: "register service JSON"
        case .deregister: "deregister service JSON"
        case .apiAdd: "api add route"
        case .apiSet: "api set limit"
        case .apiList: "api list routes|limits"
        case .apiDelete: "api delete route|limit"
        case .config: "config check|show [WORD]"
        case .help: "help [COMMAND]"
        }
    }

    /// One line, without a period.
    var summary: String {
        switch self {
        case .api: "serve HTTP requests by calling services"
        case .web: "serve the dashboard"
        case .server: "serve the gateway and the dashboard"
        case .demo: "serve both, with toy services to try"
        case .proxy: "serve by passing requests on to one server"
        case .list: "list what is registered"
        case .get: "show the nodes and endpoints of a service"
        case .call: "call an endpoint and print the answer"
        case .stream: "call an endpoint and print its answers as they come"
        case .publish: "send a message to all who are subscribed to a topic"
        case .health: "ask every node of a service how it is"
        case .explain: "tell where a request would go, and why"
        case .register: "add a service to the registry"
        case .deregister: "take a service out of the registry"
        case .apiAdd: "declare a route"
        case .apiSet: "limit the requests to a path"
        case .apiList: "list all routes with their origins, or the limits"
        case .apiDelete: "take a route or a limit back"
        case .config: "check a configuration file, or show what is in effect"
        case .version: "print the version"
        case .help: "explain a command, or all settings"
        }
    }

    /// Two that work as they stand.
    var examples: [String] {
        switch self {
        case .api: ["micro api --handler=rpc --namespace=go.micro.api", "MICRO_API_ADDRESS=127.0.0.1:9090 micro api"]
        case .web: ["micro web", "micro web --address=127.0.0.1:9082"]
        case .server:
            ["micro server --config=micro.yaml", "micro server --api_address=:80 --web_address=127.0.0.1:8082"]
        case .demo: ["micro demo", "micro demo --registry=memory"]
        case .proxy: ["micro proxy http://localhost:9000", "micro proxy :9000 --address=:80"]
        case .list: ["micro list services", "micro list services --server_address=gateway.local:8082"]
        case .get: ["micro get service go.micro.srv.greeter", "micro --registry=mdns get service go.micro.api.greeter"]
        case .call:
            [
                "micro call go.micro.srv.greeter Say.Hello '{\"name\":\"John\"}'",
                "micro call --output=raw --address=127.0.0.1:4000 greeter Say.Hello",
            ]
        case .stream:
            [
                "micro stream go.micro.srv.greeter Say.Stream '{\"count\":3}'",
                "micro stream --output=raw --address=127.0.0.1:4000 greeter Say.Stream",
            ]
        case .publish:
            [
                "micro publish events '{\"hello\":\"world\"}'",
                "micro publish --metadata=Key=value events '{\"hello\":\"world\"}'",
            ]
        case .explain:
            [
                "micro explain GET /greeter/say/hello",
                "micro explain POST /items --host=shop.example.com --data='{\"id\":7}'",
            ]
        case .health: ["micro health go.micro.srv.greeter", "micro health --address=127.0.0.1:4000 greeter"]
        case .register:
            [
                "micro register service '{\"name\":\"foo\",\"nodes\":[",
                "    {\"id\":\"foo-1\",\"address\":\"127.0.0.1:4000\",",
                "     \"metadata\":{\"protocol\":\"mucp\"}}]}'",
                "micro register service --register_ttl=10m \"$(cat foo.json)\"",
            ]
        case .deregister:
            [
                "micro deregister service '{\"name\":\"foo\"}'",
                "micro deregister service '{\"name\":\"foo\",\"nodes\":[{\"id\":\"foo-1\"}]}'",
            ]
        case .apiAdd:
            [
                "micro api add route --path=/user --method=POST --service=user-service",
                "micro api add route --path=/user/{id} --service=users --endpoint=User.Read",
                "micro api add route --path=/shop/** --strip_prefix=/shop \\",
                "    --handler=http --service=shop",
            ]
        case .apiSet:
            [
                "micro api set limit --path=/user --requests=100 --window=1m",
                "micro api set limit --path=/reports/** --requests=5",
                "micro api set limit --path=/user --method=POST --host=example.com --requests=5",
            ]
        case .apiList: ["micro api list routes", "micro api list routes --origin=registry", "micro api list limits"]
        case .apiDelete:
            [
                "micro api delete route --path=/user --method=POST --host=example.com",
                "micro api delete limit --path=/user --method=POST",
            ]
        case .config: ["micro config check micro.yaml", "micro config show --config=micro.yaml"]
        case .version: ["micro version", "micro --version"]
        case .help: ["micro help api", "micro help settings"]
        }
    }
}
