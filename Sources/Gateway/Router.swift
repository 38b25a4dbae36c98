package import HTTP

/// Finds the route of a request: its destination, joined with the nodes that can serve it. One for each loop.
package protocol Router: AnyObject {
    /// - Throws: `.notFound` with a sentence that says what was derived, by which rule, and which names are near.
    func route(_ head: RequestHead) throws(GatewayError) -> Route

    /// Whom a request is for, be there anyone or not. Nil when the request does not say. For refusals: it takes longer than
    /// `route`.
    func aim(of head: RequestHead) -> RouteAim?

    /// The same decision, with all that it saw on its way. Nothing is remembered of it, and no node is asked.
    func explain(_ head: RequestHead) -> Explanation

    /// The route to a service that is already named.
    func route(to destination: Destination) throws(GatewayError) -> Route
}

extension Router {
    package func aim(of head: RequestHead) -> RouteAim? { (try? route(head))?.aim }
}

/// Whom a request is for, be there anyone or not.
package struct RouteAim: Sendable {
    package let destination: Destination
    /// What is to be done with the request.
    package let kind: HandlerKind
    /// What is taken off its path on the way there. Nil for nothing.
    package let strippedPrefix: PathPrefix?

    package init(_ destination: Destination, _ kind: HandlerKind, without prefix: PathPrefix? = nil) {
        self.destination = destination
        self.kind = kind
        strippedPrefix = prefix
    }
}

/// A destination joined with the nodes that can serve it, on one loop and in one catalog.
package final class Route {
    package let destination: Destination
    /// What is to be done with the request.
    package let kind: HandlerKind
    package let nodes: NodeRotation
    /// Whether requests or answers of the endpoint are more than one message. Nil when the registry does not describe
    /// the endpoint.
    package let isStream: Bool?
    /// The declared route that led here. Nil when the resolver did.
    package let binding: RouteBinding?

    package init(
        destination: Destination, kind: HandlerKind, nodes: NodeRotation, isStream: Bool? = nil,
        binding: RouteBinding? = nil
    ) {
        self.destination = destination
        self.kind = kind
        self.nodes = nodes
        self.isStream = isStream
        self.binding = binding
    }

    /// Whom the request is for.
    package var aim: RouteAim { RouteAim(destination, kind, without: binding?.rule.strippedPrefix) }
}
