package import Gateway

/// A gateway of this program, as far as its OpenAPI document must know it. A program may have several, each with a namespace
/// of its own.
package struct DocumentedGateway: Sendable {
    /// By which it is asked for.
    package let name: String
    /// Where clients reach it, such as `http://localhost:8080`.
    package let url: String
    /// What is done with requests that no route was declared for.
    package let kind: HandlerKind
    /// Whether endpoints that take whole requests are called so, whatever the kind.
    package let isMeta: Bool
    package let resolver: any Resolver
    /// How the namespace is described, such as `go.micro.api`.
    package let namespace: String
    /// Whether it takes calls at `/rpc`.
    package let takesCalls: Bool
    package let routes: Published<RouteIndex>
    /// Whether it may want a token.
    package let hasAccounts: Bool

    package init(
        name: String, url: String, kind: HandlerKind, isMeta: Bool, resolver: any Resolver, namespace: String,
        takesCalls: Bool, routes: Published<RouteIndex>, hasAccounts: Bool = false
    ) {
        self.name = name
        self.url = url
        self.kind = kind
        self.isMeta = isMeta
        self.resolver = resolver
        self.namespace = namespace
        self.takesCalls = takesCalls
        self.routes = routes
        self.hasAccounts = hasAccounts
    }
}
