internal import Bytes
package import Gateway
package import HTTP

/// Calls an endpoint with the whole HTTP request in one message, `go.api.Request`, and answers with the whole response that
/// it returns, `go.api.Response`. Any method, any type of body; protobuf towards the service, unless that reads only JSON.
package final class APIHandler: RouteHandler {
    private let dispatcher: Dispatcher
    private let catalog: CatalogView
    private let configuration: RPCConfiguration

    /// - Parameters:
    ///   - catalog: Knows which endpoints there are, for errors.
    ///   - configuration: The limit on bodies holds for the message too.
    package init(
        dispatcher: Dispatcher, catalog: CatalogView, configuration: RPCConfiguration = RPCConfiguration()
    ) {
        self.dispatcher = dispatcher
        self.catalog = catalog
        self.configuration = configuration
    }

    nonisolated(nonsending) package func handle(
        _ exchange: Exchange, over route: Route
    ) async throws(GatewayError) {
        var body = exchange.takeBuffer()
        try await exchange.collectMessage(into: &body, limit: configuration.maximumBody)
        var message = exchange.takeBuffer()
        let namespace = configuration.namespace?.name(for: exchange.request)
        let request = try APIRequest(exchange.request, body: body.span, exchange.forwarding, namespace: namespace)
        request.write(body: body, to: &message)
        let form = APIJSONForm(of: request, body: body, limit: configuration.maximumBody)
        try form.checkLength(of: message)

        CallMetadata.fill(
            &exchange.metadata, from: exchange.request, exchange.forwarding, configuration, for: .wholeRequest,
            numbers: &exchange.numbers)
        var call = RPCCall(
            destination: route.destination, body: message, metadata: exchange.metadata,
            deadline: exchange.now + CallTimeout.requested(by: exchange.request, configuration), exchange: exchange)
        call.format = .protobuf
        call.jsonForm = form
        var reply = exchange.takeBuffer()
        do throws(GatewayError) {
            try await dispatcher.call(
                call, over: route, isIdempotent: exchange.request.method.isSafe, reply: &reply, wakeup: exchange.wakeup)
        } catch {
            throw error.explained(by: catalog.catalog, of: route.destination)
        }
        try await answer(exchange, with: &reply, isJSON: form.isUsed, of: route.destination)
        exchange.giveBack(reply)
        exchange.giveBack(message)
        exchange.giveBack(body)
    }

    package func preview(
        _ head: RequestHead, body: [UInt8], over route: Route
    ) throws(GatewayError) -> [(name: String, value: String)] {
        let namespace = configuration.namespace?.name(for: head)
        let request = try APIRequest(head, body: ByteBuffer(body).span, .unknown, namespace: namespace)
        return [
            ("endpoint", route.destination.endpoint),
            ("message", "the whole request: \(request.method) \(request.url), \(body.count) bytes of body"),
        ]
    }

    nonisolated(nonsending) private func answer(
        _ exchange: Exchange, with reply: inout ByteBuffer, isJSON: Bool, of destination: Destination
    ) async throws(GatewayError) {
        let response: APIResponse
        do throws(APIResponse.Problem) {
            response = isJSON ? try APIResponse(json: &reply) : try APIResponse(reply.span)
        } catch {
            throw GatewayError(
                .upstreamBroken, "the service broke off or gave no valid answer",
                detail: "\(destination.endpoint) of \(destination.service): \(error.reason)", mayHaveBeenSent: true)
        }
        reply.removeLast(reply.count - response.body.upperBound)
        reply.consume(response.body.lowerBound)
        if response.status.forbidsContent { reply.removeAll() }
        try await exchange.respond(response.status, response.fields, body: &reply)
    }
}
