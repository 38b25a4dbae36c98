package import HTTP

/// Says which web service a request to the dashboard's address is for. Pure, like a resolver: it does not look what is
/// registered.
package protocol WebServiceResolver: Sendable {
    /// The name in the configuration.
    var name: String { get }

    /// Who answers a request.
    func part(for head: RequestHead) -> WebPart

    /// The services that a request may be for. The first that is registered gets it.
    ///
    /// - Throws: `.notFound` when the request names none, with a sentence that says why. Never returns an empty list.
    func destinations(of head: RequestHead) throws(GatewayError) -> [WebDestination]

    /// What the names of web services begin with for a client that asks so, without a dot at its end.
    func namespace(for head: RequestHead) -> String

    /// Where the application that a service is can be opened by whoever made this request: a reference relative to the
    /// dashboard's root, or a whole URL. Nil when no request can reach it.
    ///
    /// - Parameters:
    ///   - label: The service's name behind the namespace and its dot.
    ///   - scheme: `http` or `https`, as the client asked us.
    func reference(toApplication label: String, from head: RequestHead, scheme: String) -> String?
}

/// Who answers a request to the dashboard's address.
package enum WebPart: Sendable, Equatable {
    /// The dashboard, with its own pages first, and the services whose names are the first segments of paths after them.
    case dashboard
    /// The service that the host names, whatever the path.
    case service
}

/// A web service that a request may be for.
package struct WebDestination: Sendable, Equatable {
    /// The full name of the service.
    package let service: String
    /// What is taken off the front of the path: `/shop`; empty when the host named the service.
    package let prefix: String
    /// What the service is asked for: path and query.
    package let target: String
    /// Whether the path ends with the prefix, so that relative links in the answer would lead to the wrong place.
    package let lacksSlash: Bool

    package init(service: String, prefix: String, target: String, lacksSlash: Bool = false) {
        self.service = service
        self.prefix = prefix
        self.target = target
        self.lacksSlash = lacksSlash
    }
}
