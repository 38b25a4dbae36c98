internal import Bytes
package import Gateway
package import HTTP
internal import JSON

/// Publishes each request as a CloudEvent on the topic that the path names. Events come as one JSON object, or with
/// their attributes in the header; any other request is wrapped into one. What is published is an object of version 1.0
/// in JSON. The answer is 202 with the id of the event and its topic.
package final class CloudEventsHandler: RouteHandler {
    private let publisher: MessagePublisher

    package init(_ publisher: MessagePublisher) { self.publisher = publisher }

    nonisolated(nonsending) package func handle(
        _ exchange: Exchange, over route: Route
    ) async throws(GatewayError) {
        if try await exchange.hasRefusedToPublish() { return }
        let place = try publisher.place(of: exchange.request)
        var body = ByteBuffer()
        try await exchange.collectMessage(into: &body, limit: publisher.configuration.maximumBody)
        let event = try CloudEventReader(
            exchange.request, exchange.forwarding, body: body, now: publisher.now.text(.milliseconds),
            makeID: publisher.makeID
        ).event()
        var content = ByteBuffer()
        JSONWriter.write(event.json, to: &content)
        // Servers of Go Micro read this type, and not the one of CloudEvents.
        try await publisher.publish(
            content.bytes, type: "application/json", to: place.topic, id: event.id, for: exchange)
    }

    package func preview(
        _ head: RequestHead, body: [UInt8], over route: Route
    ) throws(GatewayError) -> [(name: String, value: String)] {
        try head.method.checkIsPublished()
        let topic = try publisher.place(of: head).topic
        let event = try CloudEventReader(
            head, .unknown, body: ByteBuffer(body), now: publisher.now.text(.milliseconds), makeID: publisher.makeID
        ).event()
        return [("topic", topic), ("event", event.json.text())]
    }
}
