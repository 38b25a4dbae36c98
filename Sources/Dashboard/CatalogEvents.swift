internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// `GET /api/events`: tells at once which catalog there is, and then each time there is another (HTML, server-sent
/// events). What changed is not said: who wants to know reads it, and misses nothing by having been away.
enum CatalogEvents {
    /// A quiet stream says something so often, so that nothing between here and the client takes it for dead.
    static let keepAliveInterval = Duration.seconds(15)

    /// Returns when the client has left or the server stops; browsers come back by themselves.
    nonisolated(nonsending) static func stream(
        _ view: CatalogView, to exchange: Exchange
    ) async throws(GatewayError) {
        let fields = Answer.fields(contentType: "text/event-stream")
        try exchange.begin(ResponseHead(.ok, fields: fields), body: .chunked)
        guard exchange.request.method != .head else { return try exchange.end() }

        let quiet = Deadline(on: exchange.loop, firing: exchange.wakeup)
        view.notify(exchange.wakeup)
        defer {
            view.forget(exchange.wakeup)
            quiet.cancel()
        }
        var told: UInt64?
        var message = ByteBuffer()
        while !exchange.shouldEnd {
            let generation = view.catalog.generation
            if generation != told {
                told = generation
                message.append("event: catalog\ndata: {\"generation\":\(generation)}\n\n")
            } else if quiet.hasExpired {
                message.append(": still here\n\n")
            } else {
                await exchange.wakeup.wait()
                continue
            }
            try await exchange.write(&message)
            try exchange.flush()
            quiet.set(exchange.now + keepAliveInterval)
        }
        if exchange.isClientGone { throw GatewayError(.clientGone, "the client stopped listening to events") }
        try exchange.end()
    }
}
