package import Reactor

/// One loop's copy of the catalog. Replaced as a whole; who waits for the next one is woken.
package final class CatalogView {
    package private(set) var catalog = Catalog.empty
    private var waiters: [ObjectIdentifier: Wakeup] = [:]

    package init() {}

    /// Catalogs may overtake each other on their way here; one that is older than ours is ignored.
    package func replace(with catalog: Catalog) {
        guard catalog.generation > self.catalog.generation else { return }
        self.catalog = catalog
        for waiter in waiters.values { waiter.fire() }
    }

    /// Fires the wake-up for each new catalog, until `forget`.
    package func notify(_ wakeup: Wakeup) { waiters[ObjectIdentifier(wakeup)] = wakeup }

    /// No longer fires the wake-up. One that is not known is no error.
    package func forget(_ wakeup: Wakeup) { waiters[ObjectIdentifier(wakeup)] = nil }
}
