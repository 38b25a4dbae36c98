import Bytes
import Dashboard
import Gateway
import Glibc
import HTTP
import Handlers
import Logging
import Reactor
import Registries
import Resolvers
import Server
import Transports
import Upstream

/// From names in the configuration to constructors: one switch for each kind. Nobody else knows the implementations.
struct Composition: Sendable {
    let configuration: ApplianceConfiguration
    let logger: Logger
    let logWriter: LogWriter
    /// Speaks TLS with nodes.
    var nodeSecurity: TLSClientContext?
    /// The same for HTTP/2.
    var sharedSecurity: TLSClientContext?
    /// What files of descriptors tell.
    var declarations = Declarations()

    // MARK: By name

    func strategy() -> any Strategy {
        configuration.client.selector == "roundrobin" ? RoundRobin() : RandomChoice()
    }

    func resolver(_ api: ApplianceConfiguration.API) -> any Resolver {
        switch api.resolver {
        case "path": PathResolver(namespace: api.namespace)
        case "vpath": VersionedPathResolver(namespace: api.namespace)
        case "host": HostResolver()
        case "grpc": GRPCResolver()
        default: MicroResolver(namespace: api.namespace, mode: api.handler == .rpc ? .rpc : .proxy)
        }
    }

    // MARK: For each loop

    func makeContext(_ loop: any EventLoop) -> sending WorkerContext {
        WorkerContext(
            loop: loop, configuration: session, accessLog: accessLog(), logger: logger,
            compression: CompressionPolicy(minimumLength: configuration.limits.compression.minimumLength))
    }

    /// For what is behind the gateway, and not a part of what an operator wants to read about.
    func makeQuietContext(_ loop: any EventLoop) -> sending WorkerContext {
        WorkerContext(loop: loop, configuration: session, logger: logger)
    }

    private var session: SessionConfiguration {
        var session = SessionConfiguration()
        let limits = configuration.limits
        session.headLimits = HeadLimits(
            requestLine: limits.requestLine, headerBlock: limits.headerBytes, fields: limits.headerFields)
        session.handshakeTimeout = limits.handshakeTimeout
        session.headerTimeout = limits.headerTimeout
        session.idleTimeout = limits.idleTimeout
        session.bodyTimeout = limits.bodyTimeout
        session.maximumStreams = limits.streams
        return session
    }

    /// The handler of the gateway, `micro api`.
    func gateway(_ api: ApplianceConfiguration.API, _ context: WorkerContext) -> any Handler {
        let parts = LoopParts(context, self)
        let router = CatalogRouter(
            resolver: resolver(api), namespace: "\(api.namespace)", use: api.handler == .rpc ? .calls : .proxying,
            view: context.catalog, strategy: strategy(), health: parts.health,
            declared: api.handler == .rpc ? DeclaredRoutes(declarations.routes) : nil)
        let handler: any Handler =
            switch api.handler {
            case .rpc:
                RPCHandler(
                    router: router, dispatcher: parts.dispatcher, catalog: context.catalog, configuration: rpc,
                    origins: api.origins)
            case .http:
                ProxyHandler(
                    router: router, backend: HTTPBackend(pool: parts.pool), maximumAttempts: maximumAttempts)
            }
        return FrontHandler(
            version: Version.number, rpc: compressing(rpcEndpoint(api.rpcAccess, parts, context), context),
            next: GRPCSwitchHandler(
                grpc: grpc(parts, context), next: compressing(handler, passesOn: api.handler == .http, context)))
    }

    /// Calls of clients that speak gRPC go to services as they are. Their paths name the services.
    private func grpc(_ parts: LoopParts, _ context: WorkerContext) -> any Handler {
        let router = CatalogRouter(
            resolver: GRPCResolver(), namespace: "none", use: .grpc, view: context.catalog, strategy: strategy(),
            health: parts.health)
        return ProxyHandler(
            router: router, backend: HTTP2Backend(pool: parts.shared, configuration: pool),
            maximumAttempts: maximumAttempts)
    }

