package import Gateway
internal import HTTP
package import Logging
package import Reactor
package import Transports

/// What a worker's handlers and sessions share. One for each loop, so it is neither locked nor `Sendable`.
package final class WorkerContext {
    package let loop: any EventLoop
    package let configuration: SessionConfiguration
    /// This loop's copy of the catalog.
    package let catalog = CatalogView()
    /// Nil when no access log is written.
    package let accessLog: AccessLog?
    let logger: Logger
    /// For the answers of this loop that may be compressed.
    package let compression: CompressionPolicy
    let date = DateField()
    let handshakes: HandshakeLog
    /// Starts the tasks of streams and of shared connections to nodes. Set by the worker before any handler is made.
    package fileprivate(set) var tasks = TaskStarter { _ in preconditionFailure("no worker has this context yet") }
    /// The tasks of connections. Set together with `tasks`.
    fileprivate(set) var crew: TaskCrew!
    /// Can tell what becomes of requests, by the names of the gateways.
    package var explainers: [(gateway: String, handler: any ExplainingHandler)] = []
    /// Run about once a second while the worker lives.
    package var chores: [() -> Void] = []

    package init(
        loop: any EventLoop, configuration: SessionConfiguration, accessLog: AccessLog? = nil, logger: Logger,
        compression: CompressionPolicy = CompressionPolicy()
    ) {
        self.loop = loop
        self.configuration = configuration
        self.accessLog = accessLog
        self.logger = logger
        let handshakes = HandshakeLog(logger: logger)
        self.handshakes = handshakes
        chores.append { handshakes.tidy(at: loop.now) }
        self.compression = compression
        if let accessLog { chores.append { accessLog.flush() } }
    }

    /// Keeps the error for the access log, and writes down what an operator can do something about: faults of nodes and of ours, not those of clients.
    func report(_ error: GatewayError, _ exchange: Exchange) {
        exchange.note(error)
        guard error.blamesNode || error.code == .fault || error.code == .noNodes else { return }
        logger.warning(
            "\(error.detail)",
            metadata: [
                "code": "\(error.code.rawValue)", "method": "\(exchange.request.method)",
                "path": "\(exchange.request.path)", "service": "\(exchange.service)",
            ])
    }
}

/// What a listener is for, which decides when it stops.
package enum ListenerRole: Sendable, CaseIterable {
    /// It serves clients: it stops first.
    case service
    /// It tells how the others are doing, and goes on until they are done.
    case attendance
}

