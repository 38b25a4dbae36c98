internal import Bytes
package import Gateway
internal import HTTP
internal import JSON

/// Calls the endpoint that the path names, with the query and the body as one JSON message, and answers with the JSON
/// that the service returns.
package final class RPCHandler: Handler {
    private let router: any Router
    private let dispatcher: Dispatcher
    private let catalog: CatalogView
    private let configuration: RPCConfiguration

    /// - Parameter catalog: Tells the types of fields, so that a query's `7` stays text where text is wanted.
    package init(
        router: any Router, dispatcher: Dispatcher, catalog: CatalogView,
        configuration: RPCConfiguration = RPCConfiguration()
    ) {
        self.router = router
        self.dispatcher = dispatcher
        self.catalog = catalog
        self.configuration = configuration
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        guard exchange.request.method.isCall else {
            return try await exchange.refuseMethod(
                allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", id: "go.micro.api")
        }
        let route = try router.route(exchange.request)
        exchange.service = route.destination.service
        var body = exchange.takeBuffer()
        try await exchange.collectMessage(into: &body, limit: configuration.maximumBody)
        try RequestPayload.make(from: &body, of: exchange.request) { requestType(of: route.destination) }

        // The clock starts here, because how long the client took to send is not the service's affair.
        CallMetadata.fill(&exchange.metadata, from: exchange.request, exchange.forwarding)
        let call = RPCCall(
            destination: route.destination, body: body, metadata: exchange.metadata,
            deadline: exchange.now + CallTimeout.requested(by: exchange.request, configuration), exchange: exchange)
        var reply = exchange.takeBuffer()
        do throws(GatewayError) {
            try await dispatcher.call(
                call, over: route, isIdempotent: exchange.request.method.isSafe, reply: &reply, wakeup: exchange.wakeup)
        } catch {
            throw explain(error, route.destination)
        }
        try await exchange.respond(json: &reply)
        exchange.giveBack(reply)
        exchange.giveBack(body)
    }

    private func requestType(of destination: Destination) -> FieldType? {
        catalog.catalog.endpoint(destination.endpoint, of: destination.service)?.request.flatMap(FieldType.init)
    }

    /// A service that does not know the endpoint says so in its own words; we know which endpoints there are.
    private func explain(_ error: GatewayError, _ destination: Destination) -> GatewayError {
        guard error.status == .notFound, error.code == .application else { return error }
        let names = catalog.catalog.versions(of: destination.service).flatMap(\.endpoints)
            .filter { !$0.isSubscriber }.map(\.name)
        guard !names.isEmpty, !names.contains(destination.endpoint) else { return error }
        let near = NearestWord.all(to: destination.endpoint, in: names)
        let hint = (near.isEmpty ? Array(names.prefix(5)) : near).joined(separator: ", ")
        return GatewayError(
            .notFound, "service \(destination.service) has no endpoint \(destination.endpoint); it has \(hint)",
            mayHaveBeenSent: true)
    }
}

extension Method {
    /// Whether a request with it becomes a call. One with OPTIONS does not: browsers send it before they are allowed to call.
    fileprivate var isCall: Bool {
        self == .post || self == .get || self == .head || self == .put || self == .patch || self == .delete
    }
}

extension Exchange {
    /// Answers 200 with JSON.
    nonisolated(nonsending) func respond(json: inout ByteBuffer) async throws(GatewayError) {
        try await respond(.ok, JSONAnswer.fields, body: &json)
    }
}

/// The header of every answer in JSON, made once: an answer shares its memory.
private enum JSONAnswer {
    static let fields: HeaderFields = {
        var fields = HeaderFields()
        fields.append(.contentType, "application/json")
        return fields
    }()
}

extension FieldType {
    /// The type of a message as a registry describes it. Nil when it is of no help.
    init?(_ description: FieldDescription) {
        var members: [String: FieldType] = [:]
        for field in description.fields { members[field.name] = FieldType(field) }
        if let known = FieldType(registered: description.type, members: members) {
            self = known
        } else if !members.isEmpty {
            self = .object(members)
        } else {
            return nil
        }
    }
}
