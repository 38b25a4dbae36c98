internal import Bytes
package import Gateway
internal import HTTP

/// Passes a request on to the web service that its path or its host names, as if it had been asked at an address of its
/// own: without the prefix in the path, and with the node's address as its host.
package final class WebServiceHandler: Handler {
    private let resolver: any WebServiceResolver
    private let catalog: CatalogView
    private let router: any Router
    private let proxy: any RouteHandler
    private let compression: CompressionPolicy?
    private let authorizer: Authorizer?

    /// - Parameters:
    ///   - router: Knows the nodes of named services.
    ///   - proxy: Passes the request on.
    ///   - compression: How answers are compressed; nil leaves them as they are.
    ///   - authorizer: Says who may use which service; nil, the default, lets everyone use all.
    package init(
        resolver: any WebServiceResolver, catalog: CatalogView, router: any Router, proxy: any RouteHandler,
        compression: CompressionPolicy? = nil, authorizer: Authorizer? = nil
    ) {
        self.authorizer = authorizer
        self.resolver = resolver
        self.catalog = catalog
        self.router = router
        self.proxy = proxy
        self.compression = compression
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        let destination = try choose(exchange.request)
        if let authorizer {
            // By the path that the service gets.
            let path = destination.target.prefix { $0 != "?" }
            let resource = AccessResource(path: String(path).utf8.span, of: destination.service)
            guard try await authorizer.admits(exchange, to: resource) else { return }
        }
        exchange.service = destination.service
        exchange.compression = compression
        let route = try router.route(
            to: Destination(service: destination.service, endpoint: exchange.request.method.description))
        // Clients of WebSockets follow no redirects, and have no relative links.
        if destination.lacksSlash, exchange.webSocketOffer == .none {
            return try await redirect(exchange, into: destination)
        }
        exchange.rewrite = RequestRewrite(target: destination.target, prefix: destination.prefix)
        try await proxy.handle(exchange, over: route)
    }

    private func choose(_ head: borrowing RequestHead) throws(GatewayError) -> WebDestination {
        let all = try resolver.destinations(of: copy head)
        return all.first { !catalog.catalog.versions(of: $0.service).isEmpty } ?? all[0]
    }

    /// `/shop` to `/shop/`, written as a relative reference, so that it holds behind other proxies too.
    nonisolated(nonsending) private func redirect(
        _ exchange: Exchange, into destination: WebDestination
    ) async throws(GatewayError) {
        var fields = HeaderFields()
        let query = exchange.request.query.map { "?\($0)" } ?? ""
        fields.append(.location, "\(destination.prefix.dropFirst())/\(query)")
        var body = ByteBuffer()
        try await exchange.respond(.permanentRedirect, fields, body: &body)
    }
}
