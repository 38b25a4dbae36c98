internal import Bytes
package import Gateway
package import HTTP
internal import JSON

/// Calls the endpoint that the path names, with the query and the body as one JSON message, and answers with the JSON
/// that the service returns. An endpoint that streams is answered message by message; a body of JSON lines is a stream to
/// the service. A protobuf body is passed on as it is, and so is its answer.
package final class RPCHandler: RouteHandler {
    private let dispatcher: Dispatcher
    private let catalog: CatalogView
    private let requests: (any RequestDescriber)?
    private let configuration: RPCConfiguration
    private let webSockets: WebSocketHandler

    /// - Parameters:
    ///   - catalog: Tells the types of fields, so that a query's `7` stays text where text is wanted.
    ///   - requests: Tells them for what the catalog does not describe. Default nothing.
    ///   - origins: Whose pages may open a WebSocket here.
    package init(
        dispatcher: Dispatcher, catalog: CatalogView, requests: (any RequestDescriber)? = nil,
        configuration: RPCConfiguration = RPCConfiguration(), origins: OriginPolicy = OriginPolicy()
    ) {
        self.dispatcher = dispatcher
        self.catalog = catalog
        self.requests = requests
        self.configuration = configuration
        webSockets = WebSocketHandler(
            dispatcher: dispatcher, catalog: catalog, requests: requests, configuration: configuration,
            origins: origins)
    }

    nonisolated(nonsending) package func handle(
        _ exchange: Exchange, over route: Route
    ) async throws(GatewayError) {
        if exchange.webSocketOffer != .none { return try await webSockets.handle(exchange, over: route) }
        guard route.calls(with: exchange.request.method) else {
            let answersOptions = configuration.answersOptions
            return try await exchange.refuseMethod(
                allow: answersOptions
                    ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" : "GET, HEAD, POST, PUT, PATCH, DELETE",
                id: "go.micro.api", answersOptions: answersOptions)
        }
        let format = exchange.withRequest { StreamFormat(for: $0, on: route) }
        do throws(GatewayError) {
            if let format {
                try await stream(exchange, over: route, as: format)
            } else {
                try await call(exchange, over: route)
            }
        } catch {
            throw error.completed(by: "go.micro.api").explained(by: catalog.catalog, of: route.destination)
        }
    }

    nonisolated(nonsending) private func call(_ exchange: Exchange, over route: Route) async throws(GatewayError) {
        var body = exchange.takeBuffer()
        // Nearly every body has come with its head.
        if try !exchange.tryCollectMessage(into: &body, limit: configuration.maximumBody) {
            try await exchange.collectMessage(into: &body, limit: configuration.maximumBody)
        }
        var isIdempotent = false
        let call = try exchange.withRequest { (head) throws(GatewayError) in
            isIdempotent = head.method.isSafe
            return try makeCall(body: &body, of: head, exchange, route)
        }
        var reply = exchange.takeBuffer()
        try await dispatcher.call(
            call, over: route, isIdempotent: isIdempotent, reply: &reply, wakeup: exchange.wakeup)
        if call.format == .protobuf {
            try await exchange.respond(protobuf: &reply)
        } else {
            let rule = route.binding?.rule
            try rule?.answer?.pick(from: &reply)
            if rule?.answersBytes == true {
                try await exchange.respond(.ok, try RawBody.unwrap(&reply), body: &reply)
            } else {
                try await exchange.respond(json: &reply)
            }
        }
        exchange.giveBack(reply)
        exchange.giveBack(body)
    }

    /// The call that a request with this body means.
    private func makeCall(
        body: inout ByteBuffer, of head: borrowing RequestHead, _ exchange: Exchange, _ route: Route
    ) throws(GatewayError) -> RPCCall {
        let format = try makeMessage(of: &body, head, route)
        CallMetadata.fill(
            &exchange.metadata, from: head, exchange.forwarding, configuration, for: .call,
            numbers: &exchange.numbers)
        // The clock starts here, because how long the client took to send is not the service's affair.
        var call = RPCCall(
            destination: route.destination, body: body, metadata: exchange.metadata,
            deadline: exchange.now + CallTimeout.requested(by: head, configuration), exchange: exchange)
        call.format = format
        call.tellsHost = true
        return call
    }

    nonisolated(nonsending) private func stream(
        _ exchange: Exchange, over route: Route, as format: StreamFormat
    ) async throws(GatewayError) {
        if route.binding?.rule.body.isOpaque != true, format != .bytes {
            try StreamFormat.refuseProtobuf(exchange.request)
        }
        if exchange.request.method == .head { return try exchange.answerHead(of: format) }
        var first = ByteBuffer()
        let source = try source(of: exchange, route)
        if source == nil { try await exchange.collectMessage(into: &first, limit: configuration.maximumBody) }
        if source?.needsFirst(exchange.request.hasQuery || route.binding?.fields.isEmpty == false) ?? true {
            try makePayload(of: &first, exchange.request, route)
            // The first of many messages is one, though it says nothing.
            if first.text == "null" { RequestPayload.replace(&first, with: [:]) }
        }
        CallMetadata.fill(
            &exchange.metadata, from: exchange.request, exchange.forwarding, configuration, for: .call,
            numbers: &exchange.numbers)
        var call = RPCCall(streaming: route.destination, for: exchange, configuration)
        call.tellsHost = true
        let stream = try await dispatcher.open(call, over: route, wakeup: exchange.wakeup)
        var answer = StreamAnswer(
            to: exchange, from: stream, as: format, first: first, source: source,
            answer: route.binding?.rule.answer, idleTimeout: configuration.streamIdleTimeout)
        try await answer.run()
    }

    /// What makes messages of the body as it comes; nil when all of it is one.
    private func source(of exchange: Exchange, _ route: Route) throws(GatewayError) -> MessageSource? {
        if let binding = route.binding, case .bytes(let field, let inPieces) = binding.rule.body {
            guard inPieces else { return nil }
            try exchange.refuseEncoding()
            let fields = try RequestPayload.fields(of: exchange.request, by: binding)
            return MessageSource(BodyPieces(at: field, of: exchange.request, fields: fields))
        }
        guard exchange.request.fields.contentKind == .jsonLines else { return nil }
        try exchange.refuseEncoding()
        return MessageSource(MessageLines(maximumLength: configuration.maximumBody))
    }

    /// Makes of a body the one message of a call.
    private func makeMessage(
        of body: inout ByteBuffer, _ head: borrowing RequestHead, _ route: Route
    ) throws(GatewayError) -> MessageFormat {
        guard route.binding?.rule.body.isOpaque != true, head.messageKind == .protobuf else {
            try makePayload(of: &body, head, route)
            return .json
        }
        try checkMessage(body, head, route)
        return .protobuf
    }

    private func makePayload(
        of body: inout ByteBuffer, _ head: borrowing RequestHead, _ route: Route
    ) throws(GatewayError) {
        try RequestPayload.make(from: &body, of: head, on: route, catalog, requests)
    }

    /// A message in protobuf is passed on unread. What is said besides would be lost where there is nothing else.
    private func checkMessage(
        _ body: borrowing ByteBuffer, _ head: borrowing RequestHead, _ route: Route
    ) throws(GatewayError) {
        guard body.isEmpty, head.hasQuery || route.binding?.fields.isEmpty == false else { return }
        throw GatewayError(
            .unsupportedMediaType, "path and query become a message in JSON; ask without this Content-Type")
    }

    package func preview(
        _ head: RequestHead, body: [UInt8], over route: Route
    ) throws(GatewayError) -> [(name: String, value: String)] {
        if head.wantsWebSocket {
            try webSockets.checkIsStream(route)
            var first = ByteBuffer()
            if head.hasQuery || route.binding?.fields.isEmpty == false { try makePayload(of: &first, head, route) }
            return [("endpoint", route.destination.endpoint), ("messages", "those of the WebSocket, as they come")]
        }
        guard route.calls(with: head.method) else {
            let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
            throw .methodNotAllowed(
                head.method, allowed: configuration.answersOptions ? methods + ["OPTIONS"] : methods)
        }
        let endpoint = (name: "endpoint", value: route.destination.endpoint)
        var message = ByteBuffer(body)
        if let format = StreamFormat(for: head, on: route) {
            let isOpaque = route.binding?.rule.body.isOpaque == true
            if !isOpaque, format != .bytes { try StreamFormat.refuseProtobuf(head) }
            if !isOpaque, head.fields.contentKind == .jsonLines {
                return [endpoint, ("message", "each line of the body, as it comes")]
            }
            try makePayload(of: &message, head, route)
        } else if try makeMessage(of: &message, head, route) == .protobuf {
            return [endpoint, ("message", "\(body.count) bytes of protobuf, as they come")]
        }
        return [endpoint, ("message", message.text)]
    }
}

