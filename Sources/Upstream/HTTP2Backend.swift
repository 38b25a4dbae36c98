internal import Bytes
package import Gateway
internal import HTTP
internal import Reactor

/// Carries requests to nodes over HTTP/2, with trailers and with streams both ways: calls in gRPC as they are, calls in
/// gRPC-Web as gRPC, and other requests.
package final class HTTP2Backend: Backend {
    /// How often a request is sent anew on another connection because the node said that it has done nothing with it.
    private static let maximumAttempts = 4

    private let pool: HTTP2Pool
    /// Limit on waiting for the node while nothing moves; calls have their own limit, or none.
    private let silenceTimeout: Duration

    /// - Parameter configuration: Of it, the limit on waiting for a response.
    package init(pool: HTTP2Pool, configuration: PoolConfiguration = PoolConfiguration()) {
        self.pool = pool
        silenceTimeout = configuration.responseTimeout
    }

    nonisolated(nonsending) package func forward(
        _ exchange: Exchange, to node: Node
    ) async throws(GatewayError) {
        let type = GRPCContentType(of: exchange.request.fields)
        let deadline = Deadline(on: pool.loop, firing: exchange.wakeup)
        defer { deadline.cancel() }
        var limit: Duration?
        if type != nil {
            limit = try timeout(of: exchange.request)
        } else {
            deadline.set(pool.loop.now + silenceTimeout)
        }
        if let limit { deadline.set(pool.loop.now + limit) }
        // The messages of a stream may be far apart; the connections on both sides are watched over.
        exchange.mayBodyPause = type != nil
        defer { exchange.mayBodyPause = false }
        var relay = HTTP2Relay(
            exchange: exchange, node: node, type: type, deadline: deadline,
            silenceTimeout: type == nil ? silenceTimeout : nil, limit: limit)
        var attempt = 1
        while true {
            do throws(GatewayError) {
                let connection = try await pool.connection(to: node, wakeup: exchange.wakeup, until: deadline)
                // Before the body is touched, so that another node can be asked when this one cannot be reached.
                try await connection.established(wakeup: exchange.wakeup, until: deadline)
                return try await relay.run(over: connection, scheme: node.scheme)
            } catch {
                guard error.isUnprocessed, relay.canBeRepeated, attempt < Self.maximumAttempts else { throw error }
                attempt += 1
            }
        }
    }

    /// What the client of a call says is its limit.
    private func timeout(of request: borrowing RequestHead) throws(GatewayError) -> Duration? {
        guard let place = request.fields.firstIndex(named: "grpc-timeout".utf8.span) else { return nil }
        guard let limit = GRPCTimeout.decode(request.fields.valueSpan(at: place)) else {
            throw GatewayError(.badRequest, "grpc-timeout must be one to eight digits and a unit")
        }
        return limit
    }
}
