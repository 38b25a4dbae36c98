package import Reactor

/// One loop's copy of the catalog. Replaced as a whole; who waits for the next one is woken.
package final class CatalogView {
    package private(set) var catalog = Catalog.empty
    /// Every loop has the catalog of this generation, or a newer one.
    package private(set) var settledGeneration: UInt64 = 0
    private var waiters: [ObjectIdentifier: Wakeup] = [:]

    package init() {}

    /// Catalogs may overtake each other on their way here; one that is older than ours is ignored.
    package func replace(with catalog: Catalog) {
        guard catalog.generation > self.catalog.generation else { return }
        self.catalog = catalog
        for waiter in waiters.values { waiter.fire() }
    }

    /// Notes that every loop has this generation.
    package func settle(_ generation: UInt64) {
        guard generation > settledGeneration else { return }
        settledGeneration = generation
        for waiter in waiters.values { waiter.fire() }
    }

    /// Fires the wake-up for each new catalog, and when all loops have it, until `forget`.
    package func notify(_ wakeup: Wakeup) { waiters[ObjectIdentifier(wakeup)] = wakeup }

    /// No longer fires the wake-up. One that is not known is no error.
    package func forget(_ wakeup: Wakeup) { waiters[ObjectIdentifier(wakeup)] = nil }
}
