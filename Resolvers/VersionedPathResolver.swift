package import Gateway
package import HTTP

/// The first segment of the path names the service, and a version stays with it: `/greeter/say/hello` is
/// `go.micro.api.greeter`, and `/v1/greeter/say` is `go.micro.api.v1.greeter`.
///
/// It knows no endpoints, only the HTTP method. Where services are called, `EndpointResolver` names them.
package struct VersionedPathResolver: Resolver {
    private let namespace: Namespace

    package init(namespace: Namespace) { self.namespace = namespace }

    package var name: String { "vpath" }

    package func resolve(_ head: RequestHead) throws(GatewayError) -> Destination {
        let service = try PathSegments(of: head).versionedName()
        return Destination(service: namespace.qualified(service, for: head), endpoint: head.method.description)
    }
}
