import Gateway
import HTTP
import Testing

struct AccessPolicyTests {
    private let policy = AccessPolicy(machineNames: ["Workshop"])

    private func request(
        _ method: Method = .get, host: String = "localhost:8082", _ fields: (String, String)...
    ) -> RequestHead {
        var head = RequestHead(method: method, target: "/", authority: host)
        for (name, value) in fields { head.fields.append(name: name, value: value) }
        return head
    }

    @Test(
        "hosts that name this machine are answered, with any port",
        arguments: [
            "localhost", "localhost:8082", "LOCALHOST:1", "localhost.", "demo.localhost:8082", "127.0.0.1",
            "127.0.0.1:8082", "127.8.9.10:8082", "[::1]", "[::1]:8082", "[0:0:0:0:0:0:0:1]:8082", "workshop:8082",
            "WORKSHOP",
        ])
    func own(host: String) {
        #expect(policy.refusal(of: request(host: host), isFromThisMachine: true) == nil)
    }

    @Test(
        "hosts that only resemble this machine's are misdirected",
        arguments: [
            "", "evil.test", "evil.test:8082", "127.0.0.1:8082.evil.test", "127.0.0.1.evil.test", "localhost.evil.test",
            "localhost:8082:1", "localhost:80x", "evil-localhost", "128.0.0.1", "0.0.0.0:8082", "127.1", "2130706433",
            "0x7f.0.0.1", "192.168.1.2", "[::]", "[::2]:8082", "[::1", "::1", "[::1].evil.test", "workshop.evil.test",
            "notworkshop", "user@localhost",
        ])
    func foreign(host: String) {
        #expect(policy.refusal(of: request(host: host), isFromThisMachine: true)?.status == .misdirectedRequest)
    }

    @Test func `a client elsewhere is refused, whatever host it asks for, and told what to do`() {
        let refusal = policy.refusal(of: request(), isFromThisMachine: false)
        #expect(refusal?.status == .forbidden)
        #expect(refusal?.sentence.contains("--insecure_dashboard") == true)
    }

    @Test(
        "pages of other sites cannot change or call anything",
        arguments: [
            ("Origin", "http://evil.test"), ("Origin", "null"), ("Origin", ""), ("Origin", "http://localhost"),
            ("Origin", "http://localhost:9000"), ("Origin", "localhost:8082"),
            ("Origin", "http://localhost:8082.evil.test"),
            ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"),
        ])
    func crossSite(field: String, value: String) {
        for policy in [policy, AccessPolicy(isInsecure: true)] {
            for method in [Method.post, .delete, .put] {
                let head = request(method, (field, value))
                #expect(policy.refusal(of: head, isFromThisMachine: true)?.status == .forbidden)
            }
            // A link to the dashboard on another site works, and reading its answers is the browser's to prevent.
            #expect(policy.refusal(of: request(.get, (field, value)), isFromThisMachine: true) == nil)
        }
    }

    @Test(
        "the dashboard's own page, and clients that are no browser, may call",
        arguments: [
            ("localhost:8082", "http://localhost:8082"), ("LOCALHOST:8082", "http://localhost:8082"),
            ("localhost", "http://localhost"), ("localhost:80", "http://localhost"),
            ("localhost", "https://localhost:443"),
            ("[::1]:8082", "http://[::1]:8082"),
        ])
    func sameSite(host: String, origin: String) {
        let head = request(.post, host: host, ("Origin", origin), ("Sec-Fetch-Site", "same-origin"))
        #expect(policy.refusal(of: head, isFromThisMachine: true) == nil)
        #expect(policy.refusal(of: request(.post, host: host), isFromThisMachine: true) == nil)
    }

    @Test func `one good origin does not excuse a second, foreign one`() {
        let head = request(.post, ("Origin", "http://localhost:8082"), ("Origin", "http://evil.test"))
        #expect(policy.refusal(of: head, isFromThisMachine: true)?.status == .forbidden)
    }

    @Test func `the insecure dashboard answers everyone`() {
        let policy = AccessPolicy(isInsecure: true)
        #expect(policy.refusal(of: request(host: "evil.test"), isFromThisMachine: false) == nil)
    }

    @Test func `names below a domain of this machine are its own, and no others`() {
        let policy = AccessPolicy(machineNames: ["web.example.com"], machineDomains: ["Example.com"])
        for host in ["shop.example.com", "a.b.example.com:8082", "web.example.com"] {
            #expect(policy.refusal(of: request(host: host), isFromThisMachine: true) == nil)
        }
        for host in ["example.com", "notexample.com", "shop.example.com.evil.test"] {
            #expect(policy.refusal(of: request(host: host), isFromThisMachine: true)?.status == .misdirectedRequest)
        }
    }

    @Test func `a page of another site opens no WebSocket, whose answers it could read`() {
        for (origin, isRefused) in [("http://evil.test", true), ("null", true), ("http://localhost:8082", false)] {
            let refusal = policy.refusal(
                of: request(.get, ("Origin", origin)), isFromThisMachine: true, opensTunnel: true)
            #expect((refusal != nil) == isRefused)
        }
    }
}
