package import Gateway
internal import HTTP

/// Asks for the route of a request, and leaves the rest to whoever does what the route says.
package final class RoutingHandler: Handler {
    private let router: any Router
    private let handlers: [HandlerKind: any RouteHandler]
    private let compression: (HandlerKind) -> CompressionPolicy?

    /// - Parameters:
    ///   - handlers: A route for a kind that is missing here is answered with 501.
    ///   - compression: How answers of a kind are compressed; nil leaves them as they are. Default nil.
    package init(
        router: any Router, handlers: [HandlerKind: any RouteHandler],
        compression: @escaping (HandlerKind) -> CompressionPolicy? = { _ in nil }
    ) {
        self.router = router
        self.handlers = handlers
        self.compression = compression
    }

    /// The same handler for every route.
    package convenience init(router: any Router, always handler: any RouteHandler) {
        self.init(
            router: router, handlers: Dictionary(uniqueKeysWithValues: HandlerKind.allCases.map { ($0, handler) }))
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        let route = try router.route(exchange.request)
        exchange.service = route.destination.service
        guard let handler = handlers[route.kind] else {
            throw GatewayError(.notImplemented, "this gateway has no handler \(route.kind.rawValue)")
        }
        guard let policy = compression(route.kind) else { return try await handler.handle(exchange, over: route) }
        exchange.compression = policy
        try await handler.handle(exchange, over: route)
        try await exchange.finishEnding()
    }
}
