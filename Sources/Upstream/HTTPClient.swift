package import Bytes
package import Gateway
package import HTTP
internal import Reactor

/// Sends single requests and collects their answers: for commands that ask a running appliance, and for tests.
package final class HTTPClient {
    private let pool: UpstreamPool
    /// The longest answer accepted, in bytes.
    private let maximumBody: Int

    package init(pool: UpstreamPool, maximumBody: Int = 64 << 20) {
        self.pool = pool
        self.maximumBody = maximumBody
    }

    /// Sends a request to `host:port` and waits for the whole answer.
    ///
    /// - Parameter isSecure: Whether to speak TLS, for which the pool must have what it needs.
    /// - Throws: `.upstreamRefused`, `.upstreamBroken` or `.upstreamTimedOut`.
    nonisolated(nonsending) package func send(
        _ head: RequestHead, body: ByteBuffer = ByteBuffer(), to address: String, isSecure: Bool = false,
        within limit: Duration
    ) async throws(GatewayError) -> (head: ResponseHead, body: ByteBuffer) {
        let node = Node(id: address, address: address, metadata: isSecure ? ["secure": "true"] : [:])
        let wakeup = Wakeup()
        let deadline = pool.loop.now + limit
        let connection = try await pool.connect(to: node, for: wakeup, before: deadline)
        defer { connection.close() }
        var head = head
        head.fields.append(.contentLength, "\(body.count)")
        head.fields.append(.connection, "close")
        HeadWriter.write(head, to: &connection.output)
        connection.output.append(body.span)
        connection.deadline.set(deadline)
        var reply = ByteBuffer()
        let isComplete = try await connection.collectResponse(
            to: head.method, from: node, body: &reply, limit: maximumBody, wakeup: wakeup)
        guard isComplete else { throw .timedOut(node, after: limit) }
        return (connection.response, reply)
    }
}
