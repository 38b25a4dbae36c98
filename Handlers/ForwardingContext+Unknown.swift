internal import HTTP

extension ForwardingContext {
    /// Of a request that no client has sent, but which is to be explained.
    static let unknown = ForwardingContext(clientAddress: "", isTrusted: false, scheme: "http", viaName: "micro")
}
