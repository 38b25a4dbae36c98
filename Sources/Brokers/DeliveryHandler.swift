internal import Bytes
package import Gateway
internal import HTTP

/// Takes deliveries of Go Micro's http broker for subscribers within this process: posts to `/` or, from version 1,
/// `/_sub`, with the subscriber's id in the query.
package final class DeliveryHandler: Handler {
    private let memory: MemoryBroker
    private let maximumMessage: Int

    /// - Parameter maximumMessage: The longest delivery, in bytes as it comes: in JSON, with the body in base64.
    package init(_ memory: MemoryBroker, maximumMessage: Int = 6 << 20) {
        self.memory = memory
        self.maximumMessage = maximumMessage
    }

    /// Answers 200, whether anyone is there to take the message or not, as the original does.
    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        guard ["/", "/_sub"].contains(exchange.request.path) else {
            throw GatewayError(.notFound, "messages are delivered to / or /_sub", id: Self.id)
        }
        guard exchange.request.method == .post else {
            throw .methodNotAllowed(exchange.request.method, allowed: ["POST"])
        }
        let id = Self.subscriber(in: exchange.request.query ?? "")
        var content = ByteBuffer()
        try await exchange.collectBody(into: &content, limit: maximumMessage)
        do throws(BrokerError) {
            let (message, topic) = try HTTPBrokerMessage.decode(content.span)
            if let id { memory.hand(message, to: topic, subscriber: id) }
        } catch {
            throw GatewayError(.badRequest, error.reason, id: Self.id)
        }
        content.removeAll()
        try await exchange.respond(.ok, body: &content)
    }

    private static let id = "go.micro.broker"

    private static func subscriber(in query: String) -> String? {
        for field in query.split(separator: "&") where field.hasPrefix("id=") {
            return PercentEncoding.decode(String(field.dropFirst(3)), plusIsSpace: true)
        }
        return nil
    }
}
