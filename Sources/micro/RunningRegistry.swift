import Gateway
import Glibc
import Logging
import Reactor
import Registries
import Transports

/// The registry that is in use, and what we have announced in it.
actor RunningRegistry {
    nonisolated let registrar: any Registrar
    /// Interfaces listened on, for the startup report.
    nonisolated let interfaces: [String]
    /// Why it is not the registry that was asked for; nil when it is.
    nonisolated let warning: String?
    private let mdns: MDNSRegistry?
    private let loop: EpollEventLoop
    private let logger: Logger
    private var own: [Service] = []
    private var isWithdrawn = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private init(
        _ registrar: any Registrar, mdns: MDNSRegistry? = nil, interfaces: [String] = [], warning: String? = nil,
        loop: EpollEventLoop, logger: Logger
    ) {
        self.registrar = registrar
        self.loop = loop
        self.mdns = mdns
        self.interfaces = interfaces
        self.warning = warning
        self.logger = logger
    }

    private init(memory: MemoryRegistry, warning: String? = nil, loop: EpollEventLoop, logger: Logger) {
        self.init(memory, warning: warning, loop: loop, logger: logger)
        Task { await sweep(memory) }
    }

    /// A registry in memory has no clock of its own.
    private func sweep(_ memory: MemoryRegistry) async {
        while !isWithdrawn {
            await loop.sleep(for: .seconds(1))
            await memory.sweep()
        }
    }

    /// Nil when nothing is discovered.
    static func start(
        _ configuration: ApplianceConfiguration, on loop: EpollEventLoop, logger: Logger
    ) async throws(StartFailure) -> RunningRegistry? {
        guard let discovery = configuration.discovery else { return nil }
        guard discovery.registry == "mdns", !configuration.runsDemoServices else {
            return RunningRegistry(memory: MemoryRegistry(), loop: loop, logger: logger)
        }
        let mdns = MDNSRegistry(loop: loop, configuration: MDNSConfiguration(host: hostName()), logger: logger)
        do throws(RegistryError) {
            let interfaces = try await mdns.start(interfaces: discovery.interfaces.isEmpty ? nil : discovery.interfaces)
            return RunningRegistry(
                mdns, mdns: mdns, interfaces: interfaces.used.map(\.name),
                warning: interfaces.refused.isEmpty
                    ? nil : "not listening on \(interfaces.refused.joined(separator: "; "))", loop: loop,
                logger: logger)
        } catch {
            // Named interfaces that cannot be used are a mistake; a machine that cannot multicast is a fact.
            guard discovery.interfaces.isEmpty else {
                throw StartFailure("--mdns_interfaces: \(error.reason)", code: ExitCode.configuration)
            }
            return RunningRegistry(
                memory: MemoryRegistry(),
                warning: "mdns is impossible here, so services must be registered by hand (micro register service),"
                    + " or name interfaces with --mdns_interfaces: \(error.reason)", loop: loop, logger: logger)
        }
    }

    /// Makes the gateway and the dashboard visible to others, as Micro v2 did. A registry inside this process has nobody
    /// to show them to.
    func announce(_ addresses: Listeners.Addresses, _ configuration: ApplianceConfiguration) async {
        guard mdns != nil, let discovery = configuration.discovery else { return }
        let parts =
            addresses.gateways.map { ("go.micro.api", $0) } + (addresses.web.map { [("go.micro.web", $0)] } ?? [])
        own = parts.map { name, address in
            let name = discovery.serverName ?? name
            let node = Node(
                id: "\(name)-\(UInt64.random(in: .min ... .max))", address: advertised(address),
                metadata: ["protocol": "http", "server": "http", "registry": "mdns"]
                    .merging(configuration.security == nil ? [:] : ["secure": "true"]) { $1 })
            return Service(name: name, nodes: [node])
        }
        await register(lifetime: discovery.lifetime)
        Task { await renew(every: discovery.renewalInterval, lifetime: discovery.lifetime) }
    }

    private func renew(every interval: Duration, lifetime: Duration) async {
        while !isWithdrawn {
            await loop.sleep(for: interval)
            if !isWithdrawn { await register(lifetime: lifetime) }
        }
    }

    /// Takes back what was announced, before the last requests are answered.
    func withdraw() async {
        isWithdrawn = true
        for service in own { try? await registrar.deregister(service) }
        own = []
    }

    func close() async { await mdns?.close() }

    private func register(lifetime: Duration) async {
        for service in own {
            do throws(RegistryError) {
                try await registrar.register(service, lifetime: lifetime)
            } catch {
                logger.warning("\(service.name) cannot be announced: \(error.reason)")
            }
        }
    }

    /// An address that others can use: of all interfaces, the first that is not the loopback one.
    nonisolated func advertised(_ address: Address) -> String {
        guard address.isAny else { return address.description }
        let own = ((try? NetworkInterface.all()) ?? []).filter(\.isUp).flatMap(\.networks).map(\.address)
        let best = own.first { $0.family == .v4 && !$0.isLoopback } ?? own.first { $0.family == .v4 }
        return "\(best?.ip ?? "127.0.0.1"):\(address.port)"
    }

    private static func hostName() -> DNSName {
        var bytes = [CChar](repeating: 0, count: 256)
        gethostname(&bytes, 255)
        let text = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (try? DNSName(text)) ?? .root
    }
}
