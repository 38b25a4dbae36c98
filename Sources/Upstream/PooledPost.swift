package import Bytes
package import Gateway
package import HTTP
package import Reactor

extension UpstreamPool {
    /// The longest answer that is read, in bytes. It is thrown away: only its status counts.
    private static let maximumAnswer = 65_536

    /// Posts content to a node over a connection that is kept, and waits for the whole answer.
    ///
    /// - Parameters:
    ///   - target: Path and query, percent-encoded.
    ///   - limit: When the answer must be there.
    /// - Returns: Any status is an answer.
    /// - Throws: `.upstreamRefused`, `.upstreamBroken` or `.upstreamTimedOut`, which say whether the node may have seen it.
    nonisolated(nonsending) package func post(
        _ content: ByteBuffer, type contentType: String, to target: String, of node: Node,
        before limit: ContinuousClock.Instant, wakeup: Wakeup
    ) async throws(GatewayError) -> Status {
        let start = loop.now
        let connection: UpstreamConnection
        if let idle = takeIdle(to: node, for: wakeup) {
            connection = idle
        } else {
            connection = try await connect(to: node, for: wakeup, before: limit)
        }
        var head = RequestHead(method: .post, target: target, authority: node.address)
        head.fields.append(.contentType, contentType)
        head.fields.append(.contentLength, "\(content.count)")
        HeadWriter.write(head, to: &connection.output)
        connection.output.append(content)
        connection.deadline.set(limit)
        var answer = ByteBuffer()
        do throws(GatewayError) {
            guard
                try await connection.collectResponse(
                    to: .post, from: node, body: &answer, limit: Self.maximumAnswer, wakeup: wakeup)
            else { throw .timedOut(node, after: limit - start) }
        } catch {
            connection.close()
            throw error
        }
        let status = connection.response.status
        if connection.input.isEmpty, connection.response.keepsConnectionAlive {
            put(connection, of: node)
        } else {
            connection.close()
        }
        return status
    }
}
