import Gateway
import HTTP
import Resolvers
import Testing

struct NamespaceTests {
    @Test(
        "a namespace takes its type at most once, none when it is blank, and no dots from its end",
        arguments: [
            ("go.micro", "api", "go.micro.api"),
            ("go.micro.api", "api", "go.micro.api"),
            ("com.example", "api", "com.example.api"),
            ("com.example.api", "api", "com.example.api"),
            ("com.example.api.api", "api", "com.example.api.api"),
            ("go.micro", "srv", "go.micro.srv"),
            ("go.micro.srv", "srv", "go.micro.srv"),
            ("go.micro.api", "srv", "go.micro.api.srv"),
            (" ", "api", ""),
            ("", "api", ""),
            (" \t", "web", ""),
            (" com.example ", "api", "com.example.api"),
            ("go.micro.", "api", "go.micro.api"),
            ("go.micro.api.", "api", "go.micro.api"),
            ("com.example.. ", "api", "com.example.api"),
            (".", "api", ""),
            (" .. ", "api", ""),
            ("go.micro", " srv. ", "go.micro.srv"),
            ("go.micro", " ", "go.micro"),
            (".com.example.api. ", "api", "com.example.api"),
            ("api", "api", "api.api"),
            ("foo-", "api", "foo-.api"),
            ("foobar", "web", "foobar.web"),
            ("go.micro", "", "go.micro"),
        ])
    func isPrefix(configured: String, type: String, prefix: String) {
        #expect(Namespace(configured: configured, type: type) == .fixed(prefix))
        #expect(Namespace(configured: configured, type: type).name(for: RequestHead()) == prefix)
    }

    @Test(
        "a namespace may say its type itself",
        arguments: [
            ("go.micro.srv", "srv"), (" com.example.service. ", "service"), ("com.example.web", "web"),
            ("go.micro", nil), ("go.micro.api", nil), ("srv", nil), ("go.micro.nosrv", nil), ("domain", nil),
        ])
    func hasType(configured: String, type: String?) {
        #expect(Namespace.type(in: configured) == type)
    }

    @Test(
        "services of all types have a namespace in common",
        arguments: [
            ("go.micro", "api", "go.micro"), ("go.micro.api", "api", "go.micro"), ("go.micro.srv", "srv", "go.micro"),
            (" ", "api", ""), ("domain", "api", "go.micro"),
        ])
    func isCommon(configured: String, type: String, prefix: String) {
        #expect(Namespace(configured: configured, type: type, hasType: false).name(for: RequestHead()) == prefix)
    }

    @Test(
        "the namespace goes before the name, and without one the name stands alone",
        arguments: [
            ("go.micro", "go.micro.api.foo", "go.micro.api.v1.foo", "go.micro.api.v2.baz"),
            ("com.example", "com.example.api.foo", "com.example.api.v1.foo", "com.example.api.v2.baz"),
            ("foo-", "foo-.api.foo", "foo-.api.v1.foo", "foo-.api.v2.baz"),
            (" ", "foo", "v1.foo", "v2.baz"),
            ("", "foo", "v1.foo", "v2.baz"),
        ])
    func qualifies(configured: String, call: String, proxied: String, versioned: String) throws {
        let namespace = Namespace(configured: configured, type: "api")
        let rpc = MicroResolver(namespace: namespace, mode: .rpc)
        let proxy = MicroResolver(namespace: namespace, mode: .proxy)
        #expect(try rpc.resolve(RequestHead(target: "/foo/bar")).service == call)
        #expect(try proxy.resolve(RequestHead(target: "/v1/foo/bar")).service == proxied)
        let versionedPath = VersionedPathResolver(namespace: namespace)
        #expect(try versionedPath.resolve(RequestHead(target: "/v2/baz/bar")).service == versioned)
        #expect(try PathResolver(namespace: namespace).resolve(RequestHead(target: "/foo/bar")).service == call)
    }

    /// Hosts that say nothing about the namespace, and hosts under a registered domain.
    static let hosts = [
        ("micro.mu", "go.micro.web"),
        ("web.micro.mu", "go.micro.web"),
        ("foo.micro.mu", "go.micro.web"),
        ("micro.com.au", "go.micro.web"),
        ("myapp.com", "go.micro.web"),
        ("staging.myapp.com", "staging.web"),
        ("staging.myapp.m3o.app", "myapp.staging.web"),
        ("127.0.0.1", "go.micro.web"),
        ("81.151.101.146", "go.micro.web"),
        ("localhost", "go.micro.web"),
        // The case of letters, the port and the dot at the end say nothing.
        ("Staging.MyApp.com", "staging.web"),
        ("staging.myapp.com:8080", "staging.web"),
        ("staging.myapp.com.", "staging.web"),
        ("localhost:8082", "go.micro.web"),
        ("[::1]", "go.micro.web"),
        ("[2001:db8::1]:8080", "go.micro.web"),
        ("[::ffff:1.2.3.4]", "go.micro.web"),
        ("", "go.micro.web"),
        ("a..example.com", "go.micro.web"),
        // Suffixes of more than one label.
        ("foo.co.uk", "go.micro.web"),
        ("bar.foo.co.uk", "bar.web"),
        ("co.uk", "go.micro.web"),
        ("foo.bar.example.com", "bar.foo.web"),
        ("com", "go.micro.web"),
        ("stage.micro.com.au", "stage.web"),
        // A wildcard takes one label more; its exception takes one less.
        ("shop.foo.ck", "go.micro.web"),
        ("a.shop.foo.ck", "a.web"),
        ("www.ck", "go.micro.web"),
        ("a.www.ck", "a.web"),
        ("x.y.nom.br", "go.micro.web"),
        ("z.x.y.nom.br", "z.web"),
        ("a.b.c.kobe.jp", "a.web"),
        ("a.city.kobe.jp", "a.web"),
        // A domain of a suffix that nobody listed, and one with its own suffixes three labels deep.
        ("a.b.intern", "a.web"),
        ("a.b.aisai.aichi.jp", "a.web"),
        // Internationalised names are in their ASCII form, in the list as in the request.
        ("stage.xn--bcher-kva.example", "stage.web"),
        ("foo.xn--55qx5d.cn", "go.micro.web"),
        ("stage.foo.xn--55qx5d.cn", "stage.web"),
    ]

    /// B13.
    @Test("the namespace of a host is what stands before its registrable domain, reversed", arguments: hosts)
    func comesFromHost(host: String, prefix: String) {
        let namespace = Namespace(configured: "domain", type: "web")
        #expect(namespace.name(for: RequestHead(authority: host)) == prefix)
    }

    @Test func `the type goes into the namespace of the host`() throws {
        let resolver = MicroResolver(namespace: Namespace(configured: "domain", type: "api"), mode: .rpc)
        let head = RequestHead(target: "/foo/bar", authority: "staging.myapp.com")
        #expect(try resolver.resolve(head) == Destination(service: "staging.api.foo", endpoint: "Foo.Bar"))
    }

    @Test func `the description says what an operator must know`() {
        #expect(Namespace(configured: "go.micro", type: "api").description == "go.micro.api")
        #expect(Namespace(configured: " ", type: "api").description == "none")
        #expect(
            Namespace(configured: "domain", type: "api").description == "from the host, then .api; else go.micro.api")
    }
}
