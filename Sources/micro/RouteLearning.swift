import Gateway
import Reactor
import Registries
import Server
import Transports
import Upstream

/// Has gRPC services asked what they serve, and hands on what they tell: their types to the loops that call them, their
/// routes to the book, and their endpoints to the keeper, for those of which a registry tells nothing.
struct RouteLearning: Sendable {
    /// Hosts the learner, and gets the catalogs like those that serve.
    let worker: Worker
    private let composition: Composition

    /// - Returns: Nil when nobody is to be asked.
    init?(_ composition: Composition, on control: EpollEventLoop) {
        guard composition.configuration.learnsRoutes else { return nil }
        self.composition = composition
        worker = Worker(loop: control, makeContext: composition.makeQuietContext)
    }

    /// Begins to ask.
    ///
    /// - Parameter keeper: Nil when nothing is discovered; then the one server behind the proxy is asked.
    func start(_ keeper: CatalogKeeper?) async {
        await worker.host { [composition] context in
            Self.learner(context, composition) { services in
                composition.learnt.replace(with: services)
                let routes = services.routes
                composition.routes.replace(.reflection, with: routes.rules, warnings: routes.warnings)
                guard let keeper else { return }
                // Tasks may overtake each other, so each takes the newest.
                Task { await keeper.describe(composition.learnt.current.descriptions) }
            }
        }
        if let target = composition.configuration.proxy?.target, target.isGRPC {
            let service = Service(name: target.description, version: "", nodes: [target.node])
            await worker.replaceCatalog(with: Catalog(generation: 1, services: [service]))
        }
        Task { await worker.keepHouse() }
    }

    private static func learner(
        _ context: WorkerContext, _ composition: Composition, publish: @escaping (LearntServices) -> Void
    ) -> SchemaLearner {
        let pool = HTTP2Pool(
            loop: context.loop, transport: TCPTransport(), security: composition.sharedSecurity, tasks: context.tasks)
        context.chores.append { pool.tidy() }
        return SchemaLearner(
            pool: pool, tasks: context.tasks, catalog: context.catalog, logger: composition.logger, publish: publish)
    }
}

extension LearntServices {
    /// As records of a registry.
    fileprivate var descriptions: [Service] {
        services.map { Service(name: $0.name, version: $0.version, endpoints: $0.endpoints) }
    }
}
