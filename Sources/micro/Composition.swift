import AuthProviders
import Brokers
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
    var descriptors = Published(Descriptors())
    /// What gRPC services have told by reflection.
    let learnt = Published(LearntServices())
    /// All declared routes.
    let routes: RouteBook
    /// What operators declare while the program runs; nil without gateways.
    var operators: OperatorBook?

    /// The subscribers within this process.
    let subscribers = HTTPBrokerSite(memory: MemoryBroker())

    /// One for all loops: the next request of a page may come to another.
    let pageToken = PageToken()
    /// What the gateways of this process have answered.
    private let statistics = RequestStatistics { time(nil) }
    /// What the dashboard has. Apart, because its pages ask all the time, and who watches over the program does.
    let dashboardStatistics = RequestStatistics { time(nil) }

    // MARK: By name

    func strategy() -> any Strategy {
        configuration.client.selector == "roundrobin" ? RoundRobin() : RandomChoice()
    }

    func resolver(_ api: ApplianceConfiguration.API) -> any Resolver {
        let isCalled = api.handler.isCalled
        return switch api.resolver {
        case "path": naming(PathResolver(namespace: api.namespace), isCalled)
        case "vpath": naming(VersionedPathResolver(namespace: api.namespace), isCalled)
        case "host": naming(HostResolver(), isCalled)
        case "grpc": GRPCResolver()
        default: MicroResolver(namespace: api.namespace, mode: isCalled ? .rpc : .proxy)
        }
    }

    /// Resolvers that know no endpoints are given one where services are called.
    private func naming(_ resolver: any Resolver, _ isCalled: Bool) -> any Resolver {
        isCalled ? EndpointResolver(resolver) : resolver
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
    ///
    /// - Parameter registrar: Takes what is registered through the gateway; nil when nothing is discovered.
    func gateway(
        _ api: ApplianceConfiguration.API, _ registrar: (any Registrar)?, _ context: WorkerContext
    ) -> any Handler {
        let parts = LoopParts(context, self)
        let router = CatalogRouter(
            resolver: resolver(api), namespace: "\(api.resolvedNamespace)", reporter: api.namespace, mode: api.handler,
            view: context.catalog, strategy: strategy(), health: parts.health, declared: DeclaredRoutes(routes.index),
            clock: { [loop = context.loop] in loop.now })
        let authorizer = authorizer(api, parts, context)
        let routing = RoutingHandler(
            router: router, handlers: handlers(api, registrar, parts, context), authorizer: authorizer
        ) {
            compression(passesOn: $0.nodeUse == .proxying, context)
        }
        let front = FrontHandler(
            version: Version.number,
            rpc: limited(
                compressing(rpcEndpoint(api.rpcAccess, of: api, authorizer, parts, context), context), context),
            encodedSlashes: api.encodedSlashes, isDeclared: router.isDeclared,
            next: limited(GRPCSwitchHandler(grpc: grpc(authorizer, parts, context), next: routing), context))
        let sharing: any ExplainingHandler =
            api.hasCORS ? CORSHandler(api.origins, fields: api.corsFields, next: front) : front
        let outermost = counted(sharing, authorizer)
        context.explainers.append((api.name, outermost))
        return outermost
    }

    /// What can be done with a request of the gateway.
    private func handlers(
        _ api: ApplianceConfiguration.API, _ registrar: (any Registrar)?, _ parts: LoopParts, _ context: WorkerContext
    ) -> [HandlerKind: any RouteHandler] {
        let proxy = ProxyHandler(backend: HTTPBackend(pool: parts.pool), maximumAttempts: maximumAttempts)
        let publisher = publisher(api, parts, context)
        return [
            .rpc: RPCHandler(
                dispatcher: parts.dispatcher, catalog: context.catalog, requests: parts.methods,
                configuration: rpc(api), origins: api.origins),
            .api: APIHandler(dispatcher: parts.dispatcher, catalog: context.catalog, configuration: rpc(api)),
            .http: proxy, .web: proxy, .event: EventHandler(publisher), .cloudevents: CloudEventsHandler(publisher),
            .broker: BrokerHandler(publisher, tasks: context.tasks, origins: api.origins),
            .registry: RegistryHandler(
                catalog: context.catalog, registrar: registrar,
                policy: AccessPolicy(
                    isInsecure: api.isRegistryInsecure, machineNames: AccessPolicy.namesOfThisMachine() + ownHosts,
                    subject: "Registration", flag: "--insecure_registry"), origins: api.origins),
        ]
    }

    /// Publishes requests for the gateway.
    private func publisher(
        _ api: ApplianceConfiguration.API, _ parts: LoopParts, _ context: WorkerContext
    ) -> MessagePublisher {
        MessagePublisher(broker: broker(parts, context), namespace: api.namespace, configuration: rpc(api))
    }

    private func broker(_ parts: LoopParts, _ context: WorkerContext) -> any Broker {
        switch configuration.broker?.name {
        case "memory": return LocalBroker(subscribers.memory, tasks: context.tasks)
        default:
            let logger = logger
            return HTTPBroker(
                subscribers, pool: parts.pool, catalog: context.catalog, tasks: context.tasks,
                health: parts.health, maximumAttempts: maximumAttempts, complain: { logger.warning("\($0)") })
        }
    }

    /// Calls of clients that speak gRPC go to services as they are. Their paths name the services.
    private func grpc(
        _ authorizer: Authorizer?, _ parts: LoopParts, _ context: WorkerContext
    ) -> RoutingHandler {
        let router = CatalogRouter(
            resolver: GRPCResolver(), namespace: "none", mode: .grpc, view: context.catalog, strategy: strategy(),
            health: parts.health)
        let backend = HTTP2Backend(pool: parts.shared, configuration: pool)
        return RoutingHandler(
            router: router, always: ProxyHandler(backend: backend, maximumAttempts: maximumAttempts),
            authorizer: authorizer)
    }

    /// The handler in front of one server, `micro proxy`.
    func proxy(_ proxy: ApplianceConfiguration.Proxy, _ context: WorkerContext) -> any Handler {
        let checked = PathCheckHandler(
            encodedSlashes: proxy.encodedSlashes, decidesByPaths: configuration.access != nil,
            next: passing(proxy, context))
        return proxy.hasCORS ? CORSHandler(proxy.origins, fields: proxy.corsFields, next: checked) : checked
    }

    private func passing(_ proxy: ApplianceConfiguration.Proxy, _ context: WorkerContext) -> any Handler {
        let parts = LoopParts(context, self)
        let authorizer = authorizerOfProxy(proxy.origins, parts, context)
        let name = proxy.target.description
        let nodes = [proxy.target.node]
        let router = FixedRouter(service: name, nodes: nodes, strategy: strategy(), health: parts.health)
        guard proxy.target.isGRPC else {
            let passing = ProxyHandler(backend: HTTPBackend(pool: parts.pool), maximumAttempts: maximumAttempts)
            return compressing(
                RoutingHandler(router: router, always: passing, authorizer: authorizer), passesOn: true, context)
        }
        let calls = FixedCallRouter(
            service: name, nodes: nodes, strategy: strategy(), health: parts.health,
            declared: DeclaredRoutes(routes.index))
        let passing = ProxyHandler(
            backend: HTTP2Backend(pool: parts.shared, configuration: pool), maximumAttempts: maximumAttempts)
        let calling = RPCHandler(
            dispatcher: parts.dispatcher, catalog: context.catalog, requests: parts.methods, configuration: rpc(nil))
        return GRPCSwitchHandler(
            grpc: RoutingHandler(router: router, always: passing, authorizer: authorizer),
            next: RoutingHandler(router: calls, always: calling, authorizer: authorizer) { _ in
                compression(passesOn: false, context)
            })
    }

    private func limited(_ handler: any Handler, _ context: WorkerContext) -> any Handler {
        operators.map { LimitingHandler($0.limits, loop: context.loop, next: handler) } ?? handler
    }

    private func counted(_ handler: any ExplainingHandler, _ authorizer: Authorizer?) -> any ExplainingHandler {
        guard configuration.hasStatistics else { return handler }
        return StatsHandler(statistics, process: ProcessFigures.now, authorizer: authorizer, next: handler)
    }

    /// - Parameter passesOn: Whether the answers are those of others.
    func compressing(_ handler: any Handler, passesOn: Bool = false, _ context: WorkerContext) -> any Handler {
        compression(passesOn: passesOn, context).map { CompressingHandler(handler, by: $0) } ?? handler
    }

    func compression(passesOn: Bool, _ context: WorkerContext) -> CompressionPolicy? {
        switch configuration.limits.compression.scope {
        case .none: nil
        case .own where passesOn: nil
        case .own, .all: context.compression
        }
    }

    /// Calls for the dashboard go the same way as everyone's.
    ///
    /// - Parameter gateway: Nil for that of the dashboard.
    func rpcEndpoint(
        _ access: RPCAccess, of gateway: ApplianceConfiguration.API? = nil, _ authorizer: Authorizer?,
        _ parts: LoopParts, _ context: WorkerContext
    ) -> RPCEndpointHandler {
        // Its destinations are named, so the resolver is never asked.
        let router = CatalogRouter(
            resolver: HostResolver(), namespace: "none", mode: .kind(.rpc), view: context.catalog, strategy: strategy(),
            health: parts.health)
        return RPCEndpointHandler(
            access: access, router: router, dispatcher: parts.dispatcher, catalog: context.catalog,
            configuration: rpc(gateway), authorizer: authorizer)
    }

    /// What listeners have in common.
    ///
    /// - Parameter namespace: What nodes are told of requests that are passed on; nil for nothing.
    func facts(_ namespace: Namespace? = nil) -> ClientFacts {
        ClientFacts(
            trustedProxies: configuration.trustedProxies, viaName: "micro-\(getpid())", namespace: namespace)
    }

    fileprivate var pool: PoolConfiguration {
        var pool = PoolConfiguration()
        pool.maximumIdle = configuration.client.poolSize
        pool.idleTimeout = configuration.client.poolIdleTimeout
        pool.tunnelIdleTimeout = configuration.limits.tunnelIdleTimeout
        if let limit = configuration.client.silenceTimeout { pool.responseTimeout = limit }
        return pool
    }

    /// - Parameter gateway: Nil for what is beside the gateways, and calls as the first of them does.
    private func rpc(_ gateway: ApplianceConfiguration.API?) -> RPCConfiguration {
        var rpc = RPCConfiguration()
        rpc.maximumBody = configuration.limits.rpcBody
        rpc.timeout = configuration.client.requestTimeout
        rpc.streamIdleTimeout = configuration.limits.streamIdleTimeout
        if let name = configuration.discovery?.serverName { rpc.serviceName = name }
        // Without CORS nobody asks what may be asked, as in Micro v2.
        rpc.answersOptions = gateway?.hasCORS ?? true
        rpc.namespace = (gateway ?? configuration.gateways.first)?.commonNamespace ?? .fixed(Namespace.standard)
        return rpc
    }

    var maximumAttempts: Int { 1 + configuration.client.retries }

    private func accessLog() -> AccessLog? {
        guard configuration.logs.includesRequests else { return nil }
        let isText = configuration.logs.format.isText(onTerminal: StandardStream.output.isTerminal)
        let writer = logWriter
        return AccessLog(format: isText ? .text : .json, sink: writer.write)
    }
}