extension Exchange {
    /// Answers 200 with JSON.
    nonisolated(nonsending) func respond(json: inout ByteBuffer) async throws(GatewayError) {
        try await respond(.ok, JSONAnswer.fields, body: &json)
    }

    /// Answers 200 with protobuf of the type that the request has; 204 for an empty message.
    nonisolated(nonsending) fileprivate func respond(protobuf: inout ByteBuffer) async throws(GatewayError) {
        guard !protobuf.isEmpty else { return try await respond(.noContent, body: &protobuf) }
        var fields = HeaderFields()
        fields.append(.contentType, request.fields[.contentType] ?? "application/protobuf")
        try await respond(.ok, fields, body: &protobuf)
    }

    /// Answers HEAD as GET would begin, without asking the service.
    func answerHead(of format: StreamFormat) throws(GatewayError) {
        try begin(format.head, body: .chunked)
        try end()
    }
}

extension RPCCall {
    /// A stream to an endpoint, with the metadata of the exchange.
    init(streaming destination: Destination, for exchange: Exchange, _ configuration: RPCConfiguration) {
        self.init(
            destination: destination, body: ByteBuffer(), metadata: exchange.metadata,
            deadline: exchange.now + CallTimeout.requestedForStream(by: exchange.request, configuration),
            exchange: exchange)
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
