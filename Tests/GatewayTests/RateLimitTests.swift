import Gateway
import HTTP
import JSON
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
        #expect(limits.counter(for: head)?.limit.path == expected)
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
        arguments: [("user", 1, 1), ("/user", 0, 1), ("/user", 1, 0), ("/user", 1, 86_401), ("/{", 1, 1)])
    func wrong(path: String, requests: Int, window: Int) {
        #expect(throws: OperatorRefusal.self) { try RateLimit(path: path, requests: requests, window: window) }
    }
}
