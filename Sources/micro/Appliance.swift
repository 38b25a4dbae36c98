import ACME
import Gateway
import Glibc
import Logging
import Reactor
import Registries
import Server
import Synchronization
import Transports

/// The running program: loops, workers, registry, and what has to be undone at the end.
struct Appliance: Sendable {
    let composition: Composition
    let control: EpollEventLoop
    let loops: LoopGroup
    let workers: [Worker]
    let registry: RunningRegistry?
    let keeper: CatalogKeeper?
    let demo: Worker?
    /// Nil when clients are spoken to plainly.
    let certificates: (any CertificateSource)?
    /// Shows our subscribers to the publishers of others; nil when there can be none.
    let subscribers: SubscriberKeeper?
    /// Nil without files of descriptors.
    let descriptors: DescriptorWatch?
    let readiness: Readiness
    private let signals: AsyncStream<CInt>

    /// Whether this instance should get requests, and if not, why.
    final class Readiness: Sendable {
        private let reason = Mutex<String?>("it is starting")
        var obstacle: String? { reason.withLock { $0 } }
        func set(_ obstacle: String?) { reason.withLock { $0 = obstacle } }
    }

    /// Starts everything, and tells what was started. When something fails nothing is left running but threads, and the
    /// process ends.
    static func start(
        _ configuration: ApplianceConfiguration, logger: Logger, logWriter: LogWriter
    ) async throws(StartFailure) -> Appliance {
        if let directory = configuration.web?.publicDirectory, access("\(directory)/index.html", R_OK) != 0 {
            throw StartFailure(
                "--public_dir=\(directory) is no directory with an index.html to read", code: ExitCode.configuration)
        }
        var composition = Composition(
            configuration: configuration, logger: logger, logWriter: logWriter, routes: RouteBook(logger: logger))
        composition.routes.replace(.configurationFile, with: configuration.routes)
        composition.operators = try OperatorBook.open(for: configuration, publishingTo: composition.routes)
        composition.nodeSecurity = try Encryption.withNodes(configuration.nodeSecurity)
        composition.sharedSecurity = try Encryption.withNodes(configuration.nodeSecurity, protocols: ["h2"])
        let control: EpollEventLoop
        let loops: LoopGroup
        do throws(SystemError) {
            Signals.ignoreBrokenPipes()
            FileDescriptor.raiseLimit()
            control = try EpollEventLoop(name: "control")
            control.start()
            loops = try LoopGroup(count: configuration.loops ?? processorCount)
        } catch {
            throw StartFailure(error)
        }
        let certificates = try await Encryption.withClients(configuration.security, on: control, logger: logger)
        let descriptors = try await DescriptorWatch.start(
            configuration.descriptors, into: composition.routes, on: control, logger: logger)
        if let descriptors { composition.descriptors = descriptors.descriptors }
        let signals = await SignalDesk(loop: control).open()
        let workers = loops.loops.map { loop in
            Worker(
                loop: loop, maximumConnections: max(1, configuration.limits.connections / loops.loops.count),
                makeContext: { [composition] in composition.makeContext($0) })
        }
        let listeners = try Listeners(configuration, loopCount: loops.loops.count)
        if listeners.addresses.challenges == nil { await (certificates as? CertificateKeeper)?.leaveOutHTTP() }
        let registry = try await RunningRegistry.start(configuration, on: control, logger: logger)
        let demo =
            configuration.runsDemoServices ? Worker(loop: control, makeContext: composition.makeQuietContext) : nil
        if let demo, let registry { try await startDemo(demo, registry) }

        let learning = RouteLearning(composition, on: control)
        let audience = workers + [learning?.worker].compactMap { $0 }
        let keeper = registry.map { registry in
            CatalogKeeper(
                registry: registry.registrar, loop: control,
                fixed: (configuration.discovery?.staticNodes ?? []).map(\.record), logger: logger
            ) { [routes = composition.routes] catalog in
                routes.replace(from: catalog)
                Task { await hand(catalog, to: audience) }
            }
        }
        await learning?.start(keeper)
        await keeper?.start()
        let readiness = Readiness()
        let subscribers = try await SubscriberKeeper.start(composition, registry, workers, on: control)
        let appliance = Appliance(
            composition: composition, control: control, loops: loops, workers: workers, registry: registry,
            keeper: keeper, demo: demo, certificates: certificates, subscribers: subscribers, descriptors: descriptors,
            readiness: readiness, signals: signals)
        let addresses = listeners.addresses
        for worker in workers { try await listeners.open(on: worker, appliance) }
        for worker in workers + (demo.map { [$0] } ?? []) { Task { await worker.keepHouse() } }
        if let certificates { Task { await certificates.watch() } }
        if let descriptors { Task { await descriptors.watch() } }
        await registry?.announce(addresses, configuration)
        readiness.set(nil)
        await appliance.report(addresses)
        return appliance
    }