extension CatalogRouter.Mode {
    /// - Parameter word: `meta` or the name of a handler.
    init(word: String) { self = HandlerKind(word: word).map { .kind($0) } ?? .meta }

    /// As the operator writes it.
    var word: String {
        switch self {
        case .meta: "meta"
        case .kind(let kind): kind.rawValue
        case .grpc: "grpc"
        }
    }

    /// Whether requests that no route was declared for are calls, whose paths name endpoints.
    fileprivate var isCalled: Bool {
        switch self {
        case .meta: true
        case .kind(let kind): kind.nodeUse == .calls
        case .grpc: false
        }
    }
}

/// What the handlers of one loop have in common.
struct LoopParts {
    let pool: UpstreamPool
    /// Connections that many requests share.
    let shared: HTTP2Pool
    let health = NodeHealth()
    /// How nodes that speak gRPC are called.
    let methods: ReflectedMethods
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
        methods = ReflectedMethods(
            pool: shared, tasks: context.tasks, catalog: context.catalog, descriptors: composition.descriptors,
            learnt: composition.learnt)
        dispatcher = Dispatcher(
            callers: [
                .mucp(transport: "http"): MUCPCaller(pool: pool),
                .grpc: GRPCCaller(pool: shared, methods: methods),
            ], loop: context.loop, maximumAttempts: composition.maximumAttempts)
    }
}
