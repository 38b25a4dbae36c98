import Dashboard
import Gateway
import Glibc
import Handlers
import Reactor
import Resolvers
import Server
import Transports
import Upstream

/// What every loop's dashboard has in common.
struct DashboardParts: Sendable {
    let facts: StatusFacts
    /// The gateways whose documents it shows.
    let gateways: [DocumentedGateway]
    let registrar: (any Registrar)?
    let files: PublicFiles
    let policy: AccessPolicy
    let resolver: WebResolver
    let web: ApplianceConfiguration.Web
    let token: PageToken
    let readiness: Appliance.Readiness
    let security: TLSServerContext?

    init(_ appliance: Appliance, _ web: ApplianceConfiguration.Web, _ addresses: Listeners.Addresses) {
        let configuration = appliance.composition.configuration
        facts = StatusFacts(
            version: Version.number, started: time(nil),
            gateways: zip(configuration.gateways, addresses.gateways).map { gateway, address in
                StatusFacts.Gateway(
                    name: gateway.name, address: address.description,
                    url: appliance.composition.url(port: address.port), handler: gateway.handler.word,
                    resolver: gateway.resolver, namespace: "\(gateway.namespace)",
                    takesCalls: gateway.rpcAccess != .nobody)
            },
            registry: appliance.registry?.registrar.name ?? "none", loops: appliance.workers.count,
            isInsecure: web.isInsecure)
        gateways = zip(configuration.gateways, addresses.gateways).map { gateway, address in
            appliance.composition.documented(gateway, port: address.port)
        }
        token = appliance.composition.pageToken
        registrar = appliance.registry?.registrar
        files = web.publicDirectory.map { .directory($0) } ?? .embedded
        let names = AccessPolicy.namesOfThisMachine() + (web.host.map { [$0] } ?? [])
        resolver = WebResolver(mode: web.resolver, namespace: web.namespace, ownNames: names, host: web.host)
        self.web = web
        let domains = web.resolver == .path ? [] : web.host.map { [WebResolver.applicationDomain(of: $0)] } ?? []
        // Hosts that certificates are got for are as much ours as the name of the machine.
        policy = AccessPolicy(
            isInsecure: web.isInsecure, machineNames: names + appliance.composition.ownHosts, machineDomains: domains)
        readiness = appliance.readiness
        security = appliance.certificates?.context
    }
}

extension Composition {
    /// The handler of the dashboard, `micro web`.
    func dashboard(_ parts: DashboardParts, _ context: WorkerContext) -> any Handler {
        let loopParts = LoopParts(context, self)
        let (readiness, security) = (parts.readiness, parts.security)
        let authorizer = authorizer(of: parts, loopParts, context)
        let statistics = dashboardStatistics
        let report = { @Sendable () -> StatisticsReport in StatisticsReport(statistics, ProcessFigures.now()) }
        let isCounting = configuration.hasStatistics
        let dashboard = DashboardHandler(
            catalog: context.catalog, facts: parts.facts, registrar: parts.registrar, files: parts.files,
            // Who may use the dashboard was decided before its `/rpc` is asked.
            policy: parts.policy, authorizer: authorizer,
            rpc: rpcEndpoint(.everyone, authorizer, loopParts, context), web: parts.resolver,
            applications: applications(parts.resolver, authorizer, loopParts, context), token: parts.token,
            unreadiness: { readiness.obstacle },
            certificates: {
                (security?.identities ?? []).map { .init(names: $0.names, end: $0.validity.upperBound) }
            },
            gateways: parts.gateways,
            explainers: { [unowned context] name in
                context.explainers.first { name == nil || $0.gateway == name }?.handler
            }, types: loopParts.methods, operators: operators,
            statistics: isCounting ? report : nil)
        let whole = compressing(dashboard, context)
        return isCounting ? StatsHandler(statistics, process: nil, next: whole) : whole
    }

    /// Passes requests on to web services.
    private func applications(
        _ resolver: WebResolver, _ authorizer: Authorizer?, _ parts: LoopParts, _ context: WorkerContext
    ) -> any Handler {
        // Its destinations are named by the web resolver, so the other one is never asked.
        let router = CatalogRouter(
            resolver: HostResolver(), namespace: "none", mode: .kind(.web), view: context.catalog, strategy: strategy(),
            health: parts.health)
        return WebServiceHandler(
            resolver: resolver, catalog: context.catalog, router: router,
            proxy: ProxyHandler(backend: HTTPBackend(pool: parts.pool), maximumAttempts: maximumAttempts),
            compression: compression(passesOn: true, context), authorizer: authorizer)
    }

    /// What the document of a gateway is made of.
    fileprivate func documented(_ gateway: ApplianceConfiguration.API, port: UInt16) -> DocumentedGateway {
        DocumentedGateway(
            name: gateway.name, url: url(port: port), kind: gateway.handler.kind, isMeta: gateway.handler == .meta,
            resolver: resolver(gateway), namespace: "\(gateway.namespace)",
            takesCalls: gateway.rpcAccess != .nobody, routes: routes.index, hasAccounts: configuration.access != nil)
    }
}
