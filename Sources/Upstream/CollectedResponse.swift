internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

extension UpstreamConnection {
    /// Sends what is in `output`, and waits for the whole response: its head in `response`, its body in `body`.
    ///
    /// - Parameters:
    ///   - exchange: Whose client waits for it, if anyone does.
    ///   - watcher: Sees what has come of the body each time that there is more, and may take from its front.
    /// - Returns: False when the connection's deadline passed first.
    /// - Throws: `.upstreamBroken`, also for a body longer than `limit` bytes; `.clientGone`.
    nonisolated(nonsending) func collectResponse(
        to method: Method, from node: Node, body: inout ByteBuffer, limit: Int, wakeup: Wakeup,
        for exchange: Exchange? = nil, watchedBy watcher: ((borrowing ResponseHead, inout ByteBuffer) -> Void)? = nil
    ) async throws(GatewayError) -> Bool {
        var reader = BodyReader(.none)
        var hasHead = false
        while true {
            if try trySendAndFill(node, hasHead, &reader) {
                if !hasHead, let framing = try takeHead(to: method, from: node) {
                    reader = BodyReader(framing)
                    hasHead = true
                }
                guard hasHead else { continue }
                let isComplete = try takeBody(from: node, &reader, body: &body, limit: limit)
                watcher?(response, &body)
                if isComplete { return true }
            } else if deadline.hasExpired {
                return false
            } else {
                if let exchange, exchange.isClientGone { throw GatewayError(.clientGone, "the client left") }
                await wakeup.wait()
            }
        }
    }

    /// Returns true when there is something new to look at.
    private func trySendAndFill(_ node: Node, _ hasHead: Bool, _ reader: inout BodyReader) throws(GatewayError) -> Bool
    {
        do throws(ChannelError) {
            _ = try channel.tryWrite(&output)
            switch try tryFill() {
            case .nothing: return false
            case .bytes: return true
            case .end: break
            }
        } catch {
            throw .broken(node, error.reason)
        }
        // Only a body that ends with the connection may end so.
        guard hasHead, (try? reader.endOfInput()) != nil else { throw .broken(node, ChannelError.closed.reason) }
        return true
    }

    /// Takes the head of the final response, if all of it has arrived. Returns how its body is delimited.
    func takeHead(to method: Method, from node: Node) throws(GatewayError) -> BodyFraming? {
        do throws(ResponseProblem) {
            while try tryParseHead() {
                guard try isFinal else { continue }
                return try withResponse { (head) throws(ResponseProblem) in
                    try BodyFraming.ofResponse(head, to: method)
                }
            }
            return nil
        } catch {
            throw .broken(node, error.reason)
        }
    }

    /// Takes what has arrived of the body. Returns true when it is complete.
    func takeBody(
        from node: Node, _ reader: inout BodyReader, body: inout ByteBuffer, limit: Int
    ) throws(GatewayError) -> Bool {
        while !reader.isComplete {
            let count: Int
            do throws(BodyProblem) {
                count = try reader.skipFraming(of: &input)
            } catch {
                throw .broken(node, error.reason)
            }
            guard count > 0 else { return reader.isComplete }
            guard body.count + count <= limit else {
                throw .broken(node, "its answer is longer than \(limit) bytes")
            }
            body.append(count, consuming: &input)
        }
        return true
    }
}
