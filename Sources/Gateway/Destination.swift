/// What a request asks for, before anyone has looked whether it exists.
package struct Destination: Sendable, Equatable {
    /// The full name of the service, namespace included.
    package let service: String
    /// The RPC endpoint such as `Say.Hello`, or the HTTP method for resolvers that know no endpoints.
    package let endpoint: String

    package init(service: String, endpoint: String) {
        self.service = service
        self.endpoint = endpoint
    }
}
