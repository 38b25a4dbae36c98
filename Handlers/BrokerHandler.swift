internal import Bytes
package import Gateway
package import HTTP
package import Reactor

/// Publishes what is posted, on the topic that the query or a form names; and makes a WebSocket of a GET, on which
/// everything comes that is published on the topic, and by which can be published too. Paths mean nothing.
///
/// Messages come as texts in JSON, `{"Header":{...},"Body":"<base64>"}`. With `queue`, each goes to one of the members of
/// that queue.
package final class BrokerHandler: RouteHandler {
    private let publisher: MessagePublisher
    private let tasks: TaskStarter
    private let origins: OriginPolicy

    /// - Parameters:
    ///   - tasks: Publishes what comes by a WebSocket.
    ///   - origins: Whose pages may open a WebSocket here.
    package init(_ publisher: MessagePublisher, tasks: TaskStarter, origins: OriginPolicy = OriginPolicy()) {
        self.publisher = publisher
        self.tasks = tasks
        self.origins = origins
    }

    nonisolated(nonsending) package func handle(
        _ exchange: Exchange, over route: Route
    ) async throws(GatewayError) {
        if exchange.webSocketOffer != .none || exchange.request.method == .get { return try await subscribe(exchange) }
        guard exchange.request.method == .post else {
            return try await exchange.refuseMethod(allow: "GET, POST, OPTIONS", id: "go.micro.api")
        }
        try await publish(exchange)
    }

    nonisolated(nonsending) private func publish(_ exchange: Exchange) async throws(GatewayError) {
        var body = ByteBuffer()
        try await exchange.collectMessage(into: &body, limit: publisher.configuration.maximumBody)
        try await publisher.publish(
            body.bytes, type: exchange.request.fields[.contentType], to: try Self.topic(of: exchange.request, body),
            id: publisher.makeID(), for: exchange)
    }

    private static func topic(
        of head: borrowing RequestHead, _ body: borrowing ByteBuffer
    ) throws(GatewayError) -> String {
        var topic = try QueryLists.first("topic", in: head.query ?? "")
        if topic == nil, head.fields.contentKind == .form { topic = try QueryLists.first("topic", in: body.text) }
        return try checked(topic)
    }

    package func preview(
        _ head: RequestHead, body: [UInt8], over route: Route
    ) throws(GatewayError) -> [(name: String, value: String)] {
        guard !head.wantsWebSocket, head.method != .get else {
            let topic = try Self.checked(try QueryLists.first("topic", in: head.query ?? ""))
            return [("subscription", "every message on topic \(topic), to a client that asks for a WebSocket")]
        }
        guard head.method == .post else { throw .methodNotAllowed(head.method, allowed: ["GET", "POST", "OPTIONS"]) }
        let topic = try Self.topic(of: head, ByteBuffer(body))
        return [("topic", topic), ("message", "\(body.count) bytes, as they come")]
    }

    nonisolated(nonsending) private func subscribe(_ exchange: Exchange) async throws(GatewayError) {
        let topic = try Self.checked(try QueryLists.first("topic", in: exchange.request.query ?? ""))
        let queue = try QueryLists.first("queue", in: exchange.request.query ?? "")
        guard exchange.webSocketOffer != .none else {
            return try await exchange.refuse(WebSocketRefusal.missing)
        }
        guard try await exchange.takeWebSocketOffer(), let handshake = exchange.handshake else { return }
        guard origins.allows(exchange.request) else { throw .foreignOrigin }
        exchange.service = topic
        let header = publisher.header(
            of: exchange, type: exchange.request.fields[.contentType] ?? "text/plain", topic: topic)
        let stream: BrokerStream
        do throws(BrokerError) {
            stream = BrokerStream(
                try publisher.broker.subscribe(to: topic, queue: queue == "" ? nil : queue, firing: exchange.wakeup),
                on: topic, header: header, publisher, tasks: tasks, exchange)
        } catch {
            throw GatewayError(.badRequest, error.reason)
        }
        defer { stream.cancel() }
        try exchange.switchProtocols(handshake.response())
        var bridge = WebSocketBridge(
            exchange, stream, format: .json, maximumMessage: publisher.configuration.maximumBody, first: nil,
            takesAnything: true)
        await bridge.run()
        exchange.lateFailure = stream.lateFailure
    }

    private static func checked(_ topic: String?) throws(GatewayError) -> String {
        guard let topic, !topic.isEmpty else {
            throw GatewayError(.badRequest, "Topic not specified: name it in the query, as in ?topic=news")
        }
        return topic
    }
}
