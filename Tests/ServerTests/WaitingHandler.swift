import Gateway
import HTTP
import Reactor
import TestSupport

/// Waits until the client has left, and counts how many have.
final class WaitingHandler: Handler {
    let left: Counter
    init(counting left: Counter) { self.left = left }

    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        while !exchange.shouldEnd { await exchange.wakeup.wait() }
        if exchange.isClientGone { left.add(1) }
        try await exchange.respond(.ok, contentType: "text/plain", text: "ended")
    }
}
