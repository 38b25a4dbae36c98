internal import Reactor

extension CatalogView {
    /// How long an answer to a registration waits for the catalog to show it.
    package static let showingLimit = Duration.seconds(1)

    /// Returns when every loop routes requests to the nodes of a service that was just registered, so that whoever has
    /// registered it may call it next; or when that takes too long, or nobody waits for it any more.
    nonisolated(nonsending) package func waitUntilShown(_ service: Service, for exchange: Exchange) async {
        let limit = Deadline(on: exchange.loop, firing: exchange.wakeup)
        limit.set(exchange.now + Self.showingLimit)
        notify(exchange.wakeup)
        defer {
            forget(exchange.wakeup)
            limit.cancel()
        }
        var shown: UInt64?
        while !limit.hasExpired, !exchange.isClientGone {
            if shown == nil, shows(service) { shown = catalog.generation }
            if let shown, settledGeneration >= shown { return }
            await exchange.wakeup.wait()
        }
    }

    private func shows(_ service: Service) -> Bool {
        let shown = catalog.versions(of: service.name).first { $0.version == service.version }?.nodes ?? []
        return service.nodes.allSatisfy { node in shown.contains { $0.id == node.id && $0.address == node.address } }
    }
}
