import Bytes
import Gateway
import HTTP
import Handlers
import Reactor
import TestSupport
import Testing

/// Keeps what it is told, and shows it in the catalog at once.
///
/// Unchecked because a test and its hand-turned loop share one thread.
private final class ScriptedRegistrar: Registrar, @unchecked Sendable {
    let name = "scripted"
    let view = CatalogView()
    var lifetimes: [Duration?] = []
    var removed: [Service] = []
    var failure: RegistryError?
    private var known: [Service]

    init(_ services: [Service]) {
        known = services
        show()
    }

    private func show() {
        let generation = view.catalog.generation + 1
        view.replace(with: Catalog(generation: generation, services: known))
        view.settle(generation)
    }

    func services(named name: String) async throws(RegistryError) -> [Service] { known.filter { $0.name == name } }
    func services() async throws(RegistryError) -> [Service] { known }
    func watch() async -> AsyncStream<RegistryEvent> { AsyncStream { $0.finish() } }

    func register(_ service: Service, lifetime: Duration?) async throws(RegistryError) {
        if let failure { throw failure }
        known.append(service)
        lifetimes.append(lifetime)
        show()
    }

    func deregister(_ service: Service) async throws(RegistryError) {
        removed.append(service)
        known.removeAll { $0.name == service.name }
        show()
    }
}

struct RegistryHandlerTests {
    private let registrar = ScriptedRegistrar([
        Service(name: "a", version: "1", nodes: [Node(id: "n1", address: "10.0.0.1:1")]),
        Service(name: "a", version: "2", nodes: [Node(id: "n2", address: "10.0.0.2:1")]),
        Service(name: "b", version: "1", nodes: [Node(id: "n3", address: "10.0.0.3:1")]),
    ])
    private static let record = #"{"name":"c","version":"1","nodes":[{"id":"n4","address":"10.0.0.4:1"}]}"#

    private func ask(
        _ method: HTTP.Method, _ target: String = "/registry", body: String = "", fields: [(String, String)] = [],
        isLocal: Bool = true, isInsecure: Bool = false, isReadOnly: Bool = false
    ) -> ScriptedExchange {
        let loop = ManualEventLoop()
        let registrar = registrar
        let stage = Stage(loop: loop) {
            RoutingHandler(
                router: OneRoute(kind: .registry, nodes: 0),
                always: RegistryHandler(
                    catalog: registrar.view, registrar: isReadOnly ? nil : registrar,
                    policy: AccessPolicy(
                        isInsecure: isInsecure, subject: "Registration", flag: "--insecure_registry")))
        }
        var head = RequestHead(method: method, target: target, authority: "localhost:8080")
        for (name, value) in fields { head.fields.append(name: name, value: value) }
        let scripted = ScriptedExchange(head, body: body, isPeerLoopback: isLocal, on: loop)
        stage.play(scripted)
        return scripted
    }

    @Test func `services are listed as Go Micro's registries write them`() {
        let all = ask(.get, isLocal: false)
        #expect(all.head?.status == .ok)
        #expect(all.head?.fields[.contentType] == "application/json")
        #expect(all.body.hasPrefix(#"[{"name":"a","version":"1","metadata":{},"endpoints":[],"nodes":[{"id":"n1","#))
        let one = ask(.get, "/registry?x=y&service=b")
        #expect(one.body.hasPrefix(#"[{"name":"b","#) && !one.body.contains("n1"))
        #expect(ask(.get, "/registry?service=a").body.contains("n2"))
    }