/// One loop's isolation domain: its connections, its handlers, its copy of the catalog.
package actor Worker {
    private let loop: any EventLoop
    private let context: WorkerContext
    private let maximumConnections: Int
    private var listeners: [(listener: TCPListener, role: ListenerRole)] = []
    private var connections: [ObjectIdentifier: ServerConnection] = [:]
    private var draining: Set<ListenerRole> = []
    private var hasWarned = false
    private let idle = Wakeup()

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - maximumConnections: More are closed as soon as they are accepted.
    ///   - makeContext: Makes what this loop shares: loops share nothing with each other.
    package init(
        loop: any EventLoop, maximumConnections: Int = 16_384,
        makeContext: @Sendable (any EventLoop) -> sending WorkerContext
    ) {
        self.loop = loop
        self.maximumConnections = maximumConnections
        context = makeContext(loop)
    }

    /// Starts to accept connections at an address, and to answer them with a handler of this loop's own.
    ///
    /// - Parameters:
    ///   - facts: What is believed of a client, given its address.
    ///   - security: Speaks TLS with the clients. Nil speaks plainly.
    package func listen(
        _ socket: consuming FileDescriptor, as role: ListenerRole = .service, facts: ClientFacts,
        security: TLSServerContext? = nil, makeHandler: @Sendable (WorkerContext) -> any Handler
    ) throws(SystemError) {
        shareTasks()
        let shared = share(role, facts, security, makeHandler(context))
        let listener = try TCPListener(owning: socket, on: loop)
        listeners.append((listener, role))
        Task.immediate(executorPreference: loop) { await accept(from: listener, shared) }
    }

    private func share(
        _ role: ListenerRole, _ facts: ClientFacts, _ security: TLSServerContext?, _ handler: any Handler
    ) -> ListenerContext {
        let shared = ListenerContext(worker: context, role: role, facts: facts, security: security, handler: handler)
        shared.didEnd = { connection in self.forget(connection) }
        return shared
    }

    private func forget(_ connection: ServerConnection) {
        connections[ObjectIdentifier(connection)] = nil
        if !draining.isEmpty { idle.fire() }
    }

    /// Takes a connection over, to serve it until one side ends it.
    private func adopt(_ channel: any Channel, from peer: Address, _ listener: ListenerContext) {
        let connection = ServerConnection(channel: channel, from: peer, on: listener)
        connections[ObjectIdentifier(connection)] = connection
        if draining.contains(listener.role) { connection.drain() }
        context.crew.run(connection)
    }

    /// The one place where the tasks of requests begin.
    private func start(_ started: StartedTask) {
        Task.immediate(executorPreference: loop) {  // Without the preference, every await makes an extra queue trip.
            await run(started)
        }
    }

    /// Keeps the task on the worker, and not only on the worker's thread.
    private func run(_ started: StartedTask) async { await started.task.run() }

    private func shareTasks() {
        guard context.crew == nil else { return }
        context.tasks = TaskStarter { [unowned self] task in start(StartedTask(task)) }
        let crew = TaskCrew(context.tasks)
        context.crew = crew
        context.chores.append { crew.thin() }
    }

    /// Serves connections that somebody else makes: a test, or a listener of another kind.
    ///
    /// - Parameter count: How many are made. Default 1.
    package func adopt(
        _ count: Int = 1, from peer: Address, facts: ClientFacts = ClientFacts(), security: TLSServerContext? = nil,
        makeChannel: @Sendable () -> sending any Channel, makeHandler: @Sendable (WorkerContext) -> any Handler
    ) {
        shareTasks()
        let listener = share(.service, facts, security, makeHandler(context))
        for _ in 0..<count { secure(makeChannel(), from: peer, listener) }
    }

    /// Runs something on this loop that serves no connection, such as what asks nodes for their routes.
    package func host(_ makeTask: @Sendable (WorkerContext) -> any LoopTask) {
        shareTasks()
        context.tasks.start(makeTask(context))
    }

    /// Puts TLS around a new connection, where there is TLS.
    private func secure(_ channel: any Channel, from peer: Address, _ listener: ListenerContext) {
        guard let security = listener.security else { return adopt(channel, from: peer, listener) }
        do throws(ChannelError) {
            adopt(try security.makeChannel(over: channel, on: loop), from: peer, listener)
        } catch {
            channel.close()
            context.handshakes.note(error, from: peer.ip)
        }
    }

    /// How many connections are open now.
    package var connectionCount: Int { connections.count }

    /// Hands this loop a new catalog.
    package func replaceCatalog(with catalog: Catalog) { context.catalog.replace(with: catalog) }

    /// Tells this loop that all loops have the catalog of this generation.
    package func settleCatalog(_ generation: UInt64) { context.catalog.settle(generation) }

    /// Runs the chores once a second. Ends when the worker has nothing more to do.
    package func keepHouse() async {
        while draining.count < ListenerRole.allCases.count {
            await loop.sleep(for: .seconds(1))
            for chore in context.chores { chore() }
        }
    }

    /// Accepts nothing more in this role, and ends every connection of it after the answer that it is waiting for.
    ///
    /// - Returns: How many connections were cut off because they had not ended in time.
    package func drain(_ role: ListenerRole = .service, within limit: Duration) async -> Int {
        draining.insert(role)
        for entry in listeners where entry.role == role { entry.listener.close() }
        for connection in connections.values where connection.listener.role == role { connection.drain() }
        let deadline = Deadline(on: loop, firing: idle)
        deadline.set(loop.now + limit)
        while connections.values.contains(where: { $0.listener.role == role }), !deadline.hasExpired {
            await idle.wait()
        }
        deadline.cancel()
        var cutOff = 0
        for connection in connections.values where connection.listener.role == role {
            connection.cutOff()
            cutOff += 1
        }
        for chore in context.chores { chore() }
        return cutOff
    }

    private func accept(from listener: TCPListener, _ shared: ListenerContext) async {
        while listener.isOpen {
            do throws(SystemError) {
                var count = 0
                while let (channel, peer) = try listener.tryAccept() {
                    admit(channel, from: peer, shared)
                    count += 1
                    if count % 64 == 0 { await Task.yield() }  // Those accepted are served before more are taken.
                }
                await listener.wakeup.wait()
            } catch {
                context.logger.error("no connection can be accepted: \(error); trying again every 100 ms")
                await loop.sleep(for: .milliseconds(100))
            }
        }
    }

    private func admit(_ channel: TCPChannel, from peer: Address, _ listener: ListenerContext) {
        guard connections.count < maximumConnections else {
            if !hasWarned {
                context.logger.warning(
                    "connections are refused: this loop has \(maximumConnections) open; raise --max_connections")
            }
            hasWarned = true
            return channel.close()
        }
        hasWarned = false
        secure(channel, from: peer, listener)
    }
}

/// A task, wrapped because the compiler cannot follow an existential into the closure that runs it.
private final class StartedTask {
    let task: any LoopTask
    init(_ task: any LoopTask) { self.task = task }
}
