internal import Bytes
package import Gateway
internal import HTTP
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
        if exchange.request.method == .get || exchange.request.method == .head {
            let query = try QueryLists.parse(exchange.request.query ?? "")
            JSONWriter.write(.object(query), to: &data)
            return data
        }
        try await exchange.collectMessage(into: &data, limit: publisher.configuration.maximumBody)
        var checker = UTF8Checker()
        guard checker.take(data.span), checker.isComplete else {
            throw GatewayError(.badRequest, "the body is not UTF-8, as the data of an event has to be")
        }
        return data
    }
}
