/// What is done with a request, once it is known whom it is for. The raw values are the names in the configuration.
package enum HandlerKind: String, Sendable, CaseIterable {
    /// An endpoint is called with a message made of path, query and body, and its answer is passed on.
    case rpc
    /// An endpoint is called with the whole request in one message, `go.api.Request`, and answers with a whole response.
    case api
    /// The request is passed on to a node that speaks plain HTTP.
    case http
    /// The same for web services, WebSockets among it.
    case web
    /// The request becomes an event, which is published.
    case event
    /// The same as a CloudEvent.
    case cloudevents
    /// Topics of the broker are published to and subscribed to.
    case broker
    /// Services are looked up, registered and deregistered.
    case registry

    /// - Parameter word: As configurations and the metadata of services write it: `proxy` is another word for `http`.
    package init?(word: String) {
        if word == "proxy" { self = .http } else { self.init(rawValue: word) }
    }

    /// What it wants of nodes. Nil when it needs none.
    package var nodeUse: NodeUse? {
        switch self {
        case .rpc, .api: .calls
        case .http, .web: .proxying
        case .event, .cloudevents, .broker, .registry: nil
        }
    }
}

/// For what nodes are wanted, which decides which of a service's nodes are fit.
package enum NodeUse: Sendable, CaseIterable {
    /// Nodes that can be called by RPC.
    case calls
    /// Nodes that speak plain HTTP.
    case proxying
    /// Nodes that speak gRPC, for clients that do so too.
    case grpc

    /// Whether a node that speaks this can be used.
    package func accepts(_ spoken: WireProtocol) -> Bool {
        switch self {
        case .calls: spoken != .http
        case .proxying: spoken == .http
        case .grpc: spoken == .grpc
        }
    }
}
