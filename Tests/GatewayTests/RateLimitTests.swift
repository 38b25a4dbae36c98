import Gateway
import HTTP
import JSON
import TestSupport
import Testing

struct RateLimitTests {
    private let start = ContinuousClock.now

    private func counter(_ requests: Int, _ window: Int) throws -> RateCounter {
        RateCounter(try RateLimit(path: "/user", requests: requests, window: window))
    }

    @Test func `as many requests pass within a window as the limit says, and not one more`() throws {
        let counter = try counter(100, 60)
        for _ in 0..<100 { #expect(counter.take(at: start).excess == nil) }
        #expect(counter.take(at: start).excess?.wait == 60)
        #expect(counter.take(at: start + .milliseconds(30_500)).excess?.wait == 30)
        #expect(counter.take(at: start + .milliseconds(59_999)).excess?.wait == 1)
    }

    @Test func `a window begins with its first request, and not with the end of the one before`() throws {
        let counter = try counter(1, 10)
        #expect(counter.take(at: start).excess == nil)
        #expect(counter.take(at: start + .seconds(9)).excess != nil)
        #expect(counter.take(at: start + .seconds(15)).excess == nil)
        #expect(counter.take(at: start + .seconds(24)).excess?.wait == 1)
        #expect(counter.take(at: start + .seconds(25)).excess == nil)
    }

    @Test func `to look counts nothing`() throws {
        let counter = try counter(1, 10)
        for _ in 0..<3 { #expect(counter.look(at: start).left == 1) }
        #expect(counter.take(at: start).excess == nil)
        #expect(counter.look(at: start).left == 0)
        #expect(counter.look(at: start).excess?.wait == 10)
        #expect(counter.look(at: start + .seconds(10)).excess == nil)
    }

    @Test(
        "the most special template that fits the path decides",
        arguments: [
            ("/user", "/user"), ("/us%65r", "/user"), ("/user/7", "/user/{id}"), ("/user/", nil), ("/users", nil),
            ("/files", "/files/**"), ("/files/a/b", "/files/**"),
        ] as [(String, String?)])
    func templates(path: String, expected: String?) throws {
        let limits = RateLimits(
            try ["/user", "/user/{id}", "/files/**"].map { try RateLimit(path: $0, requests: 1, window: 1) })
        let head = RequestHead(method: .post, target: path, authority: "localhost")
        #expect(limits.counter(for: head)?.limit.name == expected)
    }

    @Test(
        "of several limits that fit the most special one counts: by host, then by path, then by method",
        arguments: [
            (HTTP.Method.get, "x.example", "/a", "any *.example/**"), (.get, "a.example", "/a", "any a.example/**"),
            (.post, "b.test", "/a", "POST /a"), (.put, "b.test", "/a", "/a"), (.get, "b.test", "/a", "GET /a"),
            (.head, "b.test", "/a", "GET /a"), (.post, "b.test", "/a/b", "/a/*"),
            (.post, "a.example:80", "/b", "POST a.example/b"),
            (.get, "b.test", "/c", "/c"), (.get, "A.Example.", "/c", "any a.example/**"), (.get, "b.test", "/d", nil),
            (.get, "b.test", "/e1", "DELETE,GET ^/e[0-9]$"), (.put, "b.test", "/e1", nil),
        ] as [(HTTP.Method, String, String, String?)])
    func conditions(method: HTTP.Method, host: String, path: String, expected: String?) throws {
        let conditions: [(String, [HTTP.Method], [String])] = [
            ("/a", [], []), ("/a", [.post], []), ("/a", [.get], []), ("/a/*", [], []), ("/c", [], []),
            ("/**", [], ["*.example"]), ("/**", [], ["a.example"]), ("/b", [.post], ["a.example"]),
            ("^/e[0-9]$", [.delete, .get], []),
        ]
        let limits = RateLimits(
            try conditions.map { try RateLimit(path: $0, methods: $1, hosts: $2, requests: 1, window: 1) })
        let head = RequestHead(method: method, target: path, authority: host)
        #expect(limits.counter(for: head)?.limit.name == expected)
    }

    @Test func `limits are found as routes are, over random conditions and requests`() async throws {
        try await onOwnThread {
            var dice = SeededNumbers(seed: 3)
            var found = 0
            for _ in 0..<200 {
                let rules = try RandomRoutes.rules(&dice)
                let index = RouteIndex(rules)
                let limits = RateLimits(try rules.map { try RateLimit(on: $0.condition, requests: 1, window: 1) })
                for _ in 0..<40 {
                    let head = RandomRoutes.head(&dice)
                    let limit = limits.counter(for: head)?.limit
                    #expect(limit?.condition == index.binding(of: head)?.rule.condition)
                    found += limit == nil ? 0 : 1
                }
            }
            #expect(found > 500)
        }
    }

    @Test func `a limit that stays as it is goes on counting when others change`() throws {
        let (user, other) = (
            try RateLimit(path: "/user", requests: 1, window: 60), try RateLimit(path: "/o", requests: 1, window: 60)
        )
        let head = RequestHead(method: .get, target: "/user", authority: "localhost")
        let old = RateLimits([user])
        #expect(old.counter(for: head)?.take(at: start).excess == nil)
        #expect(RateLimits([user, other], keeping: old).counter(for: head)?.take(at: start).excess != nil)
        let wider = try RateLimit(path: "/user", requests: 2, window: 60)
        #expect(RateLimits([wider], keeping: old).counter(for: head)?.take(at: start).excess == nil)
    }

    @Test func `the client is told the policy and when to come again`() throws {
        let counter = try counter(1, 60)
        _ = counter.take(at: start)
        let excess = try #require(counter.take(at: start + .seconds(20)).excess)
        var fields = HeaderFields()
        excess.write(to: &fields)
        #expect(fields["Retry-After"] == "40")
        #expect(fields["RateLimit-Policy"] == #""default";q=1;w=60"#)
        #expect(fields["RateLimit"] == #""default";r=0;t=40"#)
        let error = excess.error
        #expect(error.status == .tooManyRequests)
        #expect(try JSONParser.parse(error.report.text)["error"] == "too many requests")
        #expect(try JSONParser.parse(error.report.text)["code"] == 429)
    }

    @Test func `a request that passes is told how many more may follow, and when the next window begins`() throws {
        let counter = try counter(3, 60)
        var told: [String?] = []
        for seconds in [0, 20, 59, 60] {
            var fields = HeaderFields()
            counter.take(at: start + .seconds(seconds)).write(to: &fields)
            #expect(fields["RateLimit-Policy"] == #""default";q=3;w=60"#)
            #expect(fields["Retry-After"] == nil)
            told.append(fields["RateLimit"])
        }
        #expect(told == [2, 1, 0, 2].enumerated().map { "\"default\";r=\($1);t=\([60, 40, 1, 60][$0])" })
    }

    @Test(
        "limits of a node's own stay beside ours, which has another name then",
        arguments: [("RateLimit", "\"default\";r=1"), ("RateLimit-Policy", "\"default\";q=9")])
    func others(name: String, value: String) throws {
        var fields = HeaderFields()
        fields.append(name: name, value: value)
        try counter(3, 60).take(at: start).write(to: &fields)
        #expect(fields.values(named: name).contains(value))
        #expect(fields.values(named: "RateLimit").contains(#""gateway";r=2;t=60"#))
        #expect(fields.values(named: "RateLimit-Policy").contains(#""gateway";q=3;w=60"#))
    }

    @Test(
        "a limit that cannot be is refused",
        arguments: [
            (
                #"{"path":"user","requests":1,"window":1}"#,
                "the path user is no template: it does not begin with a slash"
            ),
            (#"{"path":"/{","requests":1,"window":1}"#, "the path /{ is no template: {} is no name of a field"),
            (#"{"path":"/u","requests":0,"window":1}"#, "requests must be 1 to 1000000000"),
            (#"{"path":"/u","requests":1,"window":0}"#, "window must be 1 to 86400 seconds"),
            (#"{"path":"/u","requests":1,"window":86401}"#, "window must be 1 to 86400 seconds"),
            (#"{"path":"/u","requests":1,"window":1,"methods":["post"]}"#, "post is no method, such as POST"),
            (#"{"path":"/u","requests":1,"window":1,"hosts":["a b"]}"#, "a host is wrong: a b is no host"),
            (#"{"path":"/u","requests":1,"window":1,"host":["a"]}"#, "a limit has no member host; did you mean hosts?"),
        ])
    func wrong(json: String, sentence: String) throws {
        let json = try JSONParser.parse(json)
        let refusal = #expect(throws: OperatorRefusal.self) { try RateLimit(json: json) }
        #expect(refusal?.sentence.hasPrefix(sentence) == true, "\(refusal?.sentence ?? "")")
    }
}
