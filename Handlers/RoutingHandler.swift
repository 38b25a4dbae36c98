package import Gateway
package import HTTP

/// Asks for the route of a request, and leaves the rest to whoever does what the route says.
package final class RoutingHandler: ExplainingHandler {
    private let router: any Router
    private let authorizer: Authorizer?
    /// Few, so that looking through them is faster than hashing.
    private let branches: [Branch]

    private struct Branch {
        let kind: HandlerKind
        let handler: any RouteHandler
        let compression: CompressionPolicy?
    }

    /// - Parameters:
    ///   - handlers: A route for a kind that is missing here is answered with 501.
    ///   - authorizer: Says who may; nil, the default, lets everyone do everything.
    ///   - compression: How answers of a kind are compressed; nil leaves them as they are. Default nil.
    package init(
        router: any Router, handlers: [HandlerKind: any RouteHandler], authorizer: Authorizer? = nil,
        compression: (HandlerKind) -> CompressionPolicy? = { _ in nil }
    ) {
        self.router = router
        self.authorizer = authorizer
        branches = handlers.map { kind, handler in
            Branch(kind: kind, handler: handler, compression: compression(kind))
        }
    }

    /// The same handler for every route.
    package convenience init(
        router: any Router, always handler: any RouteHandler, authorizer: Authorizer? = nil,
        compression: (HandlerKind) -> CompressionPolicy? = { _ in nil }
    ) {
        self.init(
            router: router, handlers: Dictionary(uniqueKeysWithValues: HandlerKind.allCases.map { ($0, handler) }),
            authorizer: authorizer, compression: compression)
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        let route: Route
        do throws(GatewayError) {
            if let authorizer {
                guard let permitted = try await permittedRoute(exchange, authorizer) else { return }
                route = permitted
            } else {
                route = try exchange.withRequest { (head) throws(GatewayError) in try router.route(head) }
            }
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
        if explanation.problem == nil {
            do throws(GatewayError) {
                let route = try router.route(head)
                explanation.sends = try branch(for: route.kind).handler.preview(head, body: body, over: route)
            } catch {
                explanation.problem = error
            }
        }
        if let methods = explanation.problem?.methods(for: head.method) {
            explanation.problem = nil
            explanation.ownAnswer = "answered by the gateway with the methods that the path takes: \(methods)"
            return explanation
        }
        guard let authorizer else { return explanation }
        explanation.access = authorizer.explain(head, resource(of: head, authorizer))
        if let refusal = explanation.access?.problem {
            explanation.problem = refusal
            explanation.sends = []
        }
        return explanation
    }

    // MARK: Who may

    /// The route, if whoever asks may take it. Nil when it has been answered.
    ///
    /// What there is and what there is not is told to those only who may use it.
    nonisolated(nonsending) private func permittedRoute(
        _ exchange: Exchange, _ authorizer: Authorizer
    ) async throws(GatewayError) -> Route? {
        let outcome: Result<Route, GatewayError>
        do throws(GatewayError) {
            let route = try router.route(exchange.request)
            // Where no call is made with it, it is answered here, with what may be asked for. Every other handler may ask a
            // service, or do something itself.
            if exchange.request.method == .options, route.kind == .rpc, exchange.webSocketOffer == .none,
                !route.calls(with: .options)
            {
                return route
            }
            outcome = .success(route)
        } catch {
            if error.methods(for: exchange.request.method) != nil { throw error }
            outcome = .failure(error)
        }
        let resource =
            switch outcome {
            case .success(let route):
                authorizer.resource(for: route.aim, of: exchange.request)
            case .failure: resource(of: exchange.request, authorizer)
            }
        if case .success(let route) = outcome { exchange.service = route.destination.service }
        guard try await authorizer.admits(exchange, to: resource) else { return nil }
        return try outcome.get()
    }

    private func resource(of head: RequestHead, _ authorizer: Authorizer) -> AccessResource {
        guard let aim = router.aim(of: head) else { return authorizer.ownResource(of: head) }
        return authorizer.resource(for: aim, of: head)
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
        method == .options && code == .methodNotAllowed && allow.contains("OPTIONS") ? allow : nil
    }
}
