internal import Bytes
package import Gateway
internal import HTTP

/// Calls an endpoint with the whole HTTP request in one message, `go.api.Request`, and answers with the whole response that
/// it returns, `go.api.Response`. Any method, any type of body; always protobuf towards the service.
package final class APIHandler: RouteHandler {
    private let dispatcher: Dispatcher
    private let configuration: RPCConfiguration

    /// - Parameter configuration: The limit on bodies holds for the message too.
    package init(dispatcher: Dispatcher, configuration: RPCConfiguration = RPCConfiguration()) {
        self.dispatcher = dispatcher
        self.configuration = configuration
    }

    nonisolated(nonsending) package func handle(
        _ exchange: Exchange, over route: Route
    ) async throws(GatewayError) {
        var body = exchange.takeBuffer()
        try await exchange.collectMessage(into: &body, limit: configuration.maximumBody)
        var message = exchange.takeBuffer()
        let namespace = configuration.namespace?.name(for: exchange.request)
        try APIRequest(exchange.request, body: body.span, exchange.forwarding, namespace: namespace)
            .write(body: body, to: &message)
        exchange.giveBack(body)
        guard message.count <= configuration.maximumBody else {
            throw GatewayError(
                .contentTooLarge,
                "as one message, the request is longer than the limit of \(configuration.maximumBody) bytes")
        }

        CallMetadata.fill(
            &exchange.metadata, from: exchange.request, exchange.forwarding, namespace: configuration.namespace)
        var call = RPCCall(
            destination: route.destination, body: message, metadata: exchange.metadata,
            deadline: exchange.now + CallTimeout.requested(by: exchange.request, configuration), exchange: exchange)
        call.format = .protobuf
        var reply = exchange.takeBuffer()
        try await dispatcher.call(
            call, over: route, isIdempotent: exchange.request.method.isSafe, reply: &reply, wakeup: exchange.wakeup)
        try await answer(exchange, with: &reply, of: route.destination)
        exchange.giveBack(reply)
        exchange.giveBack(message)
    }

    nonisolated(nonsending) private func answer(
        _ exchange: Exchange, with reply: inout ByteBuffer, of destination: Destination
    ) async throws(GatewayError) {
        let response: APIResponse
        do throws(APIResponse.Problem) {
            response = try APIResponse(reply.span)
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
