package import Gateway
package import HTTP

/// Passes a request on to one node of the service that its route names, unchanged, or without the prefix that the route takes
/// off its path.
package final class ProxyHandler: RouteHandler {
    private let backend: any Backend
    /// Nodes tried for one request, the first included. Default 2; 1 to 10.
    private let maximumAttempts: Int

    package init(backend: any Backend, maximumAttempts: Int = 2) {
        self.backend = backend
        self.maximumAttempts = maximumAttempts
    }

    nonisolated(nonsending) package func handle(
        _ exchange: Exchange, over route: Route
    ) async throws(GatewayError) {
        guard !exchange.forwarding.isLoop(exchange.request) else {
            throw GatewayError(.loopDetected, "this request has passed this gateway before; its route is a circle")
        }
        guard exchange.request.method != .connect else {
            throw GatewayError(.notImplemented, "this gateway makes no tunnels")
        }
        // What a node answers to TRACE is the request as it got it, with all that we have added and the client's cookies.
        guard exchange.request.method != .trace else {
            return try await exchange.refuseMethod(
                allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", id: "go.micro.api")
        }
        if exchange.webSocketOffer != .none {
            guard try await exchange.takeWebSocketOffer() else { return }
        }
        if let prefix = route.binding?.rule.strippedPrefix {
            exchange.rewrite = exchange.withRequest { RequestRewrite(of: $0, without: prefix) }
        }
        var tried: [Node] = []
        var last: GatewayError?
        while let node = route.nodes.next(now: exchange.now, after: tried) {
            do throws(GatewayError) {
                try await backend.forward(exchange, to: node)
                return route.nodes.recordSuccess(of: node)
            } catch {
                if error.blamesNode { route.nodes.recordFailure(of: node, now: exchange.now) }
                tried.append(node)
                last = error
                guard canAskAnother(error, exchange), tried.count < maximumAttempts else { throw error }
            }
        }
        throw last ?? .noNodes(of: route.destination.service)
    }

    package func preview(
        _ head: RequestHead, body: [UInt8], over route: Route
    ) throws(GatewayError) -> [(name: String, value: String)] {
        guard head.method != .trace else {
            throw .methodNotAllowed(
                head.method, allowed: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
        }
        guard let prefix = route.binding?.rule.strippedPrefix else {
            return [("request", "\(head.method) \(head.target)"), ("host", head.authority)]
        }
        let rewrite = RequestRewrite(of: head, without: prefix)
        return [
            ("request", "\(head.method) \(rewrite.target(of: head))"), ("host", head.authority),
            ("X-Forwarded-Prefix", rewrite.prefix),
        ]
    }

    /// Never again once the client has seen a byte, or once a byte of the body is gone; and after a node may have seen
    /// the request, only when its method may be repeated.
    private func canAskAnother(_ error: GatewayError, _ exchange: Exchange) -> Bool {
        guard !exchange.hasBegunResponse, exchange.isBodyUntouched else { return false }
        return error.isRetryable || (error.code == .upstreamBroken && exchange.request.method.isIdempotent)
    }
}
