package import Gateway
package import HTTP

/// Asks for the route of a request, and leaves the rest to whoever does what the route says.
package final class RoutingHandler: ExplainingHandler {
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
    package convenience init(
        router: any Router, always handler: any RouteHandler,
        compression: @escaping (HandlerKind) -> CompressionPolicy? = { _ in nil }
    ) {
        self.init(
            router: router, handlers: Dictionary(uniqueKeysWithValues: HandlerKind.allCases.map { ($0, handler) }),
            compression: compression)
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        let route = try router.route(exchange.request)
        exchange.service = route.destination.service
        guard let handler = handlers[route.kind] else { throw .missing(route.kind) }
        guard let policy = compression(route.kind) else { return try await handler.handle(exchange, over: route) }
        exchange.compression = policy
        try await handler.handle(exchange, over: route)
        try await exchange.finishEnding()
    }

    package func explain(_ head: RequestHead, body: [UInt8]) -> Explanation {
        var explanation = router.explain(head)
        guard explanation.problem == nil else { return explanation }
        do throws(GatewayError) {
            let route = try router.route(head)
            guard let handler = handlers[route.kind] else { throw .missing(route.kind) }
            explanation.sends = try handler.preview(head, body: body, over: route)
        } catch {
            explanation.problem = error
        }
        return explanation
    }
}

extension GatewayError {
    fileprivate static func missing(_ kind: HandlerKind) -> GatewayError {
        GatewayError(.notImplemented, "this gateway has no handler \(kind.rawValue)")
    }
}