    /// L07.
    @Test func `a name that is markup is no markup in the answer`() {
        let name = "<script>alert(1)</script>"
        #expect(
            ask(.post, body: #"{"name":"\#(name)","nodes":[{"id":"n","address":"10.0.0.4:1"}]}"#).head?.status == .ok)
        let body = ask(.get).body
        #expect(body.contains("script") && !body.contains("<script"))
    }

    @Test func `an unknown service is 404, and a query that is none 400`() {
        let unknown = ask(.get, "/registry?service=aa")
        #expect(unknown.failure?.status == .notFound)
        #expect(unknown.failure?.report.detail.hasPrefix("Service not found") == true)
        #expect(ask(.get, "/registry?service=%zz").failure?.status == .badRequest)
    }

    @Test(
        "a service is registered for as long as is said",
        arguments: [
            ("", nil), ("?ttl=", nil), ("?ttl=30s", .seconds(30)), ("?ttl=1m30s", .seconds(90)),
            ("?ttl=1.5h", .seconds(5_400)), ("?ttl=500ms", .milliseconds(500)), ("?ttl=60", .seconds(60)),
        ] as [(String, Duration?)])
    func registers(query: String, lifetime: Duration?) {
        let answer = ask(.post, "/registry\(query)", body: Self.record)
        #expect(answer.head?.status == .ok)
        #expect(answer.body == "")
        #expect(registrar.lifetimes == [lifetime])
        #expect(registrar.view.catalog.names == ["a", "b", "c"])
    }

    @Test func `a service is taken out`() {
        #expect(ask(.delete, body: #"{"name":"b","version":"1"}"#).head?.status == .ok)
        #expect(registrar.removed.map(\.name) == ["b"])
        #expect(registrar.view.catalog.names == ["a"])
    }

    @Test(
        "what is no record or no time is refused",
        arguments: [
            ("", ""), ("", "{"), ("", "[]"), ("", #"{"name":"c"}"#), ("", #"{"nodes":[]}"#),
            ("", #"{"name":"c","nodes":[{"id":"n","address":"nowhere"}]}"#), ("?ttl=0", record), ("?ttl=-1s", record),
            ("?ttl=5", "x"), ("?ttl=abc", record), ("?ttl=1x", record), ("?ttl=s", record), ("?ttl=1e9h", record),
            ("?ttl=9999999h", record),
        ])
    func refused(query: String, body: String) {
        let answer = ask(.post, "/registry\(query)", body: body)
        #expect(answer.failure?.status == .badRequest)
        #expect(registrar.lifetimes.isEmpty)
    }

    @Test func `only clients on this machine change something, unless the operator lets others, and are told how`() {
        for method in [HTTP.Method.post, .delete] {
            let refused = ask(method, body: Self.record, isLocal: false)
            #expect(refused.failure?.status == .forbidden)
            #expect(refused.failure?.report.detail.contains("--insecure_registry") == true)
            let proxied = ask(method, body: Self.record, fields: [("X-Forwarded-For", "192.0.2.1")])
            #expect(proxied.failure?.status == .forbidden)
            let page = ask(method, body: Self.record, fields: [("Origin", "https://evil.example")])
            #expect(page.failure?.status == .forbidden)
        }
        #expect(registrar.lifetimes.isEmpty && registrar.removed.isEmpty)
        #expect(ask(.post, body: Self.record, isLocal: false, isInsecure: true).head?.status == .ok)
    }

    @Test func `a registry that does not take it is 503 without its reason, and one that cannot 501`() {
        registrar.failure = RegistryError("etcd at 10.1.2.3 is down")
        let failed = ask(.post, body: Self.record)
        #expect(failed.failure?.status == .serviceUnavailable)
        #expect(failed.failure?.report.detail.contains("10.1.2.3") == false)
        #expect(failed.failure?.detail.contains("10.1.2.3") == true)
        #expect(ask(.post, body: Self.record, isReadOnly: true).failure?.status == .notImplemented)
    }

    @Test func `other methods are told which there are`() {
        let answer = ask(.put)
        #expect(answer.head?.status == .methodNotAllowed)
        #expect(answer.head?.fields["Allow"] == "GET, HEAD, POST, DELETE, OPTIONS")
        #expect(ask(.options).head?.status == .ok)
    }
}
