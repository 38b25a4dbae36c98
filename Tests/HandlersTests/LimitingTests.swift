import Gateway
import HTTP
import Handlers
import TestSupport
import Testing

struct LimitingTests {
    private let loop = ManualEventLoop()
    private let limits = Published(RateLimits())

    private func stage() -> Stage {
        Stage(loop: loop) { [loop, limits] in LimitingHandler(limits, loop: loop, next: Answering()) }
    }

    private func ask(_ stage: Stage, _ target: String) -> ScriptedExchange {
        let scripted = ScriptedExchange(RequestHead(method: .get, target: target, authority: "localhost"), on: loop)
        stage.play(scripted)
        return scripted
    }

    @Test func `all loops together answer as many requests as the limit says`() throws {
        limits.replace(with: RateLimits([try RateLimit(path: "/user", requests: 3, window: 60)]))
        let (one, two) = (stage(), stage())
        for stage in [one, two, one] { #expect(ask(stage, "/user").body == "answered") }
        for stage in [one, two] { #expect(ask(stage, "/user").failure?.code == .tooManyRequests) }
        #expect(ask(one, "/other").body == "answered")
    }

    @Test func `every answer tells how many requests are left, also one that is an error`() throws {
        limits.replace(with: RateLimits([try RateLimit(path: "/user/*", requests: 2, window: 60)]))
        let stage = stage()
        let told = ["/user/a", "/user/fail", "/user/a", "/other"].map { target in
            ask(stage, target).head?.fields["RateLimit"]
        }
        #expect(told == [#""default";r=1;t=60"#, #""default";r=0;t=60"#, nil, nil])
        #expect(ask(stage, "/user/a").failure?.excess?.wait == 60)
    }

    @Test func `what one request was told, the next on its connection is not`() throws {
        limits.replace(with: RateLimits([try RateLimit(path: "/user", requests: 2, window: 60)]))
        let scripted = ask(stage(), "/user")
        #expect(scripted.exchange.standing != nil)
        scripted.exchange.reset()
        #expect(scripted.exchange.standing == nil)
    }

    @Test func `a limit that is set or taken back holds from the next request on`() throws {
        let stage = stage()
        #expect(ask(stage, "/user").body == "answered")
        limits.replace(with: RateLimits([try RateLimit(path: "/user", requests: 1, window: 60)]))
        #expect(ask(stage, "/user").body == "answered")
        #expect(ask(stage, "/user").failure?.status == .tooManyRequests)
        limits.replace(with: RateLimits())
        #expect(ask(stage, "/user").body == "answered")
    }

    @Test func `a request that nothing limits is left to the next handler without a wait`() throws {
        limits.replace(with: RateLimits([try RateLimit(path: "/user", requests: 1, window: 60)]))
        let handler = LimitingHandler(limits, loop: loop, next: Answering())
        for (target, isLeft) in [("/user", false), ("/other", true)] {
            let scripted = ScriptedExchange(RequestHead(method: .get, target: target, authority: "localhost"), on: loop)
            // To be asked counts nothing.
            for _ in 0..<3 { #expect((handler.successor(for: scripted.exchange) != nil) == isLeft) }
        }
    }

    @Test func `a limit may count the requests of some methods and hosts alone, and says so`() throws {
        limits.replace(
            with: RateLimits([
                try RateLimit(path: "/user", methods: [.get], hosts: ["localhost"], requests: 1, window: 60)
            ]))
        let (stage, handler) = (stage(), LimitingHandler(limits, loop: loop, next: Answering()))
        #expect(ask(stage, "/user").body == "answered")
        #expect(ask(stage, "/user").failure?.detail.hasSuffix("in 60 s for GET localhost/user") == true)
        for (method, host) in [(HTTP.Method.post, "localhost"), (.get, "other")] {
            let head = RequestHead(method: method, target: "/user", authority: host)
            let scripted = ScriptedExchange(head, on: loop)
            stage.play(scripted)
            #expect(scripted.body == "answered")
            #expect(handler.explain(head, body: []).limit == nil)
        }
        let head = RequestHead(method: .get, target: "/user", authority: "localhost")
        #expect(handler.explain(head, body: []).limit == "1 requests in 60 s for GET localhost/user, 0 of them left")
    }

    @Test func `the limit explains itself, and to be explained counts nothing`() throws {
        limits.replace(with: RateLimits([try RateLimit(path: "/user", requests: 1, window: 60)]))
        let handler = LimitingHandler(limits, loop: loop, next: Answering())
        let head = RequestHead(method: .get, target: "/user", authority: "localhost")
        for _ in 0..<3 {
            #expect(handler.explain(head, body: []).limit == "1 requests in 60 s for /user, 1 of them left")
        }
        #expect(handler.explain(head, body: []).problem == nil)
        _ = limits.current.counter(for: head)?.take(at: loop.now)
        #expect(handler.explain(head, body: []).problem?.status == .tooManyRequests)
    }
}

private final class Answering: Handler {
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        let status: Status = exchange.request.path == "/user/fail" ? .notFound : .ok
        try await exchange.respond(status, contentType: "text/plain", text: "answered")
    }
}
