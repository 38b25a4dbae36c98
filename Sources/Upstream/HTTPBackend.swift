internal import Bytes
package import Gateway
internal import HTTP
internal import Reactor

/// Carries requests to plain HTTP nodes, over HTTP/1.1 connections that are kept and used again.
package final class HTTPBackend: Backend {
    private let pool: UpstreamPool

    package init(pool: UpstreamPool) { self.pool = pool }

    nonisolated(nonsending) package func forward(
        _ exchange: Exchange, to node: Node
    ) async throws(GatewayError) {
        if let connection = pool.takeIdle(to: node, for: exchange.wakeup) {
            do throws(GatewayError) {
                return try await relay(exchange, over: connection, to: node)
            } catch {
                // The node may have closed the connection in the very moment it was used. That says nothing about the
                // node, so a request that may be repeated goes over a new connection.
                guard error.code == .upstreamBroken, !exchange.hasBegunResponse, exchange.isBodyUntouched,
                    !error.mayHaveBeenSent || exchange.request.method.isIdempotent
                else { throw error }
            }
        }
        let connection = try await pool.connect(to: node, for: exchange.wakeup)
        try await relay(exchange, over: connection, to: node)
    }

    nonisolated(nonsending) private func relay(
        _ exchange: Exchange, over connection: UpstreamConnection, to node: Node
    ) async throws(GatewayError) {
        var relay = Relay(
            exchange: exchange, connection: connection, node: node, timeout: pool.configuration.responseTimeout)
        do throws(GatewayError) {
            switch try await relay.run() {
            case .reusable: pool.put(connection, of: node)
            case .spent: connection.close()
            case .switched:
                var tunnel = TunnelRelay(
                    exchange: exchange, connection: connection, idleTimeout: pool.configuration.tunnelIdleTimeout)
                await tunnel.run()
                connection.close()
            }
        } catch {
            connection.close()
            throw error
        }
    }
}
