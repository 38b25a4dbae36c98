package import JSON
package import Reactor

/// The messages of one endpoint.
package struct EndpointTypes: Sendable, Equatable {
    /// Nil when nobody knows.
    package var request: JSONSchema?
    package var response: JSONSchema?
    /// Whether requests or answers are more than one message.
    package var isStream: Bool

    package init(request: JSONSchema? = nil, response: JSONSchema? = nil, isStream: Bool = false) {
        self.request = request
        self.response = response
        self.isStream = isStream
    }

    /// What is known of an endpoint that is registered: the registry's word counts where there is no better.
    package init(of endpoint: Endpoint, of service: Service, _ types: any MessageTypes) {
        let known = types.types(of: endpoint.name, of: service)
        self.init(
            request: known?.request ?? endpoint.requestSchema, response: known?.response ?? endpoint.responseSchema,
            isStream: known?.isStream ?? endpoint.isStream)
    }
}

/// What is known of the messages of services beyond what registries tell. It never changes and may be read anywhere.
package protocol MessageTypes: Sendable {
    /// Whether nothing is known at all.
    var isEmpty: Bool { get }

    /// The endpoints of a service that are known so, such as `Greeter.SayHello`, sorted.
    func endpoints(of service: Service) -> [String]

    /// - Returns: Nil when nothing is known of the endpoint.
    func types(of endpoint: String, of service: Service) -> EndpointTypes?
}

/// Finds out about the messages of services. One for each loop.
package protocol MessageTypeSource: AnyObject {
    /// What is known of these services. Those that can tell it themselves are asked if need be.
    ///
    /// - Parameters:
    ///   - wakeup: Of the calling task.
    ///   - limit: How long it may take; who has not answered by then is left out.
    nonisolated(nonsending) func messageTypes(
        of services: [Service], wakeup: Wakeup, within limit: Duration
    ) async -> any MessageTypes
}

/// Knows nothing that registries do not tell.
package struct NoMessageTypes: MessageTypes {
    package init() {}

    package var isEmpty: Bool { true }

    package func endpoints(of service: Service) -> [String] { [] }

    package func types(of endpoint: String, of service: Service) -> EndpointTypes? { nil }
}

/// Knows the fields of requests that registries do not describe. One for each loop.
package protocol RequestDescriber: AnyObject {
    /// What may stand in a request, so that a query's `7` is a number only where one is wanted.
    ///
    /// - Parameter nodes: Those that may get it.
    /// - Returns: Nil when nothing is known.
    func request(of destination: Destination, on nodes: [Node]) -> FieldDescription?
}
