internal import Gateway
internal import HTTP

/// Finds the paths that lead to an endpoint, which is a resolver the other way round. Only such are found as the gateway
/// itself would take there.
struct PathFinder {
    private let resolver: any Resolver
    private let index: RouteIndex
    private let catalog: Catalog
    /// What clients write into `Host`.
    private let authority: String

    init(_ gateway: DocumentedGateway, _ index: RouteIndex, _ catalog: Catalog) {
        resolver = gateway.resolver
        self.index = index
        self.catalog = catalog
        authority = String(gateway.url.split(separator: "/", maxSplits: 1).last?.drop { $0 == "/" } ?? "")
    }

    /// The paths that the resolver takes to an endpoint, the shortest first. Empty when there is none.
    func paths(to endpoint: String, of service: String) -> [String] {
        let words = service.split(separator: ".", omittingEmptySubsequences: false)
        let parts = endpoint.split(separator: ".", maxSplits: 1).map(String.init)
        let destination = Destination(service: service, endpoint: endpoint)
        for start in words.indices {
            let prefix = words[start...].map { PercentEncoding.encode(String($0)) }
            var found: [String] = []
            for forms in candidates(prefix, parts) + [whole(service, parts)] {
                if let path = forms.first(where: { leads($0, to: destination) }), !found.contains(path) {
                    found.append(path)
                }
            }
            if !found.isEmpty { return found.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) } }
        }
        return []
    }

    /// Ways to name service and endpoint, each in several spellings of which one is enough. The usual one comes first.
    private func candidates(_ prefix: [String], _ endpoint: [String]) -> [[String]] {
        guard endpoint.count == 2 else { return [] }
        let spellings = { (word: String) in
            [word.prefix(1).lowercased() + word.dropFirst(), word].map(PercentEncoding.encode)
        }
        var full: [[String]] = []
        for type in spellings(endpoint[0]) {
            for method in spellings(endpoint[1]) { full.append(prefix + [type, method]) }
        }
        let short = spellings(endpoint[1]).map { prefix + [$0] }
        return [full, short, [prefix]].map { $0.map { "/" + $0.joined(separator: "/") } }
    }

    /// As gRPC writes it.
    private func whole(_ service: String, _ endpoint: [String]) -> [String] {
        guard endpoint.count == 2 else { return [] }
        return ["/\(PercentEncoding.encode("\(service).\(endpoint[0])"))/\(PercentEncoding.encode(endpoint[1]))"]
    }

    private func leads(_ path: String, to destination: Destination) -> Bool {
        (try? resolver.resolve(RequestHead(target: path, authority: authority))) == destination
    }

    /// Whether no declared route takes the requests with this method and path.
    func isFree(_ method: Method, _ path: String) -> Bool {
        guard let rule = rule(for: method, path, host: authority) else { return true }
        return rule.kind.nodeUse != nil && rule.destination(in: catalog) == nil
    }

    /// Whether requests that such a path stands for get to the rule.
    func reaches(_ rule: RouteRule, _ method: Method, _ path: String) -> Bool {
        let host: String =
            switch rule.condition.hosts.first {
            case .exact(let name): name
            case .below(let suffix): "sample\(suffix)"
            case nil: authority
            }
        return self.rule(for: method, path, host: host) === rule
    }

    private func rule(for method: Method, _ path: String, host: String) -> RouteRule? {
        index.binding(of: RequestHead(method: method, target: path, authority: host))?.rule
    }
}
