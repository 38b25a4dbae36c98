import Brokers
import Bytes
import Gateway
import HTTP
import Logging
import Reactor
import Registries
import Transports
import Upstream

/// The real outside: our HTTP client, the registries, the appliance.
struct LiveOutside: Outside {
    func requester(for address: ListenAddress, _ settings: Settings) throws(DirectoryError) -> any HTTPRequester {
        let token = settings.text(.authToken)
        guard settings.boolean(.enableTLS) == true else {
            return LoopRequester(address: address, security: nil, token: token)
        }
        do throws(StartFailure) {
            let security = try Encryption.withNodes(
                ApplianceConfiguration.NodeSecurity(settings), protocols: ["http/1.1"])
            return LoopRequester(address: address, security: security, token: token)
        } catch {
            throw .failed(error.sentence)
        }
    }

    func registryDirectory(_ settings: Settings) async throws(DirectoryError) -> any ServiceDirectory {
        let loop = try ClientLoop.shared()
        let retries = settings.number(.clientRetries) ?? 1
        let requester = LoopCaller(loop: loop)
        guard settings.text(.registry) != "memory" else {
            return RegistryDirectory(MemoryRegistry(), requester, retries: retries, isLasting: false)
        }
        let mdns = MDNSRegistry(
            loop: loop, configuration: MDNSConfiguration(host: .root),
            logger: Logger(label: "micro") { _ in
                SwiftLogNoOpLogHandler()
            })
        do throws(RegistryError) {
            let names = settings.list(.mdnsInterfaces)
            _ = try await mdns.start(interfaces: names.isEmpty ? nil : names)
        } catch {
            throw .unreachable(
                "no appliance runs on this machine, and mdns is impossible here: \(error.reason);"
                    + " name a running one with --server_address")
        }
        return RegistryDirectory(mdns, requester, retries: retries, isLasting: false)
    }

    func content(of path: String) throws(Unreadable) -> [UInt8] { try ConfigurationFile.content(of: path) }

    func publish(
        _ message: Message, to topic: String, among services: [Service], _ settings: Settings
    ) async throws(DirectoryError) {
        let domain = ClientDomain(loop: try ClientLoop.shared())
        let limit = settings.duration(.clientRequestTimeout) ?? .seconds(5)
        do throws(BrokerError) {
            try await domain.publish(message, to: topic, among: services, within: limit)
        } catch {
            throw .failed(error.detail)
        }
    }

    func serve(_ configuration: ApplianceConfiguration) async -> Int32 { await Supervisor.run(configuration) }
}

/// The loop of commands that ask others and serve nobody. It ends with the process.
enum ClientLoop {
    private static let started: Result<EpollEventLoop, SystemError> = {
        Signals.ignoreBrokenPipes()
        do throws(SystemError) {
            let loop = try EpollEventLoop(name: "client")
            loop.start()
            return .success(loop)
        } catch {
            return .failure(error)
        }
    }()

    static func shared() throws(DirectoryError) -> EpollEventLoop {
        do { return try started.get() } catch { throw .failed("the system refuses: \(error)") }
    }
}

/// The isolation domain of the client loop: whatever sends requests runs here.
private actor ClientDomain {
    private let loop: EpollEventLoop

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EpollEventLoop) { self.loop = loop }

    /// - Parameter take: Gets the lines of an answer that has some.
    func send(
        _ head: RequestHead, body: [UInt8], to address: String, security: TLSClientContext?, within limit: Duration,
        take: (@Sendable ([UInt8]) -> Void)? = nil
    ) async throws(GatewayError) -> (status: Int, body: [UInt8]) {
        let pool = UpstreamPool(loop: loop, transport: TCPTransport(), security: security)
        let (head, reply) = try await HTTPClient(pool: pool).send(
            head, body: ByteBuffer(body), to: address, isSecure: security != nil, within: limit,
            takeLine: take.map { take in { take($0.bytes) } })
        return (head.status.code, reply.bytes)
    }

    func stream(
        _ destination: Destination, _ body: [UInt8], metadata: HeaderFields, on node: Node,
        deadline: ContinuousClock.Instant, take: @Sendable ([UInt8]) -> Void
    ) async throws(GatewayError) {
        let pool = UpstreamPool(loop: loop, transport: TCPTransport())
        let dispatcher = Dispatcher(callers: [.mucp(transport: "http"): MUCPCaller(pool: pool)], loop: loop)
        let call = RPCCall(destination: destination, body: ByteBuffer(), metadata: metadata, deadline: deadline)
        let wakeup = Wakeup()
        let stream = try await dispatcher.open(call, on: node, wakeup: wakeup)
        defer { stream.cancel() }
        var message = ByteBuffer(body)
        while try !stream.trySend(&message) { await wakeup.wait() }
        try stream.finishSending()
        while true {
            switch try stream.tryReceive(into: &message) {
            case .nothing: await wakeup.wait()
            case .message:
                take(message.bytes)
                message.removeAll()
            case .end: return
            }
        }
    }

    func call(
        _ destination: Destination, _ body: [UInt8], metadata: HeaderFields, on node: Node,
        deadline: ContinuousClock.Instant
    ) async throws(GatewayError) -> [UInt8] {
        let pool = UpstreamPool(loop: loop, transport: TCPTransport())
        let dispatcher = Dispatcher(callers: [.mucp(transport: "http"): MUCPCaller(pool: pool)], loop: loop)
        let call = RPCCall(destination: destination, body: ByteBuffer(body), metadata: metadata, deadline: deadline)
        var reply = ByteBuffer()
        try await dispatcher.call(call, on: node, reply: &reply, wakeup: Wakeup())
        return reply.bytes
    }
}

