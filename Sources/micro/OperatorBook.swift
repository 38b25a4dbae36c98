import ACME
import Bytes
import Gateway
import HTTP
import JSON
import Reactor
import Resolvers
import Synchronization

/// What operators declare while the program runs: changed one after the other, kept in a file first, and then published to all
/// loops.
final class OperatorBook: OperatorRecords {
    /// What all loops count by.
    let limits = Published(RateLimits())

    private let rules: Published<OperatorRules>
    private let routes: RouteBook
    private let file: OperatorFile
    private let namespace: String
    /// Held while a change is written, by threads that may block.
    private let turn = Mutex(())

    /// - Parameters:
    ///   - file: What it holds is in effect at once.
    ///   - namespace: Where services are looked for whose routes name none.
    init(_ file: OperatorFile, namespace: String, routes: RouteBook) throws(StartFailure) {
        self.file = file
        self.namespace = namespace
        self.routes = routes
        rules = Published(try file.read())
        publish(rules.current)
    }

    /// Reads what was kept. Nil where there is no gateway to go by it.
    static func open(
        for configuration: ApplianceConfiguration, publishingTo routes: RouteBook
    ) throws(StartFailure) -> OperatorBook? {
        guard let first = configuration.gateways.first else { return nil }
        // A demonstration leaves nothing behind, and finds nothing of what others serve.
        let keepsNothing = configuration.runsDemoServices && configuration.stateDirectory == nil
        let file =
            keepsNothing
            ? OperatorFile() : OperatorFile(in: configuration.stateDirectory, ProcessEnvironment.variables())
        return try OperatorBook(file, namespace: first.namespace.name(for: RequestHead()), routes: routes)
    }

    var current: OperatorRules { rules.current }

    var listing: RouteListing { routes.listing }

    nonisolated(nonsending) func apply(
        _ change: OperatorChange, knowing catalog: Catalog
    ) async -> Result<OperatorRules, OperatorRefusal> {
        let complete: OperatorChange
        do throws(OperatorRefusal) {
            complete = try completed(change, by: catalog)
        } catch {
            return .failure(error)
        }
        let result = await BlockingPool.shared.run { [self] in
            Result { () throws(OperatorRefusal) in try keep(complete) }
        }
        return result ?? .failure(OperatorRefusal(.serviceUnavailable, "too much else is being done; ask again"))
    }

    /// Blocks.
    private func keep(_ change: OperatorChange) throws(OperatorRefusal) -> OperatorRules {
        let result: Result<OperatorRules, OperatorRefusal> = turn.withLock { _ in
            Result { () throws(OperatorRefusal) in
                let new = try rules.current.applying(change)
                try file.write(new)
                publish(new)
                rules.replace(with: new)
                return new
            }
        }
        return try result.get()
    }

    private func publish(_ rules: OperatorRules) {
        routes.replace(.operatorCommand, with: rules.routes.map(\.rule))
        limits.replace(with: RateLimits(rules.limits, keeping: limits.current))
    }

    // MARK: What a route leaves open

    private func completed(_ change: OperatorChange, by catalog: Catalog) throws(OperatorRefusal) -> OperatorChange {
        guard case .addRoute(var route) = change else { return change }
        if let given = route.namespace {
            let type = Namespace.type(in: given) ?? "api"
            route.namespace = Namespace(configured: given, type: type).name(for: RequestHead())
        } else {
            route.namespace = namespace
        }
        guard route.kind.nodeUse == .calls else { return .addRoute(route) }
        let service = route.services.first { !catalog.versions(of: $0).isEmpty }
        let known = service.map { catalog.versions(of: $0).flatMap(\.endpoints) } ?? []
        if route.endpoint.isEmpty { route.endpoint = try Self.endpoint(for: route, among: known.map(\.name)) }
        if let endpoint = known.first(where: { $0.name == route.endpoint }), endpoint.isStream {
            route.isStream = true
        }
        return .addRoute(route)
    }

    /// What the resolver `micro` makes of the path, unless the service is known to have but another one.
    private static func endpoint(for route: OperatorRoute, among known: [String]) throws(OperatorRefusal) -> String {
        let names = Set(known).sorted()
        let resolver = MicroResolver(namespace: .fixed(""), mode: .rpc)
        let head = RequestHead(method: .get, target: route.condition.text, authority: "localhost")
        let guess = route.condition.isLiteral ? try? resolver.resolve(head).endpoint : nil
        if let guess, names.isEmpty || names.contains(guess) { return guess }
        if names.count == 1 { return names[0] }
        let choice = names.isEmpty ? "such as User.Create" : "which are \(names.prefix(8).joined(separator: ", "))"
        throw OperatorRefusal("the path names no endpoint of \(route.service): name one with endpoint, \(choice)")
    }
}

extension RouteRule.Condition {
    /// Whether the pattern is one path.
    fileprivate var isLiteral: Bool {
        guard case .template(let template) = pattern, template.verb == nil, !template.segments.isEmpty else {
            return false
        }
        return template.segments.allSatisfy { if case .literal = $0 { true } else { false } }
    }
}