    /// The handler in front of one server, `micro proxy`.
    func proxy(_ proxy: ApplianceConfiguration.Proxy, _ context: WorkerContext) -> any Handler {
        let parts = LoopParts(context, self)
        let name = proxy.target.description
        let nodes = [proxy.target.node]
        let router = FixedRouter(service: name, nodes: nodes, strategy: strategy(), health: parts.health)
        guard proxy.target.isGRPC else {
            return compressing(
                ProxyHandler(router: router, backend: HTTPBackend(pool: parts.pool), maximumAttempts: maximumAttempts),
                passesOn: true, context)
        }
        let calls = FixedCallRouter(
            service: name, nodes: nodes, strategy: strategy(), health: parts.health,
            declared: DeclaredRoutes(declarations.routes))
        return GRPCSwitchHandler(
            grpc: ProxyHandler(
                router: router, backend: HTTP2Backend(pool: parts.shared, configuration: pool),
                maximumAttempts: maximumAttempts),
            next: compressing(
                RPCHandler(
                    router: calls, dispatcher: parts.dispatcher, catalog: context.catalog, configuration: rpc), context)
        )
    }

    /// - Parameter passesOn: Whether the answers are those of others.
    func compressing(_ handler: any Handler, passesOn: Bool = false, _ context: WorkerContext) -> any Handler {
        switch configuration.limits.compression.scope {
        case .none: return handler
        case .own where passesOn: return handler
        case .own, .all: return CompressingHandler(handler, by: context.compression)
        }
    }

    /// Calls for the dashboard go the same way as everyone's.
    func rpcEndpoint(
        _ access: RPCAccess, _ parts: LoopParts, _ context: WorkerContext
    ) -> RPCEndpointHandler {
        // Its destinations are named, so the resolver is never asked.
        let router = CatalogRouter(
            resolver: HostResolver(), namespace: "none", use: .calls, view: context.catalog, strategy: strategy(),
            health: parts.health)
        return RPCEndpointHandler(
            access: access, router: router, dispatcher: parts.dispatcher, catalog: context.catalog,
            configuration: rpc)
    }

    var facts: ClientFacts {
        ClientFacts(trustedProxies: configuration.trustedProxies, viaName: "micro-\(getpid())")
    }

    fileprivate var pool: PoolConfiguration {
        var pool = PoolConfiguration()
        pool.maximumIdle = configuration.client.poolSize
        pool.idleTimeout = configuration.client.poolIdleTimeout
        pool.tunnelIdleTimeout = configuration.limits.tunnelIdleTimeout
        if let limit = configuration.client.silenceTimeout { pool.responseTimeout = limit }
        return pool
    }

    fileprivate var rpc: RPCConfiguration {
        var rpc = RPCConfiguration()
        rpc.maximumBody = configuration.limits.rpcBody
        rpc.timeout = configuration.client.requestTimeout
        rpc.streamIdleTimeout = configuration.limits.streamIdleTimeout
        return rpc
    }

    fileprivate var maximumAttempts: Int { 1 + configuration.client.retries }

    private func accessLog() -> AccessLog? {
        guard configuration.logs.includesRequests else { return nil }
        let isText = configuration.logs.format.isText(onTerminal: StandardStream.output.isTerminal)
        let writer = logWriter
        return AccessLog(format: isText ? .text : .json, clock: { Timestamp.now().rfc3339 }, sink: writer.write)
    }
}

/// What the handlers of one loop have in common.
struct LoopParts {
    let pool: UpstreamPool
    /// Connections that many requests share.
    let shared: HTTP2Pool
    let health = NodeHealth()
    let dispatcher: Dispatcher

    init(_ context: WorkerContext, _ composition: Composition) {
        let pool = UpstreamPool(
            loop: context.loop, transport: TCPTransport(), security: composition.nodeSecurity,
            configuration: composition.pool)
        self.pool = pool
        let shared = HTTP2Pool(
            loop: context.loop, transport: TCPTransport(), security: composition.sharedSecurity,
            tasks: context.tasks, configuration: composition.pool)
        self.shared = shared
        context.chores.append {
            pool.tidy()
            shared.tidy()
        }
        dispatcher = Dispatcher(
            callers: [
                .mucp(transport: "http"): MUCPCaller(pool: pool),
                .grpc: GRPCCaller(
                    pool: shared,
                    methods: ReflectedMethods(
                        pool: shared, tasks: context.tasks, catalog: context.catalog,
                        descriptors: composition.declarations.descriptors)),
            ], loop: context.loop, maximumAttempts: composition.maximumAttempts)
    }
}
