import HTTP
import Testing

/// Section B of the hardening cases: which host is asked, and for what.
struct TargetAndHostTests {
    @Test(
        "the path, the query and the authority are found in each form of target",
        arguments: [
            ("GET", "/", "/", nil, "h:1"),
            ("GET", "/a/b?c=d?e", "/a/b", "c=d?e", "h:1"),
            ("GET", "/a?", "/a", "", "h:1"),
            ("GET", "//a", "//a", nil, "h:1"),
            ("GET", "/http://x/y", "/http://x/y", nil, "h:1"),
            ("GET", "http://b/x?y", "/x", "y", "b"),
            ("GET", "HTTP://b:80", "/", nil, "b:80"),
            ("GET", "http://b?y=/z", "/", "y=/z", "b"),
            ("OPTIONS", "*", "*", nil, "h:1"),
            ("OPTIONS", "http://b", "/", nil, "b"),
            ("CONNECT", "b:443", "", nil, "b:443"),
        ] as [(String, String, String, String?, String)])
    func parts(method: String, target: String, path: String, query: String?, authority: String) throws {
        let head = try parsedRequest("\(method) \(target) HTTP/1.1\r\nHost: h:1\r\n\r\n")
        #expect(head.target == target)
        #expect(head.path == path)
        #expect(String(head.pathSpan) == path)
        #expect(head.query == query)
        #expect(head.authority == authority)

        let made = RequestHead(method: head.method, target: target, authority: "h:1")
        #expect(made.path == path)
        #expect(made.query == query)
        #expect(made.authority == authority)
    }

    @Test(
        "a target of the wrong form is refused",
        arguments: [
            ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET http://user@a/x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET http://a:x/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /x#frag HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 421),
        ])
    func wrongForms(text: String, status: Int) {
        #expect(verdict(on: text) == status)
    }

    @Test func `over TLS, https is the scheme of a target and http is not`() throws {
        var parser = RequestParser(isSecure: true)
        var head = RequestHead()
        _ = try parser.parse("GET https://a/x HTTP/1.1\r\nHost: b\r\n\r\n".utf8.span, into: &head)
        #expect(head.authority == "a")
        let problem = #expect(throws: RequestProblem.self) {
            _ = try parser.parse("GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n".utf8.span, into: &head)
        }
        #expect(problem?.status == .misdirectedRequest)
    }

    @Test(
        "there is one host, and it is valid",
        arguments: [
            ("", 400),
            ("Host: a\r\nHost: a\r\n", 400),
            ("Host: a\r\nHost: b\r\n", 400),
            ("Host: a, b\r\n", 400),
            ("Host: a,b\r\n", 400),
            ("Host: user@a\r\n", 400),
            ("Host: a/b\r\n", 400),
            ("Host: a?x\r\n", 400),
            ("Host: a:99999\r\n", 400),
            ("Host: a:65536\r\n", 400),
            ("Host: a:+80\r\n", 400),
            ("Host: a:80:80\r\n", 400),
            ("Host: [::1\r\n", 400),
            ("Host: [::1]x\r\n", 400),
            ("Host: [::1]:x\r\n", 400),
            ("Host: []\r\n", 400),
            ("Host: [:1]\r\n", 400),
            ("Host: [1::2::3]\r\n", 400),
            ("Host: [1:2:3:4:5:6:7]\r\n", 400),
            ("Host: [1:2:3:4:5:6:7:8:9]\r\n", 400),
            ("Host: [12345::]\r\n", 400),
            ("Host: [::1.2.3]\r\n", 400),
            ("Host: [::1.2.3.256]\r\n", 400),
            ("Host: [fe80::1%25eth0]\r\n", 400),
            ("Host: ::1\r\n", 400),
            ("Host:\r\n", 400),
            ("Host: \t \r\n", 400),
            ("Host: a%2f\r\n", 400),
            ("Host: \u{fc}\r\n", 400),
            ("Host: a b\r\n", 400),
            ("Host_: a\r\n", 400),
            ("Host: a\r\n", 200),
            ("hOST:a:65535\r\n", 200),
            ("Host: a:\r\n", 200),
            ("Host: A.Example.\r\n", 200),
            ("Host: my_service-1.local\r\n", 200),
            ("Host: [::1]:8080\r\n", 200),
            ("Host: [::]\r\n", 200),
            ("Host: [1:2:3:4:5:6:7:8]\r\n", 200),
            ("Host: [1::]\r\n", 200),
            ("Host: [::ffff:127.0.0.1]\r\n", 200),
            ("Host: 127.0.0.1:8082.evil.test\r\n", 400),
        ])
    func hosts(field: String, status: Int) {
        #expect(verdict(on: "GET / HTTP/1.1\r\n\(field)\r\n") == status)
    }

    @Test func `HTTP 1.0 needs no host, but if it names one it must be valid`() {
        #expect(verdict(on: "GET / HTTP/1.0\r\n\r\n") == 200)
        #expect(verdict(on: "GET / HTTP/1.0\r\nHost: a, b\r\n\r\n") == 400)
    }

    @Test(
        "a host is compared without case, trailing dot and port",
        arguments: [
            ("A.Example.", "a.example"), ("a.example:8080", "a.example"), ("A.EXAMPLE.:80", "a.example"),
            ("[::FFFF]:80", "[::ffff]"), ("[::1]", "[::1]"), ("127.0.0.1:80", "127.0.0.1"), (".", "."),
        ])
    func normalisedHost(sent: String, host: String) throws {
        let head = try parsedRequest("GET / HTTP/1.1\r\nHost: \(sent)\r\n\r\n")
        #expect(head.authority == sent)
        #expect(head.host == host)
    }
}
