import Gateway
import Handlers
import Logging
import Resolvers
import Server
import Testing

@testable import micro

struct ApplianceConfigurationTests {
    private func configuration(_ line: String, _ environment: [String: String] = [:]) throws -> ApplianceConfiguration {
        let invocation = Invocation(line.split(separator: " ").map(String.init))
        let command = try #require(invocation.command)
        let outcome = Settings.resolve(command, flags: invocation.flags, environment: environment)
        #expect(outcome.problems == [])
        let target = command == .proxy ? try ProxyTarget(":9000") : nil
        return ApplianceConfiguration(outcome.settings, proxyTarget: target, warnings: outcome.warnings)
    }

    @Test(
        "each command switches its own parts on",
        arguments: [
            ("api", true, false, false, false), ("web", false, true, false, false),
            ("server", true, true, false, false), ("demo", true, true, false, true),
            ("proxy", false, false, true, false),
        ])
    func parts(line: String, api: Bool, web: Bool, proxy: Bool, demo: Bool) throws {
        let configuration = try configuration(line)
        #expect(!configuration.gateways.isEmpty == api)
        #expect((configuration.web != nil) == web)
        #expect((configuration.proxy != nil) == proxy)
        #expect(configuration.runsDemoServices == demo)
        #expect((configuration.discovery == nil) == proxy)
    }

    @Test func `without flags and variables the defaults are those of the original`() throws {
        let configuration = try configuration("server")
        #expect(configuration.gateways.first?.address.description == ":8080")
        #expect(configuration.web?.address.description == ":8082")
        #expect(configuration.gateways.first?.namespace == .fixed("go.micro.api"))
        #expect(configuration.web?.namespace == .fixed("go.micro.web"))
        #expect(configuration.gateways.first?.handler == .meta)
        #expect(configuration.client.requestTimeout == .seconds(5))
        #expect(configuration.client.retries == 1)
        #expect(configuration.discovery?.registry == "mdns")
        #expect(configuration.discovery?.lifetime == .seconds(60))
        #expect(configuration.discovery?.renewalInterval == .seconds(30))
        #expect(configuration.limits.rpcBody == 4 << 20)
        #expect(configuration.limits.headerBytes == 64 << 10)
        #expect(configuration.loops == nil)
        #expect(configuration.logs.level == .info)
        #expect(configuration.logs.includesRequests)
    }

    @Test func `web services are found as the flags say`() throws {
        let web = try configuration("web --resolver=subdomain --namespace=com.example.web --web_url=https://web.a.b")
            .web
        #expect(web?.resolver == .subdomain)
        #expect(web?.namespace == .fixed("com.example.web"))
        #expect(web?.host == "web.a.b")
        #expect(try configuration("web").web?.resolver == .path)
    }

    @Test(
        "who may use /rpc has three answers",
        arguments: [
            ("api", RPCAccess.thisMachine), ("api --enable_rpc", .everyone), ("--enable_rpc=true api", .everyone),
            ("api --enable_rpc=false", .nobody),
        ])
    func rpcAccess(line: String, access: RPCAccess) throws {
        #expect(try configuration(line).gateways.first?.rpcAccess == access)
    }

    @Test(
        "a namespace may end in its type, be blank, or come from the host",
        arguments: [
            ("go.micro.api", Namespace.fixed("go.micro.api")), ("com.example", .fixed("com.example.api")),
            (" ", .fixed("")), ("domain", .domain(fallback: "go.micro", type: "api")),
        ])
    func namespaces(text: String, namespace: Namespace) throws {
        #expect(try configuration("api", ["MICRO_NAMESPACE": text]).gateways.first?.namespace == namespace)
    }

    @Test(
        "a proxy tells browsers nothing of its own unless it is asked to",
        arguments: [
            ("proxy", false), ("proxy --allowed_origins=https://app.example", true), ("proxy --enable_cors", true),
            ("proxy --allowed_origins=* --enable_cors=false", false), ("proxy --cors_headers=X-Tenant", false),
        ])
    func proxyOrigins(line: String, hasCORS: Bool) throws {
        let proxy = try #require(try configuration(line).proxy)
        #expect(proxy.hasCORS == hasCORS)
        #expect("\(proxy.encodedSlashes)" == "keep")
        let strict = try #require(try configuration("\(line) --encoded_slashes=reject").proxy)
        #expect("\(strict.encodedSlashes)" == "reject")
    }

    @Test("handler proxy is another name of http", arguments: ["http", "proxy"])
    func handlers(word: String) throws {
        #expect(try configuration("api --handler=\(word)").gateways.first?.handler == .kind(.http))
    }

    @Test func `the variable for servers moves the proxy, as old manuals have it`() throws {
        #expect(try configuration("proxy", ["MICRO_SERVER_ADDRESS": "h:1"]).proxy?.address.description == "h:1")
        let both = ["MICRO_SERVER_ADDRESS": "h:1", "MICRO_PROXY_ADDRESS": "h:2"]
        #expect(try configuration("proxy", both).proxy?.address.description == "h:2")
    }
}
