import Gateway
import Synchronization

@testable import micro

/// A server that answers from a table of `METHOD path`, and remembers what it was asked.
final class FakeRequester: HTTPRequester {
    struct Request: Equatable {
        var line: String
        var headers: [String]
        var body: String
        var timeout: Duration
    }

    private let answers: [String: (status: Int, body: String)]
    private let seen = Mutex<[Request]>([])

    init(_ answers: [String: (status: Int, body: String)] = [:]) { self.answers = answers }

    var requests: [Request] { seen.withLock { $0 } }

    func send(
        _ method: String, _ path: String, headers: [(name: String, value: String)], body: [UInt8], timeout: Duration
    ) async throws(DirectoryError) -> (status: Int, body: [UInt8]) {
        let request = Request(
            line: "\(method) \(path)", headers: headers.map { "\($0.name): \($0.value)" },
            body: String(decoding: body, as: UTF8.self), timeout: timeout)
        seen.withLock { $0.append(request) }
        guard let answer = answers[request.line] else { throw .unreachable("nobody listens") }
        return (answer.status, Array(answer.body.utf8))
    }
}

extension FakeRequester {
    func post(
        _ path: String, headers: [(name: String, value: String)], body: [UInt8], timeout: Duration,
        take: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(DirectoryError) -> (status: Int, body: [UInt8]) {
        let answer = try await send("POST", path, headers: headers, body: body, timeout: timeout)
        guard answer.status == 200, answer.body.last == 0x0a else { return answer }
        for line in answer.body.split(separator: 0x0a) { take(Array(line)) }
        return (200, [])
    }
}

/// A registry with fixed services, which remembers what was written.
final class FakeRegistry: Registrar {
    let name = "fake"
    private let content: [Service]
    private let failure: RegistryError?
    private let seen = Mutex<[String]>([])

    init(_ services: [Service], failure: RegistryError? = nil) {
        content = services
        self.failure = failure
    }

    var writes: [String] { seen.withLock { $0 } }

    func services() async throws(RegistryError) -> [Service] {
        if let failure { throw failure }
        return content
    }

    func services(named name: String) async throws(RegistryError) -> [Service] {
        if let failure { throw failure }
        return content.filter { $0.name == name }
    }

    func watch() async -> AsyncStream<RegistryEvent> { AsyncStream { $0.finish() } }

    func register(_ service: Service, lifetime: Duration?) async throws(RegistryError) {
        seen.withLock { $0.append("register \(service.name) \(lifetime.map { "\($0)" } ?? "forever")") }
    }

    func deregister(_ service: Service) async throws(RegistryError) {
        seen.withLock { $0.append("deregister \(service.name)") }
    }
}

/// Nodes that answer in order of the script, and remember who was called.
final class FakeNodes: RPCRequester {
    private let script: Mutex<[Result<String, GatewayError>]>
    private let seen = Mutex<[Node]>([])

    init(_ script: [Result<String, GatewayError>]) { self.script = Mutex(script) }

    var called: [Node] { seen.withLock { $0 } }

    func call(
        _ call: DirectoryCall, on node: Node, deadline: ContinuousClock.Instant
    ) async throws(GatewayError) -> [UInt8] {
        seen.withLock { $0.append(node) }
        let next = script.withLock { $0.isEmpty ? .success("") : $0.removeFirst() }
        return Array(try next.get().utf8)
    }
}

extension FakeNodes {
    /// Each line of the script's answer is a message.
    func stream(
        _ call: DirectoryCall, on node: Node, deadline: ContinuousClock.Instant,
        take: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(GatewayError) {
        for line in try await self.call(call, on: node, deadline: deadline).split(separator: 0x0a) { take(Array(line)) }
    }
}

/// Another world for commands: servers by address, and one registry.
struct FakeOutside: Outside {
    var servers: [String: FakeRequester] = [:]
    var registry: (any ServiceDirectory)?
    /// By their names.
    var files: [String: String] = [:]
    /// What was published: topic, content, and who was there.
    let published = Box<[String]>([])
    /// What was asked to serve; the exit code is 42.
    let served = Box<[ApplianceConfiguration]>([])

    func requester(for address: ListenAddress, _ settings: Settings) -> any HTTPRequester {
        servers[address.description] ?? FakeRequester()
    }

    func registryDirectory(_ settings: Settings) async throws(DirectoryError) -> any ServiceDirectory {
        guard let registry else { throw .unreachable("no registry") }
        return registry
    }

    func content(of path: String) throws(Unreadable) -> [UInt8] {
        guard let text = files[path] else { throw Unreadable(reason: "does not exist") }
        return Array(text.utf8)
    }

    func publish(
        _ message: Message, to topic: String, among services: [Service], _ settings: Settings
    ) async throws(DirectoryError) {
        guard topic != "refused" else { throw .failed("nobody took it") }
        let header = message.header.filter { $0.key != "Micro-Id" }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value)" }
        let text = "\(topic) \(String(decoding: message.body, as: UTF8.self)) \(header) \(services.map(\.name))"
        published.change { $0.append(text) }
    }

    func serve(_ configuration: ApplianceConfiguration) async -> Int32 {
        served.change { $0.append(configuration) }
        return 42
    }
}

/// A shared variable.
final class Box<Value: Sendable>: Sendable {
    private let content: Mutex<Value>

    init(_ value: Value) { content = Mutex(value) }

    var value: Value { content.withLock { $0 } }

    func change(_ body: (inout Value) -> Void) {
        content.withLock { value in
            var copy = value
            body(&copy)
            value = copy
        }
    }
}

/// The result of one whole run.
struct RunResult: Equatable {
    var output: String
    var complaints: String
    var code: Int32
}

/// Runs the program as a shell would.
func run(
    _ arguments: [String], _ environment: [String: String] = [:], in outside: FakeOutside = FakeOutside()
) async -> RunResult {
    let output = Box("")
    let complaints = Box("")
    let terminal = Terminal(
        write: { bytes in output.change { $0 += String(decoding: bytes, as: UTF8.self) } },
        complain: { text in complaints.change { $0 += text } })
    let code = await Program.run(arguments, environment: environment, terminal: terminal, outside: outside)
    return RunResult(output: output.value, complaints: complaints.value, code: code)
}
