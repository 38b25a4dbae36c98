import Gateway
import HTTP
import Resolvers
import Testing

/// A request to the dashboard's address, and which of the registered services gets it.
struct WebRow: Sendable, CustomTestStringConvertible {
    let number: Int
    let mode: WebResolver.Mode
    let host: String
    let path: String
    let service: String?
    let target: String
    let namespace: String

    init(
        _ number: Int, _ mode: WebResolver.Mode, _ host: String, _ path: String, _ service: String?,
        _ target: String = "", namespace: String = "go.micro"
    ) {
        (self.number, self.mode, self.host, self.path) = (number, mode, host, path)
        (self.service, self.target, self.namespace) = (service, target, namespace)
    }

    var testDescription: String { "row \(number), \(mode) \(host)\(path)" }

    /// Everything that is registered where a row asks for something else that is not.
    static let registered: Set<String> = [
        "go.micro.web.home", "go.micro.web.foobar", "go.micro.web.hello", "go.micro.web.account", "foo.web.bar",
        "go.micro.web.bar", "go.micro.web.shop", "go.micro.web.a-b", "go.micro.web.b.a", "com.example.web.shop",
        "staging.web.bar",
    ]

    static let all = [
        WebRow(89, .domain, "web.micro.mu", "/home", "go.micro.web.home", "/"),
        WebRow(90, .path, "localhost:8082", "/foobar", "go.micro.web.foobar", "/"),
        WebRow(91, .path, "web.micro.mu", "/foobar", "go.micro.web.foobar", "/"),
        WebRow(92, .path, "127.0.0.1:8082", "/hello", "go.micro.web.hello", "/"),
        WebRow(93, .domain, "account.micro.mu", "/", "go.micro.web.account", "/"),
        WebRow(94, .domain, "foo.m3o.app", "/bar", "foo.web.bar", "/bar"),
        WebRow(95, .path, "demo.m3o.app", "/bar", "go.micro.web.bar", "/"),
        WebRow(96, .path, "any.example", "/shop", "go.micro.web.shop", "/"),
        WebRow(96, .path, "any.example", "/shop/", "go.micro.web.shop", "/"),
        WebRow(97, .path, "any.example", "/shop/x/y", "go.micro.web.shop", "/x/y"),
        WebRow(98, .path, "any.example", "/", nil),
        WebRow(99, .path, "any.example", "/-x", nil),
        WebRow(99, .path, "any.example", "/a_b", nil),
        WebRow(99, .path, "any.example", "/a.b", nil),
        WebRow(99, .path, "any.example", "/sh%6Fp", nil),
        WebRow(100, .path, "any.example", "/a-b/x", "go.micro.web.a-b", "/x"),
        WebRow(101, .path, "any.example", "/nosuch", nil),
        WebRow(102, .subdomain, "account.micro.mu", "/shop/x", "go.micro.web.account", "/shop/x"),
        WebRow(103, .subdomain, "a.b.micro.mu", "/", "go.micro.web.b.a", "/"),
        WebRow(104, .subdomain, "foo.m3o.app", "/bar", "foo.web.bar", "/bar"),
        WebRow(105, .subdomain, "foo.m3o.app", "/shop/x", "go.micro.web.shop", "/x"),
        WebRow(106, .subdomain, "example.com", "/shop/x", "com.example.web.shop", "/shop/x"),
        WebRow(107, .subdomain, "example.com", "/bar", "go.micro.web.bar", "/"),
        WebRow(108, .subdomain, "8.8.8.8", "/shop/x", "go.micro.web.shop", "/x"),
        WebRow(109, .path, "localhost", "/shop/x", "com.example.web.shop", "/x", namespace: "com.example"),
        WebRow(110, .path, "staging.myapp.com", "/bar/x", "staging.web.bar", "/x", namespace: "domain"),
        // Micro v2 went on with the path where the host named nothing, which gave a host to whoever came first.
        WebRow(316, .subdomain, "nosuch.micro.mu", "/shop/x", nil),
        WebRow(319, .path, "staging.myapp.com", "/shop/x", nil, namespace: "domain"),
        WebRow(0, .path, "localhost", "/shop?a=/b", "go.micro.web.shop", "/?a=/b"),
        WebRow(0, .path, "localhost", "/shop/a%2Fb?c", "go.micro.web.shop", "/a%2Fb?c"),
        WebRow(0, .subdomain, "shop.localhost:8082", "/a?b", "go.micro.web.shop", "/a?b"),
        WebRow(0, .subdomain, "SHOP.localhost", "/", "go.micro.web.shop", "/"),
        WebRow(0, .subdomain, "localhost:8082", "/shop/a", "go.micro.web.shop", "/a"),
        WebRow(0, .subdomain, "shop.micro.mu", "/x", "com.example.web.shop", "/x", namespace: "com.example.web"),
        WebRow(0, .path, "localhost", "/shop/", nil, namespace: "org.example"),
    ]
}

struct WebResolverTests {
    private func resolver(_ mode: WebResolver.Mode, _ namespace: String = "go.micro", host: String? = nil)
        -> WebResolver
    {
        WebResolver(
            mode: mode, namespace: Namespace(configured: namespace, type: "web"), ownNames: ["Workshop"], host: host)
    }

    @Test("every request of the table finds its web service", arguments: WebRow.all)
    func resolves(row: WebRow) {
        let head = RequestHead(target: row.path, authority: row.host)
        let found = (try? resolver(row.mode, row.namespace).destinations(of: head)) ?? []
        let chosen = found.first { WebRow.registered.contains($0.service) }
        #expect(chosen?.service == row.service)
        #expect((chosen?.target ?? "") == row.target)
    }

