import Gateway

// The rows about what operators declare while the program runs.

extension Setting {
    static let operating: [Setting] = [
        Setting(
            .stateDir, .text("directory"), ["MICRO_STATE_DIR"], in: [.api, .server, .demo], group: .routing,
            "The folder below which routes and limits of micro api add and set are kept; micro in the user's folder for"
                + " state when empty"),
        row(
            .routePath, "path", .text("path"), [.apiAdd, .apiSet, .apiList, .apiDelete],
            "The path, such as /user, or a template such as /user/{id}; for a list, what it begins with"),
        row(
            .routeMethods, "method", .list("methods"), [.apiAdd, .apiSet, .apiDelete],
            "The methods that are meant; all when none is named. To delete only what is for all methods: any"),
        row(
            .routeHosts, "host", .list("hosts"), [.apiAdd, .apiSet, .apiDelete],
            "The hosts, such as example.com or *.example.com; all when none is named. To delete only what is for all"
                + " hosts: any"),
        row(
            .routeOrigin, "origin", .word(valid: RouteSource.allCases.map(\.rawValue), notYet: [], isExact: true),
            [.apiList], "Only routes that were declared so"),
        row(
            .routeHandler, "handler",
            .word(valid: HandlerKind.allCases.map(\.rawValue) + ["proxy"], notYet: [], isExact: true), [.apiAdd],
            default: HandlerKind.rpc.rawValue, "What becomes of requests"),
        row(
            .routeService, "service", .text("name"), [.apiAdd],
            "The service, by the name that it is registered under, or what follows the namespace in it"),
        row(
            .routeNamespace, "namespace", .text("name"), [.apiAdd],
            "What the service's name begins with if there is none as given; the gateway's when unset"),
        row(
            .routeEndpoint, "endpoint", .text("name"), [.apiAdd],
            "The endpoint, such as User.Create; what the path says, or the service's only one, when unset"),
        row(
            .routePrefix, "strip_prefix", .text("path"), [.apiAdd],
            "The beginning of the path, such as /shop, that is taken off before requests are passed on; for handlers http,"
                + " proxy and web. The service is told it in X-Forwarded-Prefix"),
        row(
            .limitRequests, "requests", .integer(RateLimit.requestCounts), [.apiSet],
            "How many requests pass within the window, from all clients together"),
        row(
            .limitWindow, "window", .duration(.seconds(1) ... .seconds(RateLimit.windows.upperBound)), [.apiSet],
            default: "1m", "How long that is, in whole seconds, from the first of them"),
    ]

    private static func row(
        _ key: SettingKey, _ name: String, _ kind: SettingKind, _ commands: Set<CommandName>,
        default fallback: String? = nil, _ help: String
    ) -> Setting {
        Setting(
            key, kind, ["MICRO_\(key.rawValue.uppercased())"], default: fallback, in: commands,
            as: [ShortName(name: name, commands: commands)], group: .routing, isCommon: true, help)
    }
}
