import Dashboard
import Gateway
import HTTP
import JSON
import TestSupport
import Testing

struct StatisticsPageTests {
    private func rig(policy: AccessPolicy = AccessPolicy()) -> Rig {
        let statistics = RequestStatistics { 1_700_000_003 }
        for status in [200, 204, 404] { statistics.count(status) }
        return Rig(
            policy: policy,
            gateways: [
                StatusFacts.Gateway(
                    name: "public", address: "[::]:8080", url: "http://localhost:8080", handler: "meta",
                    resolver: "micro", namespace: "go.micro.api", takesCalls: true)
            ], statistics: statistics)
    }

    @Test(
        "programs get the numbers as those of a gateway",
        arguments: [("Content-Type", "application/json"), ("Accept", "application/json")])
    func data(name: String, value: String) {
        let answer = rig().get("/stats", [(name, value)])
        #expect(answer.field("Content-Type") == "application/json")
        #expect(
            answer.body
                == #"{"started":1700000003,"memory":"12.34mb","threads":3,"gc_pause":"0.000ms","counters":"#
                + #"[{"timestamp":1700000000,"status_codes":{"20x":2,"40x":1},"total_reqs":3}]}"#)
    }

    @Test func `people get a page, and the way to the numbers of gateways`() {
        let answer = rig().get("/stats", [("Accept", "text/html")])
        #expect(answer.field("Content-Type") == "text/html; charset=utf-8")
        #expect(answer.field("Content-Security-Policy")?.contains("default-src 'none'") == true)
        for part in [
            "<script src=\"stats.js\" defer></script>", "<th scope=\"col\">4xx</th>", "12.34mb of memory, 3 threads",
            "<th scope=\"row\"><time datetime=\"2023-11-14T22:13:20Z\">2023-11-14T22:13:20Z</time></th>"
                + "<td>3</td><td>2</td><td>1</td>",
            "<a href=\"http://localhost:8080/stats\">",
        ] { #expect(answer.body.contains(part), "\(part)") }
    }

    @Test func `before the first request is answered, the page says so`() {
        let rig = Rig(statistics: RequestStatistics { 1_700_000_003 })
        #expect(rig.get("/stats", [("Accept", "text/html")]).body.contains("No request has been answered yet."))
        #expect(!self.rig().get("/stats", [("Accept", "text/html")]).body.contains("No request"))
    }

    @Test func `only where there are numbers, pages lead to them`() {
        let link = "<a href=\"stats\">Stats</a>"
        #expect(rig().get("/services").body.contains(link))
        #expect(!Rig().get("/services").body.contains(link))
        #expect(rig().get("/api/status").json["data"]?["stats"] == true)
        #expect(Rig().get("/api/status").json["data"]?["stats"] == false)
        #expect(Rig().get("/stats").status == 404)
    }

    @Test func `they are for those who may use the dashboard`() {
        #expect(rig().request(.get, "/stats", isPeerLoopback: false).status == 403)
        #expect(rig().get("/stats", [("Host", "evil.example")]).status == 200)
        #expect(rig().request(.get, "/stats", host: "evil.example").status == 421)
        #expect(rig().request(.post, "/stats").status == 405)
    }
}
