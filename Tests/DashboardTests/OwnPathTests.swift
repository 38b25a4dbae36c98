import Testing

@testable import Dashboard

struct OwnPathTests {
    @Test(
        "the dashboard knows its own paths, and where others belong",
        arguments: [
            ("/", OwnPath.page), ("/index.html", .page), ("/client", .client), ("/services", .services),
            ("/service/go.micro.srv.a", .service("go.micro.srv.a")), ("/service/a%20b", .service("a%20b")),
            ("/rpc", .rpc), ("/api/status", .status), ("/api/events", .events), ("/api/apps", .applications),
            ("/api/openapi.json", .document), ("/api/explain", .explanation),
            ("/api/services", .records), ("/api/services/x", .record("x")), ("/api/services/a/b", .record("a/b")),
            ("/healthz", .health), ("/readyz", .readiness),
            ("/services/", .moved("../services")), ("/client/", .moved("../client")), ("/service", .moved("services")),
            ("/service/", .moved("../services")), ("/service/a/", .moved("../a")),
            ("/service/a/b", .unknown), ("/service/a/b/", .unknown), ("/services/a", .unknown), ("/client/a", .unknown),
            ("/rpc/", .unknown), ("/rpc/a", .unknown), ("/api", .unknown), ("/api/", .unknown), ("/api/a", .unknown),
            ("/healthz/", .unknown), ("/readyz/a", .unknown),
        ])
    func own(path: String, expected: OwnPath) {
        #expect(OwnPath(path) == expected)
    }

    @Test func `the numbers are the dashboard's where something is counted, and nothing else of that name`() {
        #expect(OwnPath("/stats", hasStatistics: true) == .statistics)
        #expect(OwnPath("/stats/", hasStatistics: true) == nil)
        #expect(OwnPath("/stats/x", hasStatistics: true) == nil)
    }

    @Test(
        "all others are those of files and web services",
        arguments: ["/shop", "/shop/", "/terminal", "/registry", "/stats", "/servicesx", "/app.js", "/-x", "*", ""])
    func others(path: String) {
        #expect(OwnPath(path) == nil)
    }
}
