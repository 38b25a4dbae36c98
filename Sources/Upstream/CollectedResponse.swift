internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

extension UpstreamConnection {
    /// Sends what is in `output`, and waits for the whole response: its head in `response`, its body in `body`.
    ///
    /// - Returns: False when the connection's deadline passed first.
    /// - Throws: `.upstreamBroken`, also for a body longer than `limit` bytes.
    nonisolated(nonsending) func collectResponse(
        to method: Method, from node: Node, body: inout ByteBuffer, limit: Int, wakeup: Wakeup
    ) async throws(GatewayError) -> Bool {
        var reader: BodyReader?
        while true {
            if try trySendAndFill(node, &reader) {
                if try takeResponse(to: method, from: node, &reader, body: &body, limit: limit) { return true }
            } else if deadline.hasExpired {
                return false
            } else {
                await wakeup.wait()
            }
        }
    }

    /// Returns true when there is something new to look at.
    private func trySendAndFill(_ node: Node, _ reader: inout BodyReader?) throws(GatewayError) -> Bool {
        do throws(ChannelError) {
            _ = try channel.tryWrite(&output)
            return try tryFill()
        } catch {
            // Only a body that ends with the connection may end so.
            guard error == .closed, reader != nil, (try? reader?.endOfInput()) != nil else {
                throw .broken(node, error.reason)
            }
            return true
        }
    }

    /// Takes what has arrived. Returns true when the response is complete.
    private func takeResponse(
        to method: Method, from node: Node, _ reader: inout BodyReader?, body: inout ByteBuffer, limit: Int
    ) throws(GatewayError) -> Bool {
        while reader == nil {
            do throws(ResponseProblem) {
                guard try tryParseHead() else { return false }
                guard response.status.code >= 200 else { continue }
                reader = BodyReader(try BodyFraming.ofResponse(response, to: method))
            } catch {
                throw .broken(node, "\(error.reason)")
            }
        }
        do throws(BodyProblem) {
            while reader?.isComplete == false, let step = try reader?.next(input.span), step.skip + step.take > 0 {
                input.consume(step.skip)
                guard body.count + step.take <= limit else {
                    throw .broken(node, "its answer is longer than \(limit) bytes")
                }
                body.append(step.take, consuming: &input)
            }
        } catch let problem as BodyProblem {
            throw .broken(node, "\(problem.reason)")
        }
        return reader?.isComplete == true
    }
}
