package import Gateway
internal import HTTP
package import Reactor

/// What a listener believes of its clients.
package struct ClientFacts: Sendable {
    /// Proxies whose `Forwarded` and `X-Forwarded-*` fields are believed. Empty by default.
    package var trustedProxies: [AddressRange]
    /// The name of this gateway in `Via`, by which it notices a request that comes round in a circle.
    package var viaName: String
    /// Of requests, without the type of the services: what nodes to which requests are passed on are told. Nil tells none.
    package var namespace: Namespace?

    package init(
        trustedProxies: [AddressRange] = [], viaName: String = "micro", namespace: Namespace? = nil
    ) {
        self.trustedProxies = trustedProxies
        self.viaName = viaName
        self.namespace = namespace
    }

    func forwarding(for peer: Address, isSecure: Bool) -> ForwardingContext {
        var name: (@Sendable (borrowing RequestHead) -> String)?
        if let namespace { name = { (head: borrowing RequestHead) in namespace.name(for: head) } }
        return ForwardingContext(
            clientAddress: peer.ip, isTrusted: trustedProxies.contains { $0.contains(peer) },
            scheme: isSecure ? "https" : "http", viaName: viaName,
            namespace: name)
    }
}
