package import Gateway
internal import HTTP

/// Asks for the route of a request, and leaves the rest to whoever does what the route says.
package final class RoutingHandler: Handler {
    private let router: any Router
    /// Few, so that looking through them is faster than hashing.
    private let branches: [Branch]

    private struct Branch {
        let kind: HandlerKind
        let handler: any RouteHandler
        let compression: CompressionPolicy?
    }

    /// - Parameters:
    ///   - handlers: A route for a kind that is missing here is answered with 501.
    ///   - compression: How answers of a kind are compressed; nil leaves them as they are. Default nil.
    package init(
        router: any Router, handlers: [HandlerKind: any RouteHandler],
        compression: (HandlerKind) -> CompressionPolicy? = { _ in nil }
    ) {
        self.router = router
        branches = handlers.map { kind, handler in
            Branch(kind: kind, handler: handler, compression: compression(kind))
        }
    }

    /// The same handler for every route.
    package convenience init(router: any Router, always handler: any RouteHandler) {
        self.init(
            router: router, handlers: Dictionary(uniqueKeysWithValues: HandlerKind.allCases.map { ($0, handler) }))
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        let route = try exchange.withRequest { (head) throws(GatewayError) in try router.route(head) }
        exchange.service = route.destination.service
        guard let branch = branches.first(where: { $0.kind == route.kind }) else {
            throw GatewayError(.notImplemented, "this gateway has no handler \(route.kind.rawValue)")
        }
        exchange.compression = branch.compression
        try await branch.handler.handle(exchange, over: route)
        if exchange.hasMoreToSend { try await exchange.finishEnding() }
    }
}
