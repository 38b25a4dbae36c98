import AuthProviders
import Gateway
import Glibc
import Resolvers
import Server

// Who says whose a token is, and who may do what. Nil everywhere when everyone may do everything.

extension Composition {
    /// For a gateway.
    func authorizer(
        _ api: ApplianceConfiguration.API, _ parts: LoopParts, _ context: WorkerContext
    ) -> Authorizer? {
        authorizer(api.namespace, common: api.commonNamespace, origins: api.origins, parts, context)
    }

    /// For the dashboard, whose own pages rules know by the namespace of web services: `go.micro.web`.
    func authorizer(of dashboard: DashboardParts, _ parts: LoopParts, _ context: WorkerContext) -> Authorizer? {
        authorizer(dashboard.web.namespace, common: dashboard.web.commonNamespace, servesPages: true, parts, context)
    }

    /// For the server behind `micro proxy`, which rules know by one name.
    func authorizerOfProxy(
        _ origins: OriginPolicy, _ parts: LoopParts, _ context: WorkerContext
    ) -> Authorizer? {
        authorizer(
            .fixed(Self.proxyName), common: .fixed(Namespace.standard), origins: origins, serviceName: Self.proxyName,
            parts, context)
    }

    private static let proxyName = "go.micro.proxy"

    private func authorizer(
        _ namespace: Namespace, common: Namespace, origins: OriginPolicy = OriginPolicy(),
        serviceName: String? = nil, servesPages: Bool = false, _ parts: LoopParts, _ context: WorkerContext
    ) -> Authorizer? {
        guard let access = configuration.access, let provider = provider(access, parts, context) else { return nil }
        var settings = access.authorizer
        settings.serviceName = serviceName
        settings.servesPages = servesPages
        return Authorizer(provider, namespace: namespace, common: common, origins: origins, configuration: settings)
    }

    private func provider(
        _ access: ApplianceConfiguration.Access, _ parts: LoopParts, _ context: WorkerContext
    ) -> (any AuthProvider)? {
        let local = access.key.map { JWTProvider($0, rules: access.rules ?? .standard) { time(nil) } }
        switch access.provider {
        case .jwt: return local
        case .service:
            // Its destination is named, so the resolver is never asked.
            let router = CatalogRouter(
                resolver: HostResolver(), namespace: "none", mode: .kind(.rpc), view: context.catalog,
                strategy: strategy(), health: parts.health)
            var configuration = ServiceProvider.Configuration()
            configuration.timeout = min(configuration.timeout, self.configuration.client.requestTimeout)
            return ServiceProvider(
                router: router, dispatcher: parts.dispatcher, loop: context.loop, local: local,
                configuration: configuration)
        }
    }
}
