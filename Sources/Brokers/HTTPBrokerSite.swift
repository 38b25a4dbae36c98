internal import Synchronization

/// What all loops know of our own part in the http broker: who is subscribed within this process, and where deliveries
/// for them are taken.
package final class HTTPBrokerSite: Sendable {
    package let memory: MemoryBroker
    private let place = Mutex<String?>(nil)

    package init(memory: MemoryBroker) { self.memory = memory }

    /// Where deliveries are taken, as it stands in the registry: `host:port`. Nil while nowhere. Nodes with this address
    /// are our own subscribers, who get their messages without a detour.
    package var address: String? {
        get { place.withLock { $0 } }
        set { place.withLock { $0 = newValue } }
    }
}
