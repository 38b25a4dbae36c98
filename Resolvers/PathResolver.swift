package import Gateway
package import HTTP

/// The first segment of the path names the service, a version like any other: `/greeter/say/hello` is
/// `go.micro.api.greeter`, and `/v1/greeter` is `go.micro.api.v1`.
///
/// It knows no endpoints, only the HTTP method. Where services are called, `EndpointResolver` names them.
package struct PathResolver: Resolver {
    private let namespace: Namespace

    package init(namespace: Namespace) { self.namespace = namespace }

    package var name: String { "path" }

    package func resolve(_ head: RequestHead) throws(GatewayError) -> Destination {
        let service = try PathSegments(of: head).name(at: 0)
        return Destination(service: namespace.qualified(service, for: head), endpoint: head.method.description)
    }
}
