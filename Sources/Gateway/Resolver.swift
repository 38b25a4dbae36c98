package import HTTP

/// Names the destination of a request. Pure: no clock, no network, no registry.
package protocol Resolver: Sendable {
    /// The name in the configuration.
    var name: String { get }

    /// - Throws: `.notFound` when the request names no service, with a sentence that says what was missing.
    func resolve(_ head: RequestHead) throws(GatewayError) -> Destination
}
