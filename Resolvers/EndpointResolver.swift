package import Gateway
package import HTTP

/// Another resolver names the service, and the end of the path its endpoint, as with `MicroResolver`: `/greeter/say/hello`
/// is `Say.Hello`, `/say/hello` too, and `/say` is `Say.Call`.
///
/// Micro v2 called an endpoint `GET` where a resolver knew none, which no service has.
package struct EndpointResolver: Resolver {
    private let resolver: any Resolver

    /// - Parameter resolver: One that knows no endpoints.
    package init(_ resolver: any Resolver) { self.resolver = resolver }

    package var name: String { resolver.name }

    package func resolve(_ head: RequestHead) throws(GatewayError) -> Destination {
        let named = try resolver.resolve(head)
        return Destination(service: named.service, endpoint: try PathSegments(of: head).endpoint())
    }
}
