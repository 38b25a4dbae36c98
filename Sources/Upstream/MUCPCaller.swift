package import Bytes
package import Gateway
internal import HTTP
package import Reactor

/// Calls endpoints in Go Micro's own RPC over HTTP/1.1: the request is a POST whose header names the endpoint, the answer
/// is always 200, and a header tells whether it is an error. One call at a time on a connection, because newer servers
/// lose the second answer.
package final class MUCPCaller: Caller {
    private let pool: UpstreamPool
    /// The longest answer accepted, in bytes.
    private let maximumReply: Int

    /// - Parameter maximumReply: Default 4 MiB, as Go Micro itself has it.
    package init(pool: UpstreamPool, maximumReply: Int = 4 << 20) {
        self.pool = pool
        self.maximumReply = maximumReply
    }

    nonisolated(nonsending) package func call(
        _ call: RPCCall, on node: Node, reply: inout ByteBuffer, wakeup: Wakeup
    ) async throws(GatewayError) {
        let connection: UpstreamConnection
        if let idle = pool.takeIdle(to: node, for: wakeup) {
            connection = idle
        } else {
            connection = try await pool.connect(to: node, for: wakeup, before: call.deadline)
        }
        do throws(GatewayError) {
            try await exchange(call, over: connection, with: node, reply: &reply, wakeup: wakeup)
        } catch {
            // After an error that the service reports the connection is as good as before.
            if error.code == .application { finish(connection, of: node) } else { connection.close() }
            throw error
        }
        finish(connection, of: node)
    }

    private func finish(_ connection: UpstreamConnection, of node: Node) {
        guard connection.input.isEmpty, connection.response.keepsConnectionAlive else { return connection.close() }
        pool.put(connection, of: node)
    }

    nonisolated(nonsending) private func exchange(
        _ call: RPCCall, over connection: UpstreamConnection, with node: Node, reply: inout ByteBuffer, wakeup: Wakeup
    ) async throws(GatewayError) {
        let limit = call.deadline - pool.loop.now
        MUCPRequest.write(call, host: node.address, timeLeft: limit, to: &connection.output)
        connection.deadline.set(call.deadline)
        let isComplete = try await connection.collectResponse(
            to: .post, from: node, body: &reply, limit: maximumReply, wakeup: wakeup,
            for: call.exchange)
        guard isComplete else { throw .timedOut(node, after: limit) }
        // Go's encoder ends each value with a line feed.
        if !reply.isEmpty, reply.span[reply.count - 1] == 0x0a { reply.removeLast(1) }
        try MUCPResponse.check(connection.response, body: reply, of: call.destination.service, node: node)
    }
}
