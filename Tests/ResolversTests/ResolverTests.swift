import Gateway
import HTTP
import Resolvers
import Testing

struct ResolverTests {
    private static let namespace = Namespace.fixed("go.micro.api")

    private let rpc = MicroResolver(namespace: namespace, mode: .rpc)
    private let proxy = MicroResolver(namespace: namespace, mode: .proxy)
    private let versioned = VersionedPathResolver(namespace: namespace)
    private let path = PathResolver(namespace: namespace)

    /// Every resolver that reads the path.
    static let pathResolvers: [any Resolver] = [
        MicroResolver(namespace: namespace, mode: .rpc), MicroResolver(namespace: namespace, mode: .proxy),
        VersionedPathResolver(namespace: namespace), PathResolver(namespace: namespace), GRPCResolver(),
    ]

    @Test("every path of the table has its service and endpoint", arguments: Row.all)
    func resolves(row: Row) throws {
        let head = RequestHead(method: .post, target: row.path)
        let full = { "go.micro.api." + $0 }
        #expect(try rpc.resolve(head) == Destination(service: full(row.service), endpoint: row.endpoint))
        #expect(try versioned.resolve(head) == Destination(service: full(row.versioned), endpoint: "POST"))
        #expect(try path.resolve(head) == Destination(service: full(row.first), endpoint: "POST"))
        #expect(
            try EndpointResolver(path).resolve(head) == Destination(service: full(row.first), endpoint: row.endpoint))
        if let proxied = row.proxied {
            #expect(try proxy.resolve(head) == Destination(service: full(proxied), endpoint: "POST"))
        } else {
            #expect(throws: GatewayError.self) { try proxy.resolve(head) }
        }
        if let package = row.package {
            #expect(try GRPCResolver().resolve(head).service == package)
        } else {
            #expect(throws: GatewayError.self) { try GRPCResolver().resolve(head) }
        }
    }

    @Test(
        "a request that names no service is not found, and told how to name one",
        arguments: pathResolvers,
        [
            RequestHead(target: "/"), RequestHead(target: "//"), RequestHead(target: "/foo/.."),
            RequestHead(method: .options, target: "*"), RequestHead(method: .connect, target: "localhost:80"),
        ])
    func findsNothing(resolver: any Resolver, head: RequestHead) {
        let error = #expect(throws: GatewayError.self) { try resolver.resolve(head) }
        #expect(error?.status == .notFound)
        #expect(error?.report.detail.contains("Begin the path with one, as in /greeter.") == true)
    }

    @Test(
        "the proxy mode answers a name that no service has with a reason, rather than with an empty name",
        arguments: ["/foo_bar", "/foo.bar/x", "/foo-", "/-foo", "/foo--bar", "/v1/foo_bar/x", "/日本"])
    func refusesNames(target: String) {
        let error = #expect(throws: GatewayError.self) { try proxy.resolve(RequestHead(target: target)) }
        #expect(error?.status == .notFound)
        #expect(error?.report.detail.contains("letters and digits, with single hyphens") == true)
    }

    @Test(
        "the versioned path keeps the version, as the http handler of Micro v2 did",
        arguments: [
            ("/test/foo", "test"), ("/test/foo/baz", "test"), ("/v1/foo", "v1.foo"), ("/v1/foo/bar", "v1.foo"),
            ("/v2/baz", "v2.baz"), ("/v2/baz/bar", "v2.baz"),
        ])
    func keepsVersion(target: String, service: String) throws {
        let resolver = VersionedPathResolver(namespace: .fixed(""))
        #expect(try resolver.resolve(RequestHead(target: target)).service == service)
    }

    @Test(
        "a segment is decoded once before it becomes a name",
        arguments: [
            ("/f%6Fo/b%61r", "foo", "Foo.Bar"),
            ("/foo/b%2561r", "foo", "Foo.B%61r"),
            ("/%E6%97%A5%E6%9C%AC/%E8%AA%9E", "日本", "日本.語"),
            ("/foo%20bar/baz", "foo bar", "Foo Bar.Baz"),
            ("/x/%2e%2E/foo/bar", "foo", "Foo.Bar"),
            ("/%C3%B1andu", "ñandu", "Ñandu.Call"),
            ("/%C3%9Fa/x", "ßa", "ßa.X"),
        ])
    func decodes(target: String, service: String, endpoint: String) throws {
        let destination = try rpc.resolve(RequestHead(target: target))
        #expect(destination == Destination(service: "go.micro.api." + service, endpoint: endpoint))
    }

    @Test(
        "a name with an encoded slash, a control byte or broken encoding is a bad request for every resolver",
        arguments: pathResolvers, ["%2F", "%2f", "%00", "%0a", "%7F", "%", "%4", "%zz", "%ff", "%c3"])
    func refusesBytes(resolver: any Resolver, bytes: String) {
        let head = RequestHead(target: "/a.b\(bytes)")
        let error = #expect(throws: GatewayError.self) { try resolver.resolve(head) }
        #expect(error?.status == .badRequest)
    }

    @Test func `an encoded slash behind the name is the backend's business`() throws {
        let head = RequestHead(target: "/files/a%2Fb/%zz")
        #expect(try proxy.resolve(head).service == "go.micro.api.files")
        #expect(try path.resolve(head).service == "go.micro.api.files")
        #expect(throws: GatewayError.self) { try rpc.resolve(head) }
    }

    @Test(
        "a gRPC path is package, service and method; what is left of the last dot is the service asked for",
        arguments: [
            ("/helloworld.Greeter/SayHello", "helloworld", "Greeter.SayHello"),
            ("/go.micro.srv.greeter.Say/Hello", "go.micro.srv.greeter", "Say.Hello"),
            ("/a.b.c.D/E/F", "a.b.c", "POST"),
            ("/foo.bar", "foo", "POST"),
            ("/foo./bar", "foo", "POST"),
        ])
    func readsGRPC(target: String, service: String, endpoint: String) throws {
        let destination = try GRPCResolver().resolve(RequestHead(method: .post, target: target))
        #expect(destination == Destination(service: service, endpoint: endpoint))
    }

    @Test(
        "the host is the service, in lower case and without port, whatever the path",
        arguments: [
            ("go.micro.api.site", "/x", "go.micro.api.site"),
            ("go.micro.api.site:80", "/x", "go.micro.api.site"),
            ("127.0.0.1:8080", "/site/x", "127.0.0.1"),
            ("go.micro.api.site", "/", "go.micro.api.site"),
            ("go.Example.Site:8080", "/x", "go.example.site"),
            ("go.micro.api.site.", "/x", "go.micro.api.site"),
            ("[::1]", "/x", "[::1]"),
            ("[::1]:8080", "/x", "[::1]"),
        ])
    func readsHost(host: String, target: String, service: String) throws {
        let destination = try HostResolver().resolve(RequestHead(target: target, authority: host))
        #expect(destination == Destination(service: service, endpoint: "GET"))
    }

    @Test func `without a host, the host resolver finds nothing and says why`() {
        let error = #expect(throws: GatewayError.self) { try HostResolver().resolve(RequestHead(authority: "")) }
        #expect(error?.status == .notFound)
        #expect(error?.report.detail.contains("names no host") == true)
    }

    @Test func `each resolver has the name it is configured by`() {
        let names = Self.pathResolvers.map(\.name) + [HostResolver().name]
        #expect(names == ["micro", "micro", "vpath", "path", "grpc", "host"])
    }
}
