import Gateway
import HTTP
import Handlers
import Logging
import Reactor
import Resolvers
import Server
import TestSupport
import Testing
import Upstream

/// A client, what passes requests on to web services, and their nodes, on a loop that is turned by hand.
private struct WebRig: TwoSided {
    static let address = "10.0.0.5:9090"

    let loop = ManualEventLoop()
    let client = Peer()
    let parts = Parts()
    private let worker: Worker

    init(mode: WebResolver.Mode = .path, nodes: [Node] = [Node(id: "n1", address: address)]) {
        worker = Worker(loop: loop) { loop in
            WorkerContext(
                loop: loop, configuration: SessionConfiguration(),
                logger: .silent)
        }
        let (worker, parts, client) = (worker, parts, client)
        let makeHandler: @Sendable (WorkerContext) -> any Handler = { context in
            parts.handler(
                context,
                make: { pool in
                    let router = CatalogRouter(
                        resolver: HostResolver(), namespace: "none", mode: .kind(.web), view: context.catalog,
                        strategy: InOrder(), health: parts.health)
                    return WebServiceHandler(
                        resolver: WebResolver(mode: mode, namespace: .fixed("go.micro.web")), catalog: context.catalog,
                        router: router, proxy: ProxyHandler(backend: HTTPBackend(pool: pool)))
                }, PoolConfiguration())
        }
        let services = [
            Service(name: "go.micro.web.shop", nodes: nodes), Service(name: "go.micro.web.empty"),
            Service(name: "go.micro.web.bar", nodes: nodes),
            Service(name: "go.micro.web.calls", nodes: [Node(id: "c", address: "c:1", metadata: ["protocol": "grpc"])]),
        ]
        Task(executorPreference: loop) {
            await worker.replaceCatalog(with: Catalog(generation: 1, services: services))
            await worker.adopt(
                from: .v4(192, 0, 2, 7, port: 40_000), facts: ClientFacts(), makeChannel: { MemoryChannel(client) },
                makeHandler: makeHandler)
        }
        loop.drain()
    }

    /// Asks, and returns what the node got.
    func pass(_ target: String, host: String = "localhost", _ method: String = "GET") -> Message? {
        Message(ask("\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nCookie: a=b\r\n\r\n"))
    }
}

struct WebServiceTests {
    @Test(
        "a service below a path is asked without the prefix, one with a host of its own for the whole path",
        arguments: [
            (WebResolver.Mode.path, "localhost", "/shop/a/b?x=1", "/a/b?x=1", "/shop"),
            (.path, "localhost", "/shop/", "/", "/shop"), (.path, "localhost", "/shop/?x", "/?x", "/shop"),
            (.subdomain, "shop.micro.mu", "/a/b?x=1", "/a/b?x=1", "/"),
            (.subdomain, "foo.example.com", "/bar/x", "/x", "/bar"),
        ])
    func passes(mode: WebResolver.Mode, host: String, asked: String, got: String, base: String) throws {
        for method in ["GET", "DELETE", "OPTIONS"] {
            let rig = WebRig(mode: mode)
            let request = try #require(rig.pass(asked, host: host, method))
            #expect(request.startLine == "\(method) \(got) HTTP/1.1")
            #expect(request["Host"] == [WebRig.address])
            #expect(request["X-Micro-Web-Base-Path"] == [base])
            #expect(request["X-Forwarded-Host"] == [host])
            #expect(request["Cookie"] == ["a=b"])
            let answer = try #require(Message(rig.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")))
            #expect((answer.status, answer.body) == ("200", "ok"))
        }
    }

    @Test func `the next request on the connection is not changed by the one before`() throws {
        let rig = WebRig()
        _ = rig.pass("/shop/a")
        rig.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let second = try #require(rig.pass("/bar/b"))
        #expect(second.startLine == "GET /b HTTP/1.1")
        #expect(second["X-Micro-Web-Base-Path"] == ["/bar"])
    }

    @Test func `a WebSocket is passed on, also where the slash is missing`() throws {
        for path in ["/shop", "/shop/"] {
            let rig = WebRig()
            let request = try #require(Message(rig.ask(Handshake.request(path))))
            #expect(request.startLine == "GET / HTTP/1.1")
            #expect(request["Upgrade"] == ["websocket"])
            #expect(request["Host"] == [WebRig.address])
            let answer = try #require(Message(rig.answer(Handshake.answer())))
            #expect(answer.status == "101")
        }
    }

    @Test func `other requests without the slash are sent on to it, relative to where they are`() throws {
        let rig = WebRig()
        rig.ask("POST /shop?a=b HTTP/1.1\r\nHost: h\r\n\r\n")
        let answer = try #require(Message(rig.client.take()))
        #expect(answer.status == "308")
        #expect(answer["Location"] == ["shop/?a=b"])
        #expect(rig.peers.isEmpty)
    }

    @Test(
        "what cannot be passed on says why",
        arguments: [
            ("/nosuch", "404", "go.micro.web.nosuch is not registered"), ("/-x", "404", "names no web service"),
            ("/empty/", "503", "go.micro.web.empty"), ("/calls/", "502", "speaks grpc"),
        ])
    func fails(path: String, status: String, words: String) throws {
        let rig = WebRig()
        rig.ask("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let answer = try #require(Message(rig.client.take()))
        #expect(answer.status == status)
        #expect(answer.body.contains(words))
        #expect(rig.peers.isEmpty)
    }

    @Test func `what an application says for a whole origin is heard only where it has one`() throws {
        for (mode, host, count) in [(WebResolver.Mode.path, "localhost", 0), (.subdomain, "shop.localhost", 1)] {
            let rig = WebRig(mode: mode)
            _ = rig.pass("/shop/sw.js", host: host)
            let answer = try #require(
                Message(rig.answer("HTTP/1.1 200 OK\r\nService-Worker-Allowed: /\r\nContent-Length: 0\r\n\r\n")))
            #expect(answer["Service-Worker-Allowed"].count == count)
        }
    }
}
