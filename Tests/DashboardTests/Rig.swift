import Bytes
import Dashboard
import Gateway
import Glibc
import HTTP
import JSON
import Reactor
import Resolvers
import Synchronization
import TestSupport

/// A dashboard on a loop that is turned by hand, with a catalog that the test replaces.
struct Rig {
    let loop = ManualEventLoop()
    let registrar = RecordingRegistrar()
    private let view = SharedView()
    private let stage: Stage

    init(
        canWrite: Bool = true, policy: AccessPolicy = AccessPolicy(), gateways: [StatusFacts.Gateway] = [],
        unreadiness: String? = nil, documented: [DocumentedGateway] = [], types: KnownTypes? = nil,
        operators: (any OperatorRecords)? = nil, statistics: RequestStatistics? = nil,
        rules: [AccessRule]? = nil, loginURL: String? = nil
    ) {
        let view = view
        let registrar = canWrite ? registrar : nil
        let facts = StatusFacts(
            version: "1.2.3", started: 1_700_000_000, gateways: gateways, registry: "memory", loops: 2)
        let report = { @Sendable (numbers: RequestStatistics) in
            StatisticsReport(numbers, RequestStatistics.Process(memory: 12_345_678, threads: 3))
        }
        stage = Stage(loop: loop) {
            DashboardHandler(
                catalog: view.view, facts: facts, registrar: registrar, files: .embedded, policy: policy,
                authorizer: rules.map { Self.authorizer($0, loginURL) },
                rpc: EchoRPC(), web: WebResolver(mode: .path, namespace: .fixed("go.micro.web")),
                applications: StubApplications(), token: PageToken(),
                unreadiness: { unreadiness },
                certificates: { [StatusFacts.Certificate(names: ["a.example"], end: 1_800_000_000)] },
                gateways: documented, types: types.map(KnownTypeSource.init), operators: operators,
                statistics: statistics.map { numbers in { @Sendable in report(numbers) } })
        }
    }

    private static func authorizer(_ rules: [AccessRule], _ loginURL: String?) -> Authorizer {
        var configuration = Authorizer.Configuration()
        (configuration.loginURL, configuration.servesPages) = (loginURL, true)
        return Authorizer(
            ScriptedProvider(rules), namespace: .fixed("go.micro.web"), common: .fixed("go.micro"),
            configuration: configuration)
    }

    func request(
        _ method: Method, _ target: String, host: String = "localhost:8082", _ fields: [(String, String)] = [],
        body: String = "", isPeerLoopback: Bool = true
    ) -> ScriptedExchange {
        var head = RequestHead(method: method, target: target, authority: host)
        for (name, value) in fields { head.fields.append(name: name, value: value) }
        let scripted = ScriptedExchange(head, body: body, isPeerLoopback: isPeerLoopback, on: loop)
        stage.play(scripted)
        return scripted
    }

    /// The same for answers that other threads have a part in.
    func getSlowly(_ target: String) -> ScriptedExchange {
        let scripted = get(target)
        while !scripted.isOver {
            sched_yield()
            loop.drain()
        }
        return scripted
    }

    func get(_ target: String, _ fields: [(String, String)] = []) -> ScriptedExchange { request(.get, target, fields) }

    /// - Parameter isSettled: Whether all other loops have the catalog too.
    func replaceCatalog(generation: UInt64, _ services: [Service], isSettled: Bool = true) {
        view.view.replace(with: Catalog(generation: generation, services: services))
        if isSettled { view.view.settle(generation) }
        loop.drain()
    }

    /// All loops have this generation.
    func settle(_ generation: UInt64) {
        view.view.settle(generation)
        loop.drain()
    }
}

extension ScriptedExchange {
    var status: Int? { head?.status.code }
    func field(_ name: String) -> String? { head?.fields[name] }
    /// The content as JSON; null when it is none.
    var json: JSONValue { (try? JSONParser.parse(body)) ?? .null }
    /// The sentence of an error.
    var detail: String? { json["error"]?["detail"]?.stringValue }
}

/// Lets the test change the catalog under the handler's feet: both run on the test's own thread.
private final class SharedView: Sendable {
    nonisolated(unsafe) let view = CatalogView()
}

/// Stands for the handler of calls.
private final class EchoRPC: Handler {
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        var body = ByteBuffer()
        try await exchange.collectBody(into: &body, limit: 1_000)
        try await exchange.respond(.ok, contentType: "text/plain", text: "\(exchange.request.method) \(body.text)")
    }
}

/// Stands for what passes requests on to web services. Those for `/fail` fail, and nothing else that begins with a letter.
private final class StubApplications: Handler {
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        let path = exchange.request.path
        if path == "/fail" { throw GatewayError(.noNodes, "no nodes") }
        guard path.hasPrefix("/shop/") else { throw GatewayError(.notFound, "there is no \(path)") }
        try await exchange.respond(.ok, contentType: "text/plain", text: "application \(path)")
    }
}

/// Types that a test makes up, by service and endpoint such as `shop Items.Read`.
struct KnownTypes: MessageTypes {
    var known: [String: EndpointTypes] = [:]

    var isEmpty: Bool { known.isEmpty }

    func endpoints(of service: Service) -> [String] {
        known.keys.filter { $0.hasPrefix("\(service.name) ") }.map { String($0.dropFirst(service.name.count + 1)) }
    }

    func types(of endpoint: String, of service: Service) -> EndpointTypes? { known["\(service.name) \(endpoint)"] }
}

/// Tells them at once.
private final class KnownTypeSource: MessageTypeSource {
    private let types: KnownTypes

    init(_ types: KnownTypes) { self.types = types }

    nonisolated(nonsending) func messageTypes(
        of services: [Service], wakeup: Wakeup, within limit: Duration
    ) async -> any MessageTypes { types }
}

/// Remembers what it was told, and fails when a service is called `unlucky`.
final class RecordingRegistrar: Registrar {
    let name = "recording"
    private let log = Mutex<[String]>([])
    var calls: [String] { log.withLock { $0 } }

    func services(named name: String) async throws(RegistryError) -> [Service] { [] }
    func services() async throws(RegistryError) -> [Service] { [] }
    func watch() async -> AsyncStream<RegistryEvent> { AsyncStream { $0.finish() } }

    func register(_ service: Service, lifetime: Duration?) async throws(RegistryError) {
        if service.name == "unlucky" { throw RegistryError("the disk is full") }
        let until = lifetime.map { " for \($0)" } ?? ""
        log.withLock { $0.append("register \(service.name) \(service.version)\(until)") }
    }

    func deregister(_ service: Service) async throws(RegistryError) {
        log.withLock { $0.append("deregister \(service.name) \(service.version)") }
    }
}
