package import Bytes
package import Gateway
internal import HTTP
package import Reactor

/// Calls endpoints in Go Micro's own RPC over HTTP/1.1: the request is a POST whose header names the endpoint, the answer
/// is always 200, and a header tells whether it is an error. One call at a time on a connection, because newer servers
/// lose the second answer; a stream has a connection of its own.
package final class MUCPCaller: StreamingCaller {
    private let pool: UpstreamPool
    /// The longest answer accepted, and the longest message of a stream, in bytes.
    private let maximumReply: Int
    private var streamCount = 0

    /// - Parameter maximumReply: Default 4 MiB, as Go Micro itself has it.
    package init(pool: UpstreamPool, maximumReply: Int = 4 << 20) {
        self.pool = pool
        self.maximumReply = maximumReply
    }

    nonisolated(nonsending) package func call(
        _ call: RPCCall, on node: Node, reply: inout ByteBuffer, wakeup: Wakeup
    ) async throws(GatewayError) {
        var codec = MUCPCodec(for: call.format, node: node)
        while true {
            let connection: UpstreamConnection
            if let idle = pool.takeIdle(to: node, for: wakeup) {
                connection = idle
            } else {
                connection = try await pool.connect(to: node, for: wakeup, before: call.deadline)
            }
            do throws(GatewayError) {
                try await exchange(call, over: connection, with: node, as: codec, reply: &reply, wakeup: wakeup)
                return finish(connection, of: node)
            } catch {
                // After an error that the service reports the connection is as good as before.
                if error.code == .application { finish(connection, of: node) } else { connection.close() }
                // What a service does not understand it has not done.
                guard codec == .protoRPC, error.code == .unsupportedMediaType else { throw error }
                codec = .protobuf
                reply.removeAll()
            }
        }
    }

    private func finish(_ connection: UpstreamConnection, of node: Node) {
        guard connection.input.isEmpty, connection.withResponse({ $0.keepsConnectionAlive }) else {
            return connection.close()
        }
        pool.put(connection, of: node)
    }

    nonisolated(nonsending) private func exchange(
        _ call: RPCCall, over connection: UpstreamConnection, with node: Node, as codec: MUCPCodec,
        reply: inout ByteBuffer, wakeup: Wakeup
    ) async throws(GatewayError) {
        let limit = call.deadline - pool.loop.now
        MUCPRequest.write(call, host: node.address, timeLeft: limit, as: codec, to: &connection.output)
        connection.deadline.set(call.deadline)
        let isComplete = try await connection.collectResponse(
            to: .post, from: node, body: &reply, limit: maximumReply, wakeup: wakeup,
            for: call.exchange)
        guard isComplete else { throw .timedOut(node, after: limit) }
        try connection.withResponse { (head) throws(GatewayError) in
            try MUCPResponse.check(head, body: reply, of: call.destination.service, node: node)
        }
        let error: String?
        do throws(MUCPProblem) { error = try codec.unwrap(&reply) } catch { throw .broken(node, error.reason) }
        if let error { throw GatewayError(reportedBy: call.destination.service, text: error) }
    }

    nonisolated(nonsending) package func open(
        _ call: RPCCall, on node: Node, wakeup: Wakeup
    ) async throws(GatewayError) -> any RPCStream {
        let codec = MUCPCodec(for: call.format, node: node)
        let connection = try await pool.connect(to: node, for: wakeup, before: call.deadline)
        connection.deadline.set(call.deadline)
        defer { streamCount &+= 1 }
        return MUCPStream(
            call, id: streamCount, as: codec, over: connection, with: node, maximumMessage: maximumReply,
            now: pool.loop.now)
    }
}