    @Test func `what is taken off the path is told, and whether a slash is missing`() throws {
        let byPath = resolver(.path)
        let short = try byPath.destinations(of: RequestHead(target: "/shop?x"))[0]
        #expect((short.prefix, short.target, short.lacksSlash) == ("/shop", "/?x", true))
        let long = try byPath.destinations(of: RequestHead(target: "/shop/"))[0]
        #expect((long.prefix, long.lacksSlash) == ("/shop", false))
        let byHost = try resolver(.subdomain).destinations(of: RequestHead(target: "/x", authority: "shop.localhost"))[
            0]
        #expect((byHost.prefix, byHost.lacksSlash) == ("", false))
    }

    @Test(
        "no other request names a web service",
        arguments: [RequestHead(method: .options, target: "*"), RequestHead(method: .connect, target: "shop:80")])
    func nothing(head: RequestHead) {
        let error = #expect(throws: GatewayError.self) { try resolver(.path).destinations(of: head) }
        #expect(error?.status == .notFound)
    }

    @Test(
        "the dashboard answers for itself, and a host of its own is the service's",
        arguments: [
            // With paths, everything is the dashboard's first.
            (WebResolver.Mode.path, "shop.micro.mu", "/a/b", "go.micro", WebPart.dashboard),
            // 1: no host, and this machine's.
            (.subdomain, "", "/a/b", "go.micro", .dashboard),
            (.subdomain, "workshop:8082", "/a/b", "go.micro", .dashboard),
            // 2: addresses.
            (.subdomain, "10.1.2.3", "/a/b", "go.micro", .dashboard),
            (.domain, "[::1]:80", "/a/b", "go.micro", .dashboard),
            // 3: the namespace, reversed.
            (.subdomain, "web.micro.mu", "/a/b", "go.micro", .dashboard),
            (.domain, "web.micro.mu", "/a/b", "go.micro", .dashboard),
            (.subdomain, "web.example.com", "/a/b", "com.example", .dashboard),
            // 4: nothing above the domain.
            (.subdomain, "localhost", "/a/b", "go.micro", .dashboard),
            (.subdomain, "example.com", "/a/b", "go.micro", .dashboard),
            (.subdomain, "micro.mu", "/a/b", "go.micro", .dashboard),
            (.subdomain, "com", "/a/b", "go.micro", .dashboard),
            // 5: by type, namespace and path.
            (.subdomain, "shop.micro.mu", "/", "go.micro", .service),
            (.subdomain, "shop.micro.mu", "/services", "go.micro", .service),
            (.subdomain, "shop.micro.mu", "/a/b", "com.example", .service),
            (.subdomain, "shop.localhost:8082", "/service/x", "go.micro", .service),
            (.domain, "shop.micro.mu", "/", "go.micro", .dashboard),
            (.domain, "shop.micro.mu", "/x", "go.micro", .dashboard),
            (.domain, "shop.micro.mu", "/service/x", "go.micro", .dashboard),
            (.domain, "shop.micro.mu", "/x/", "go.micro", .service),
            (.subdomain, "foo.m3o.app", "/", "go.micro", .dashboard),
            (.subdomain, "foo.m3o.app", "/bar", "go.micro", .dashboard),
            (.subdomain, "foo.m3o.app", "/service/x", "go.micro", .dashboard),
            (.subdomain, "foo.m3o.app", "/bar/x", "go.micro", .service),
            (.subdomain, "foo.m3o.app", "/bar/x", "com.example", .dashboard),
            (.subdomain, "foo.m3o.app", "/bar/x", "domain", .dashboard),
        ])
    func parts(mode: WebResolver.Mode, host: String, path: String, namespace: String, part: WebPart) {
        let head = RequestHead(target: path, authority: host)
        #expect(resolver(mode, namespace).part(for: head) == part)
    }

    @Test(
        "the dashboard's host says where the hosts of services are",
        arguments: [
            ("web.example.com", "web.example.com", WebPart.dashboard, "/"),
            ("web.example.com", "shop.example.com", .service, "go.micro.web.shop"),
            ("dash.example.com", "dash.example.com", .dashboard, "/"),
            ("dash.example.com", "shop.dash.example.com", .service, "go.micro.web.shop"),
        ])
    func ownHost(own: String, host: String, part: WebPart, service: String) throws {
        let resolver = resolver(.subdomain, host: own)
        let head = RequestHead(target: "/shop/x", authority: host)
        #expect(resolver.part(for: head) == part)
        if part == .service { #expect(try resolver.destinations(of: head).map(\.service) == [service]) }
    }

    @Test(
        "links lead to where the service is found",
        arguments: [
            (WebResolver.Mode.path, "localhost:8082", "shop", "shop/"), (.path, "localhost", "b.a", nil),
            (.path, "localhost", "a_b", nil), (.domain, "web.micro.mu", "shop", "shop/"),
            (.subdomain, "localhost:8082", "shop", "https://shop.localhost:8082/"),
            (.subdomain, "web.micro.mu", "b.a", "https://a.b.micro.mu/"),
            (.subdomain, "web.micro.mu", "web", nil),
            (.subdomain, "127.0.0.1:8082", "shop", "shop/"), (.subdomain, "foo.example.com", "shop", "shop/"),
        ] as [(WebResolver.Mode, String, String, String?)])
    func links(mode: WebResolver.Mode, host: String, label: String, reference: String?) {
        let head = RequestHead(authority: host)
        #expect(resolver(mode).reference(toApplication: label, from: head, scheme: "https") == reference)
    }
}
