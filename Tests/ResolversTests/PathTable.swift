import Testing

/// L03. What each resolver makes of one path, in the namespace `go.micro.api`, which is left out here. Nil means that the
/// resolver finds no service named.
struct Row: Sendable, CustomTestStringConvertible {
    let number: Int
    let path: String
    let service: String
    let endpoint: String
    let proxied: String?
    let versioned: String
    let first: String
    let package: String?

    init(
        _ number: Int, _ path: String, _ service: String, _ endpoint: String, _ proxied: String?, _ versioned: String,
        _ first: String, _ package: String?
    ) {
        (self.number, self.path, self.service, self.endpoint) = (number, path, service, endpoint)
        (self.proxied, self.versioned, self.first, self.package) = (proxied, versioned, first, package)
    }

    var testDescription: String { "row \(number), \(path)" }

    /// Rows 1 and 63, the root and no path at all, have tests of their own. Where Micro v2 makes a name that no service
    /// can have, or reads `//` and `..` in some resolvers only (15, 59 to 62), this is what we do instead.
    ///
    /// number, path, RPC service, RPC endpoint, proxy, vpath, path, grpc.
    static let all = [
        Row(2, "/foo", "foo", "Foo.Call", "foo", "foo", "foo", nil),
        Row(3, "/foo/", "foo", "Foo.Call", "foo", "foo", "foo", nil),
        Row(4, "/foo/bar", "foo", "Foo.Bar", "foo", "foo", "foo", nil),
        Row(5, "/foo/bar/", "foo", "Foo.Bar", "foo", "foo", "foo", nil),
        Row(6, "/foo/bar/baz", "foo", "Bar.Baz", "foo", "foo", "foo", nil),
        Row(7, "/foo/foo/bar", "foo", "Foo.Bar", "foo", "foo", "foo", nil),
        Row(8, "/foo/bar/baz-xyz", "foo", "Bar.BazXyz", "foo", "foo", "foo", nil),
        Row(9, "/foo/bar/baz/cat", "foo.bar", "Baz.Cat", "foo", "foo", "foo", nil),
        Row(10, "/foo/bar/baz/cat/", "foo.bar", "Baz.Cat", "foo", "foo", "foo", nil),
        Row(11, "/foo/bar/baz/cat/car", "foo.bar.baz", "Cat.Car", "foo", "foo", "foo", nil),
        Row(12, "/foo/fooBar/bazCat", "foo", "FooBar.BazCat", "foo", "foo", "foo", nil),
        Row(13, "/greeter/say/hello", "greeter", "Say.Hello", "greeter", "greeter", "greeter", nil),
        Row(14, "/v1", "v1", "V1.Call", "v1", "v1", "v1", nil),
        Row(15, "/v1/", "v1", "V1.Call", "v1", "v1", "v1", nil),
        Row(16, "/v1/foo", "v1", "V1.Foo", "v1.foo", "v1.foo", "v1", nil),
        Row(17, "/v1/foo/", "v1", "V1.Foo", "v1.foo", "v1.foo", "v1", nil),
        Row(18, "/v1/foo/bar", "v1.foo", "Foo.Bar", "v1.foo", "v1.foo", "v1", nil),
        Row(19, "/v1/foo/bar/", "v1.foo", "Foo.Bar", "v1.foo", "v1.foo", "v1", nil),
        Row(20, "/v1/foo/bar/baz", "v1.foo", "Bar.Baz", "v1.foo", "v1.foo", "v1", nil),
        Row(21, "/v1/foo/bar/baz/cat", "v1.foo.bar", "Baz.Cat", "v1.foo", "v1.foo", "v1", nil),
        Row(22, "/v2/foo/bar", "v2.foo", "Foo.Bar", "v2.foo", "v2.foo", "v2", nil),
        Row(23, "/v2/foo/bar/baz", "v2.foo", "Bar.Baz", "v2.foo", "v2.foo", "v2", nil),
        Row(24, "/v2/baz", "v2", "V2.Baz", "v2.baz", "v2.baz", "v2", nil),
        Row(25, "/v10/foo/bar", "v10.foo", "Foo.Bar", "v10.foo", "v10.foo", "v10", nil),
        Row(26, "/v1/v2/foo", "v1.v2", "V2.Foo", "v1.v2", "v1.v2", "v1", nil),
        Row(27, "/v1/v2/foo/bar", "v1.v2", "Foo.Bar", "v1.v2", "v1.v2", "v1", nil),
        Row(28, "/V1/foo/bar", "V1", "Foo.Bar", "V1", "V1", "V1", nil),
        Row(29, "/v1a/foo/bar", "v1a", "Foo.Bar", "v1a", "v1a", "v1a", nil),
        Row(30, "/v/foo/bar", "v", "Foo.Bar", "v", "v", "v", nil),
        Row(31, "/v1.2/foo/bar", "v1.2", "Foo.Bar", nil, "v1.2", "v1.2", "v1"),
        Row(32, "/foo/v1/bar", "foo", "V1.Bar", "foo", "foo", "foo", nil),
        Row(33, "/Foo/Bar", "Foo", "Foo.Bar", "Foo", "Foo", "Foo", nil),
        Row(34, "/FOO/BAR", "FOO", "FOO.BAR", "FOO", "FOO", "FOO", nil),
        Row(35, "/f", "f", "F.Call", "f", "f", "f", nil),
        Row(36, "/f-b", "f-b", "FB.Call", "f-b", "f-b", "f-b", nil),
        Row(37, "/foo-bar", "foo-bar", "FooBar.Call", "foo-bar", "foo-bar", "foo-bar", nil),
        Row(38, "/foo-bar-baz", "foo-bar-baz", "FooBarBaz.Call", "foo-bar-baz", "foo-bar-baz", "foo-bar-baz", nil),
        Row(39, "/foo-bar/baz-qux", "foo-bar", "FooBar.BazQux", "foo-bar", "foo-bar", "foo-bar", nil),
        Row(40, "/foo/bar-baz", "foo", "Foo.BarBaz", "foo", "foo", "foo", nil),
        Row(41, "/foo--bar/baz", "foo--bar", "FooBar.Baz", nil, "foo--bar", "foo--bar", nil),
        Row(42, "/-foo/bar", "-foo", "Foo.Bar", nil, "-foo", "-foo", nil),
        Row(43, "/foo-/bar", "foo-", "Foo.Bar", nil, "foo-", "foo-", nil),
        Row(44, "/foo_bar/baz_qux", "foo_bar", "Foo_bar.Baz_qux", nil, "foo_bar", "foo_bar", nil),
        Row(45, "/foo.bar", "foo.bar", "Foo.Bar.Call", nil, "foo.bar", "foo.bar", "foo"),
        Row(46, "/foo.bar/baz", "foo.bar", "Foo.Bar.Baz", nil, "foo.bar", "foo.bar", "foo"),
        Row(47, "/foo/Say.Hello", "foo", "Foo.Say.Hello", "foo", "foo", "foo", nil),
        Row(48, "/.x/y", ".x", ".X.Y", nil, ".x", ".x", nil),
        Row(49, "/1foo/2bar", "1foo", "1foo.2bar", "1foo", "1foo", "1foo", nil),
        Row(50, "/foo:bar/baz", "foo:bar", "Foo:Bar.Baz", nil, "foo:bar", "foo:bar", nil),
        Row(51, "/foo bar/baz qux", "foo bar", "Foo Bar.Baz Qux", nil, "foo bar", "foo bar", nil),
        Row(52, "/日本/語", "日本", "日本.語", nil, "日本", "日本", nil),
        Row(53, "/favicon.ico", "favicon.ico", "Favicon.Ico.Call", nil, "favicon.ico", "favicon.ico", "favicon"),
        Row(54, "/rpc", "rpc", "Rpc.Call", "rpc", "rpc", "rpc", nil),
        Row(55, "/greeter.Say/Hello", "greeter.Say", "Greeter.Say.Hello", nil, "greeter.Say", "greeter.Say", "greeter"),
        Row(
            56, "/go.micro.srv.greeter.Say/Hello", "go.micro.srv.greeter.Say", "Go.Micro.Srv.Greeter.Say.Hello", nil,
            "go.micro.srv.greeter.Say", "go.micro.srv.greeter.Say", "go.micro.srv.greeter"),
        Row(57, "/Say/Hello", "Say", "Say.Hello", "Say", "Say", "Say", nil),
        Row(58, "/a.b.c.D/E/F", "a.b.c.D", "E.F", nil, "a.b.c.D", "a.b.c.D", "a.b.c"),
        Row(59, "/foo/../bar", "bar", "Bar.Call", "bar", "bar", "bar", nil),
        Row(60, "/./foo/bar", "foo", "Foo.Bar", "foo", "foo", "foo", nil),
        Row(61, "/foo//bar", "foo", "Foo.Bar", "foo", "foo", "foo", nil),
        Row(62, "//foo/bar", "foo", "Foo.Bar", "foo", "foo", "foo", nil),
    ]
}
