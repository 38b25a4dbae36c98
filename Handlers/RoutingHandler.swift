package import Gateway
package import HTTP

/// Asks for the route of a request, and leaves the rest to whoever does what the route says.
package final class RoutingHandler: ExplainingHandler {
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
    package convenience init(
        router: any Router, always handler: any RouteHandler,
        compression: (HandlerKind) -> CompressionPolicy? = { _ in nil }
    ) {
        self.init(
            router: router, handlers: Dictionary(uniqueKeysWithValues: HandlerKind.allCases.map { ($0, handler) }),
            compression: compression)
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        let route: Route
        do throws(GatewayError) {
            route = try exchange.withRequest { (head) throws(GatewayError) in try router.route(head) }
        } catch {
            guard let methods = error.methods(for: exchange.request.method) else { throw error }
            return try await exchange.tellMethods(methods)
        }
        exchange.service = route.destination.service
        let branch = try branch(for: route.kind)
        if let policy = branch.compression { exchange.compression = policy }
        try await branch.handler.handle(exchange, over: route)
        if exchange.hasMoreToSend { try await exchange.finishEnding() }
    }

    package func explain(_ head: RequestHead, body: [UInt8]) -> Explanation {
        var explanation = router.explain(head)
        if let problem = explanation.problem {
            guard let methods = problem.methods(for: head.method) else { return explanation }
            explanation.problem = nil
            explanation.ownAnswer = "answered by the gateway with the methods that the path takes: \(methods)"
            return explanation
        }
        do throws(GatewayError) {
            let route = try router.route(head)
            explanation.sends = try branch(for: route.kind).handler.preview(head, body: body, over: route)
        } catch {
            explanation.problem = error
        }
        return explanation
    }

    private func branch(for kind: HandlerKind) throws(GatewayError) -> Branch {
        // By place, so that only the one that is wanted is copied.
        for index in branches.indices where branches[index].kind == kind { return branches[index] }
        throw GatewayError(.notImplemented, "this gateway has no handler \(kind.rawValue)")
    }
}

extension GatewayError {
    /// What to tell a client that asks for the methods of a path, where they are all that is wrong with its request. Nil for
    /// everyone else.
    fileprivate func methods(for method: Method) -> String? {
        method == .options && code == .methodNotAllowed && !allow.isEmpty ? allow : nil
    }
}
