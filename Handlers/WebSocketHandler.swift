internal import Bytes
internal import Gateway
internal import HTTP

/// Opens the streaming endpoint that the path names, and makes a WebSocket of the request, each of whose messages is one of
/// the stream, in either direction.
///
/// They are in JSON, or in protobuf when `Content-Type` says so, or the subprotocol, since browsers can set nothing else.
/// A query is the first message. A text without content ends what the client sends, for endpoints that answer only then.
struct WebSocketHandler {
    /// What may be named in `Sec-WebSocket-Protocol`: the ways of writing messages.
    private static let subprotocols = ["json", "protobuf"]

    let dispatcher: Dispatcher
    /// Tells which endpoints are streams.
    let catalog: CatalogView
    /// Tells the types of fields that the catalog does not describe. Nil for nothing.
    let requests: (any RequestDescriber)?
    let configuration: RPCConfiguration
    /// Whose pages may open a WebSocket here.
    let origins: OriginPolicy

    nonisolated(nonsending) func handle(
        _ exchange: Exchange, over route: Route
    ) async throws(GatewayError) {
        guard try await exchange.takeWebSocketOffer(), let handshake = exchange.handshake else { return }
        guard origins.allows(exchange.request) else { throw .foreignOrigin }
        try checkIsStream(route)
        let subprotocol = handshake.subprotocol(among: Self.subprotocols)
        let format = Self.format(exchange.request, subprotocol)
        let first = try firstMessage(exchange, route, format)

        CallMetadata.fill(
            &exchange.metadata, from: exchange.request, exchange.forwarding, configuration, for: .call,
            numbers: &exchange.numbers)
        var call = RPCCall(streaming: route.destination, for: exchange, configuration)
        call.format = format
        call.tellsHost = true
        // The stream is opened first, so that a client whose service is gone gets a status that says so.
        let stream = try await dispatcher.open(call, over: route, wakeup: exchange.wakeup)
        defer { stream.cancel() }
        try exchange.switchProtocols(handshake.response(subprotocol: subprotocol))
        var bridge = WebSocketBridge(
            exchange, stream, format: format, maximumMessage: configuration.maximumBody, first: first,
            answer: route.binding?.rule.answer)
        await bridge.run()
    }

    func checkIsStream(_ route: Route) throws(GatewayError) {
        let (service, name) = (route.destination.service, route.destination.endpoint)
        guard let isStream = route.isStream else {
            throw GatewayError(.notFound, "\(service) has registered no endpoint \(name) that a WebSocket could stream")
        }
        guard isStream else {
            throw GatewayError(
                .badRequest, "\(name) of \(service) has one answer to one request; call it without a WebSocket")
        }
    }

    private static func format(_ head: borrowing RequestHead, _ subprotocol: String?) -> MessageFormat {
        // What the client is told is what holds.
        switch subprotocol {
        case "protobuf": .protobuf
        case "json": .json
        default: head.messageKind == .protobuf ? .protobuf : .json
        }
    }

    /// What path and query say, if anything.
    private func firstMessage(
        _ exchange: Exchange, _ route: Route, _ format: MessageFormat
    ) throws(GatewayError) -> ByteBuffer? {
        guard exchange.request.hasQuery || route.binding?.fields.isEmpty == false else { return nil }
        guard format == .json else {
            throw GatewayError(
                .badRequest, "path and query become a message in JSON, and this WebSocket is in protobuf")
        }
        var message = ByteBuffer()
        try RequestPayload.make(from: &message, of: exchange.request, on: route, catalog, requests)
        return message.text == "{}" || message.text == "null" ? nil : message
    }
}

extension GatewayError {
    /// A page of another site has asked for a WebSocket: 403.
    static var foreignOrigin: GatewayError {
        GatewayError(
            .forbidden, "pages of this origin may not open a WebSocket here; --allowed_origins names those that may")
    }
}
