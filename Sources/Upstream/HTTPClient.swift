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
    /// - Parameters:
    ///   - isSecure: Whether to speak TLS, for which the pool must have what it needs.
    ///   - takeLine: Gets each line of an answer in JSON lines (`application/x-ndjson`) as it comes, without its line
    ///     feed. Such lines are left out of what is returned. Nil to have all of every answer returned.
    /// - Throws: `.upstreamRefused`, `.upstreamBroken` or `.upstreamTimedOut`.
    nonisolated(nonsending) package func send(
        _ head: RequestHead, body: ByteBuffer = ByteBuffer(), to address: String, isSecure: Bool = false,
        within limit: Duration, takeLine: ((borrowing ByteBuffer) -> Void)? = nil
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
            to: head.method, from: node, body: &reply, limit: maximumBody, wakeup: wakeup,
            watchedBy: takeLine.map { take in { Self.takeLines(of: $0, from: &$1, take) } })
        guard isComplete else { throw .timedOut(node, after: limit) }
        return (connection.response, reply)
    }

    private static func takeLines(
        of head: borrowing ResponseHead, from body: inout ByteBuffer, _ take: (borrowing ByteBuffer) -> Void
    ) {
        guard head.fields.contentKind == .jsonLines else { return }
        while let length = body.lengthOfFirstLine {
            var line = ByteBuffer()
            line.append(length, consuming: &body)
            line.removeLast(1)
            take(line)
        }
    }
}

extension ByteBuffer {
    /// With its line feed; nil when there is none.
    fileprivate var lengthOfFirstLine: Int? {
        let bytes = span
        for index in bytes.indices where bytes[index] == 0x0a { return index + 1 }
        return nil
    }
}
