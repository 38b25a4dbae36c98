internal import Bytes
package import Gateway
package import HTTP
internal import JSON

/// Publishes each request as an event: topic and name come from the path, the content is the body, or the query of a GET.
/// The answer is 202 with the id of the event and its topic, whether anyone is subscribed or not.
package final class EventHandler: RouteHandler {
    private let publisher: MessagePublisher

    package init(_ publisher: MessagePublisher) { self.publisher = publisher }

    nonisolated(nonsending) package func handle(
        _ exchange: Exchange, over route: Route
    ) async throws(GatewayError) {
        if try await exchange.hasRefusedToPublish() { return }
        let place = try publisher.place(of: exchange.request)
        let data = try await data(of: exchange)
        let id = "\(place.topic)-\(place.name)-\(publisher.makeID())"
        let event = EventMessage(
            name: place.name, id: id, timestamp: Int64(publisher.now.seconds),
            header: publisher.fields(of: exchange), data: data)
        // Every server of Go Micro reads this type, which those of `application/grpc` do not.
        try await publisher.publish(
            event.protobuf.bytes, type: "application/protobuf", to: place.topic, id: id, for: exchange)
    }

    nonisolated(nonsending) private func data(of exchange: Exchange) async throws(GatewayError) -> ByteBuffer {
        var data = ByteBuffer()
        if !exchange.request.method.isSafe {
            try await exchange.collectMessage(into: &data, limit: publisher.configuration.maximumBody)
        }
        try Self.makeData(of: &data, exchange.request)
        return data
    }

    /// Makes of a body the content of the event; of the query where only that is meant.
    private static func makeData(
        of body: inout ByteBuffer, _ head: borrowing RequestHead
    ) throws(GatewayError) {
        guard !head.method.isSafe else {
            body.removeAll()
            return JSONWriter.write(.object(try QueryLists.parse(head.query ?? "")), to: &body)
        }
        var checker = UTF8Checker()
        guard checker.take(body.span), checker.isComplete else {
            throw GatewayError(.badRequest, "the body is not UTF-8, as the data of an event has to be")
        }
    }

    package func preview(
        _ head: RequestHead, body: [UInt8], over route: Route
    ) throws(GatewayError) -> [(name: String, value: String)] {
        try head.method.checkIsPublished()
        let place = try publisher.place(of: head)
        var data = ByteBuffer(body)
        try Self.makeData(of: &data, head)
        return [("topic", place.topic), ("event", place.name), ("data", data.text)]
    }
}
