package import Bytes
package import Gateway
package import Reactor

/// A node's side of an RPC stream, played by the test.
///
/// Unchecked because a test and its hand-turned loop share one thread.
package final class ScriptedStream: RPCStream, @unchecked Sendable {
    /// What was sent to the service, in order.
    package private(set) var received: [String] = []
    /// True once the service was told that no message follows.
    package private(set) var hasFinishedSending = false
    package private(set) var isCancelled = false
    /// How many more messages the service takes before it blocks.
    package var room = Int.max {
        didSet { wakeup?.fire() }
    }
    /// What the service says and nobody has taken.
    package var unread: Int { outgoing.count }
    private var outgoing: [[UInt8]] = []
    private var ending: Result<Void, GatewayError>?
    fileprivate var wakeup: Wakeup?

    package init() {}

    /// The service sends a message.
    package func say(_ message: String) { say(Array(message.utf8)) }

    package func say(_ message: [UInt8]) {
        outgoing.append(message)
        wakeup?.fire()
    }

    /// The service ends the stream, after what it has said.
    package func end() { end(.success(())) }

    package func fail(_ error: GatewayError) { end(.failure(error)) }

    private func end(_ ending: Result<Void, GatewayError>) {
        self.ending = ending
        wakeup?.fire()
    }

    package func trySend(_ message: inout ByteBuffer) throws(GatewayError) -> Bool {
        precondition(!isCancelled, "a cancelled stream takes nothing")
        guard room > 0 else { return false }
        room -= 1
        received.append(message.text)
        message.removeAll()
        return true
    }

    package func finishSending() throws(GatewayError) { hasFinishedSending = true }

    package func tryReceive(into message: inout ByteBuffer) throws(GatewayError) -> RPCStreamArrival {
        precondition(!isCancelled, "a cancelled stream brings nothing")
        if !outgoing.isEmpty {
            message.append(outgoing.removeFirst())
            return .message
        }
        switch ending {
        case nil: return .nothing
        case .success: return .end
        case .failure(let error): throw error
        }
    }

    package func cancel() { isCancelled = true }
}

/// Opens streams that the test plays.
package final class ScriptedStreamingCaller: StreamingCaller, @unchecked Sendable {
    /// What was asked for, and of which node, in order.
    package private(set) var asked: [(call: RPCCall, node: Node)] = []
    /// Every stream that was opened, in order.
    package private(set) var streams: [ScriptedStream] = []
    /// What opening fails with, for each node's address.
    package var failures: [String: GatewayError] = [:]

    package init() {}

    nonisolated(nonsending) package func call(
        _ call: RPCCall, on node: Node, reply: inout ByteBuffer, wakeup: Wakeup
    ) async throws(GatewayError) {
        throw GatewayError(.fault, "this caller opens streams only")
    }

    nonisolated(nonsending) package func open(
        _ call: RPCCall, on node: Node, wakeup: Wakeup
    ) async throws(GatewayError) -> any RPCStream {
        asked.append((call, node))
        if let failure = failures[node.address] { throw failure }
        let stream = ScriptedStream()
        stream.wakeup = wakeup
        streams.append(stream)
        return stream
    }
}
