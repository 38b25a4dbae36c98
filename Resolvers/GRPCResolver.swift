package import Gateway
package import HTTP

/// The path of a gRPC call: `/helloworld.Greeter/SayHello` is `Greeter.SayHello` of the service `helloworld`, and
/// `/go.micro.srv.greeter.Say/Hello` is `Say.Hello` of `go.micro.srv.greeter`. No namespace is put before it.
///
/// A path of other than two segments has the HTTP method for its endpoint, as with resolvers that know none.
package struct GRPCResolver: Resolver {
    package init() {}

    package var name: String { "grpc" }

    package func resolve(_ head: RequestHead) throws(GatewayError) -> Destination {
        let segments = try PathSegments(of: head)
        let full = try segments.name(at: 0)
        guard let dot = full.lastIndex(of: "."), dot > full.startIndex else {
            throw GatewayError(
                .notFound, "\(full) has no package in it: a gRPC path is like /helloworld.Greeter/SayHello.")
        }
        let service = String(full[..<dot])
        guard segments.count == 2, dot < full.index(before: full.endIndex) else {
            return Destination(service: service, endpoint: head.method.description)
        }
        let method = try segments.name(at: 1)
        return Destination(service: service, endpoint: "\(full[full.index(after: dot)...]).\(method)")
    }
}
