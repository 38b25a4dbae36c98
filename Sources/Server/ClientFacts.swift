internal import HTTP
package import Reactor

/// What a listener believes of its clients.
package struct ClientFacts: Sendable {
    /// Proxies whose `Forwarded` and `X-Forwarded-*` fields are believed. Empty by default.
    package var trustedProxies: [AddressRange]
    /// The name of this gateway in `Via`, by which it notices a request that comes round in a circle.
    package var viaName: String

    package init(trustedProxies: [AddressRange] = [], viaName: String = "micro") {
        self.trustedProxies = trustedProxies
        self.viaName = viaName
    }

    func forwarding(for peer: Address, isSecure: Bool) -> ForwardingContext {
        ForwardingContext(
            clientAddress: peer.ip, isTrusted: trustedProxies.contains { $0.contains(peer) },
            scheme: isSecure ? "https" : "http", viaName: viaName)
    }
}