extension ClientDomain {
    func publish(
        _ message: Message, to topic: String, among services: [Service], within limit: Duration
    ) async throws(BrokerError) {
        let catalog = CatalogView()
        catalog.replace(with: Catalog(generation: 1, services: services))
        let broker = HTTPBroker(
            HTTPBrokerSite(memory: MemoryBroker()), pool: UpstreamPool(loop: loop, transport: TCPTransport()),
            catalog: catalog, tasks: TaskStarter { [unowned self] task in start(Started(task)) })
        try await broker.publish(message, to: topic, before: ContinuousClock.now + limit, wakeup: Wakeup())
    }

    private func start(_ started: Started) {
        Task.immediate(executorPreference: loop) { await run(started) }
    }

    private func run(_ started: Started) async { await started.task.run() }

    /// The compiler cannot follow an existential into the closure that runs it.
    private final class Started {
        let task: any LoopTask
        init(_ task: any LoopTask) { self.task = task }
    }
}

/// Sends requests from the client loop.
private struct LoopRequester: HTTPRequester {
    let address: ListenAddress
    /// Nil speaks plainly.
    let security: TLSClientContext?
    /// Says who asks; nil for somebody unknown.
    let token: String?

    func send(
        _ method: String, _ path: String, headers: [(name: String, value: String)], body: [UInt8], timeout: Duration
    ) async throws(DirectoryError) -> (status: Int, body: [UInt8]) {
        let address = address.asked.description
        let head = head(method, path, headers, to: address)
        let domain = ClientDomain(loop: try ClientLoop.shared())
        do throws(GatewayError) {
            return try await domain.send(head, body: body, to: address, security: security, within: timeout)
        } catch {
            throw Self.unreachable(address, error)
        }
    }
}

extension LoopRequester {
    func post(
        _ path: String, headers: [(name: String, value: String)], body: [UInt8], timeout: Duration,
        take: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(DirectoryError) -> (status: Int, body: [UInt8]) {
        let address = address.asked.description
        let head = head("POST", path, headers, to: address)
        let domain = ClientDomain(loop: try ClientLoop.shared())
        do throws(GatewayError) {
            return try await domain.send(
                head, body: body, to: address, security: security, within: timeout, take: take)
        } catch {
            throw Self.unreachable(address, error)
        }
    }

    private func head(
        _ method: String, _ path: String, _ headers: [(name: String, value: String)], to address: String
    ) -> RequestHead {
        var fields = HeaderFields()
        for (name, value) in headers { fields.append(name: name, value: value) }
        if let token, !fields.contains(.authorization) { fields.append(.authorization, "Bearer \(token)") }
        return RequestHead(method: Method(method) ?? .get, target: path, authority: address, fields: fields)
    }

    private static func unreachable(_ address: String, _ error: GatewayError) -> DirectoryError {
        // The address is said once.
        let node = "node \(address) at \(address): "
        let reason = error.detail.hasPrefix(node) ? error.detail.dropFirst(node.count) : error.detail[...]
        return .unreachable("\(address) gives no answer (\(reason)); is micro running there?")
    }
}

/// Calls nodes from the client loop.
private struct LoopCaller: RPCRequester {
    let loop: EpollEventLoop

    func call(
        _ call: DirectoryCall, on node: Node, deadline: ContinuousClock.Instant
    ) async throws(GatewayError) -> [UInt8] {
        try await ClientDomain(loop: loop).call(
            Destination(service: call.service, endpoint: call.endpoint), call.body, metadata: Self.metadata(of: call),
            on: node, deadline: deadline)
    }

    func stream(
        _ call: DirectoryCall, on node: Node, deadline: ContinuousClock.Instant,
        take: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(GatewayError) {
        try await ClientDomain(loop: loop).stream(
            Destination(service: call.service, endpoint: call.endpoint), call.body, metadata: Self.metadata(of: call),
            on: node, deadline: deadline, take: take)
    }

    private static func metadata(of call: DirectoryCall) -> HeaderFields {
        var metadata = HeaderFields()
        for (name, value) in call.metadata.sorted(by: { $0.key < $1.key }) { metadata.append(name: name, value: value) }
        return metadata
    }
}
