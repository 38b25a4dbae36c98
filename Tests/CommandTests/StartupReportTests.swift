import Bytes
import Gateway
import Handlers
import Testing

@testable import micro

struct StartupReportTests {
    private var report: StartupReport {
        var report = StartupReport(version: "1.2.3", command: .server)
        report.listeners = [
            .init(name: "gateway", address: "[::]:8080", note: "HTTP/1.1 and HTTP/2, no TLS"),
            .init(name: "dashboard", address: "127.0.0.1:8082", note: ""),
        ]
        report.registry = .init(name: "mdns", interfaces: ["eth0", "wlan0"], serviceCount: 1)
        report.dashboardURL = "http://localhost:8082"
        report.mapping = StartupReport.mapping(
            method: "POST", path: "/greeter/say/hello",
            destination: Destination(service: "go.micro.api.greeter", endpoint: "Say.Hello"), resolver: "micro",
            namespace: .fixed("go.micro.api"))
        report.rpcAccess = .nobody
        report.warnings = ["a is odd; write b"]
        return report
    }

    @Test func `a terminal gets aligned lines, warnings last`() {
        #expect(
            report.text == """
                micro 1.2.3, server
                  gateway    [::]:8080, HTTP/1.1 and HTTP/2, no TLS
                  dashboard  127.0.0.1:8082
                  registry   mdns on eth0, wlan0, 1 service so far
                  open       http://localhost:8082
                  example    POST /greeter/say/hello -> service go.micro.api.greeter, endpoint Say.Hello \
                (resolver micro, namespace go.micro.api)
                  /rpc       off
                  warning    a is odd; write b

                """)
    }

    @Test func `of several gateways each says what it makes of requests`() {
        var report = report
        report.mapping = nil
        report.rpcAccess = nil
        report.listeners[0] = .init(
            name: "gateway", title: "public", address: "[::]:8080", note: "handler rpc; HTTP/1.1 and HTTP/2, no TLS")
        report.listeners.insert(
            .init(name: "gateway", title: "internal", address: "127.0.0.1:9090", note: "handler http"), at: 1)
        #expect(
            report.text == """
                micro 1.2.3, server
                  gateway    public, [::]:8080, handler rpc; HTTP/1.1 and HTTP/2, no TLS
                  gateway    internal, 127.0.0.1:9090, handler http
                  dashboard  127.0.0.1:8082
                  registry   mdns on eth0, wlan0, 1 service so far
                  open       http://localhost:8082
                  warning    a is odd; write b

                """)
        #expect(
            report.jsonLines(at: Moment(seconds: 0)).contains(#""fact":"gateway","address":"127.0.0.1:9090""#))
    }

    @Test("the report is at most twelve lines, whatever there is to warn of", arguments: [0, 4, 5, 6, 100])
    func length(warnings: Int) {
        var report = report
        report.warnings = (0..<warnings).map { "warning \($0)" }
        let lines = report.text.split(separator: "\n")
        #expect(lines.count == min(7 + warnings, StartupReport.maximumLines))
        #expect(lines.contains { $0.contains("more") } == (warnings > 5))
    }

    @Test func `whatever is no terminal gets one JSON object for each fact`() {
        let lines = report.jsonLines(at: Moment(seconds: 0)).split(separator: "\n")
        #expect(lines.count == 8)
        #expect(
            lines[3] == #"""
                {"time":"1970-01-01T00:00:00.000Z","level":"info","message":"mdns on eth0, wlan0, 1 service so far",\#
                "fact":"registry","registry":"mdns","interfaces":["eth0","wlan0"],"services":1}
                """#)
        #expect(
            lines[7] == #"""
                {"time":"1970-01-01T00:00:00.000Z","level":"warning","message":"a is odd; write b","fact":"warning"}
                """#)
    }

    @Test(
        "the example says where the namespace comes from",
        arguments: [
            (Namespace.fixed(""), "(resolver path, no namespace)"),
            (.domain(fallback: "go.micro", type: "api"), "(resolver path, namespace from the host, then .api"),
        ])
    func namespaces(namespace: Namespace, end: String) {
        let sentence = StartupReport.mapping(
            method: "GET", path: "/a", destination: Destination(service: "a", endpoint: "GET"), resolver: "path",
            namespace: namespace)
        #expect(sentence.contains(end))
    }
}