    /// Hands every loop the catalog, and then tells each that all have it: whoever has registered a service waits for that.
    private static func hand(_ catalog: Catalog, to workers: [Worker]) async {
        await withTaskGroup(of: Void.self) { group in
            for worker in workers { group.addTask { await worker.replaceCatalog(with: catalog) } }
        }
        for worker in workers { Task { await worker.settleCatalog(catalog.generation) } }
    }

    private static func startDemo(_ worker: Worker, _ registry: RunningRegistry) async throws(StartFailure) {
        let services: [Service]
        do throws(SystemError) {
            services = try await DemoServices.start(on: worker)
        } catch {
            throw StartFailure(error)
        }
        for service in services {
            do throws(RegistryError) {
                try await registry.registrar.register(service, lifetime: nil)
            } catch {
                throw StartFailure("the demo services cannot be registered: \(error.reason)")
            }
        }
    }

    /// Waits for the first signal that asks to stop. A second one ends the process at once.
    func stopSignal() async -> CInt {
        var iterator = signals.makeAsyncIterator()
        return await iterator.next() ?? SIGTERM
    }

    /// Left to the dashboard when the gateway has needed all the time there was.
    private static let shortestDrain = Duration.milliseconds(100)

    /// Finishes what is in flight, and takes back what was announced.
    func stop(because signal: CInt) async {
        readiness.set("it is shutting down")
        let limit = composition.configuration.drainTimeout
        composition.logger.info(
            "stopping on \(signal == SIGINT ? "SIGINT" : "SIGTERM"); requests in flight have \(limit) to finish")
        await registry?.withdraw()
        var cutOff = 0
        // The dashboard goes on until the gateway is done, and says meanwhile that this instance is not ready.
        let end = ContinuousClock.now + limit
        for role in ListenerRole.allCases {
            let left = max(end - .now, Self.shortestDrain)
            await withTaskGroup(of: Int.self) { group in
                for worker in workers { group.addTask { await worker.drain(role, within: left) } }
                for await count in group { cutOff += count }
            }
        }
        _ = await demo?.drain(within: .milliseconds(100))
        await keeper?.stop()
        await subscribers?.stop()
        await registry?.close()
        if cutOff > 0 {
            composition.logger.warning("\(cutOff) connections were cut off: they had not finished in time")
        }
    }
}

/// Hands signals from the control loop to whoever waits for them. An actor of that loop, because that is where they come.
actor SignalDesk {
    private let loop: EpollEventLoop
    private var signals: Signals?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EpollEventLoop) { self.loop = loop }

    /// From now on the first SIGTERM or SIGINT comes by the stream and ends nothing.
    func open() -> AsyncStream<CInt> {
        let (stream, continuation) = AsyncStream.makeStream(of: CInt.self, bufferingPolicy: .bufferingOldest(4))
        var isStopping = false
        signals = try? Signals([SIGTERM, SIGINT], on: loop) { signal in
            // Whoever asks twice wants no orderly end. Not a word either: a terminal that is held would hold us too.
            if isStopping { _exit(128 + signal) }
            isStopping = true
            continuation.yield(signal)
        }
        return stream
    }
}
