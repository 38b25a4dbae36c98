package import Gateway
package import HTTP

/// The host is the full name of the service, and the path is the service's own: `Host: go.micro.api.site` and
/// `Host: go.micro.api.site:8080` are both `go.micro.api.site`. No namespace is put before it.
///
/// It knows no endpoints, only the HTTP method. Where services are called, `EndpointResolver` names them.
package struct HostResolver: Resolver {
    package init() {}

    package var name: String { "host" }

    package func resolve(_ head: RequestHead) throws(GatewayError) -> Destination {
        // Hosts are the same in any case, and browsers send them in lower case. The port says where the gateway listens
        // and nothing about the service; Micro v2 kept it, and then found no service of that name.
        let service = head.host
        guard !service.isEmpty else {
            throw GatewayError(.notFound, "The request names no host, and the host is what names the service here.")
        }
        return Destination(service: service, endpoint: head.method.description)
    }
}
