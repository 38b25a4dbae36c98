/// Knows which services exist and where their nodes are. Lives on the control plane.
package protocol Registry: Sendable {
    /// The name in the configuration.
    var name: String { get }

    /// Every version of the service. An unknown name is no error but an empty answer.
    func services(named name: String) async throws(RegistryError) -> [Service]

    /// Every version of every service.
    func services() async throws(RegistryError) -> [Service]

    /// Changes from now on; the stream ends only when its consumer stops. A consumer that falls behind loses the oldest
    /// events, so an event is a reason to look, not the news itself.
    func watch() async -> AsyncStream<RegistryEvent>
}

/// A registry that can also be written to.
package protocol Registrar: Registry {
    /// Adds these nodes, replacing any with the same id. Unless renewed, they are forgotten after `lifetime`.
    ///
    /// - Parameter lifetime: Nil keeps them until they are taken out.
    func register(_ service: Service, lifetime: Duration?) async throws(RegistryError)

    /// Takes these nodes out; a service without nodes means all of its nodes. A node that is not there is no error.
    func deregister(_ service: Service) async throws(RegistryError)
}

/// What changed in a registry.
package enum RegistryEvent: Sendable, Equatable {
    case registered(Service)
    case deregistered(Service)
}

/// Why a registry did not answer.
package struct RegistryError: Error, Equatable {
    /// What happened, for the operator, as a sentence without a period.
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
}
