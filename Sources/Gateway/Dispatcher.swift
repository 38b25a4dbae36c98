package import Bytes
package import Reactor

/// Calls a service: picks a node, asks it, and asks another one where that is safe. One for each loop.
package final class Dispatcher {
    /// Few, so that looking through them is faster than hashing.
    private let callers: [(spoken: WireProtocol, caller: any Caller)]
    private let loop: any EventLoop
    /// Nodes asked for one call, the first included. Default 2; 1 to 10.
    private let maximumAttempts: Int
    /// Nodes that have refused protobuf. More are forgotten all at once.
    private var jsonNodes: Set<Node> = []
    private static let maximumJSONNodes = 1_000

    /// - Parameter callers: Who speaks which protocol. A node with another one is reported as not supported.
    package init(callers: [WireProtocol: any Caller], loop: any EventLoop, maximumAttempts: Int = 2) {
        self.callers = callers.map { ($0.key, $0.value) }
        self.loop = loop
        self.maximumAttempts = maximumAttempts
    }

    /// Calls, and leaves the answer in `reply`.
    ///
    /// - Parameter isIdempotent: True when the call may be made a second time after a node broke off in the middle.
    nonisolated(nonsending) package func call(
        _ call: RPCCall, over route: Route, isIdempotent: Bool = false, reply: inout ByteBuffer, wakeup: Wakeup
    ) async throws(GatewayError) {
        var tried: [Node] = []
        var last: GatewayError?
        while tried.count < maximumAttempts, let node = route.nodes.next(now: loop.now, after: tried) {
            do throws(GatewayError) {
                try await self.call(call, on: node, reply: &reply, wakeup: wakeup)
                return route.nodes.recordSuccess(of: node)
            } catch {
                recordFailure(error, of: node, on: route)
                guard error.isRetryable || (isIdempotent && error.code == .upstreamBroken) else { throw error }
                tried.append(node)
                last = error
            }
        }
        throw last ?? .noNodes(of: call.destination.service)
    }

    /// Calls one node, whatever the others are.
    nonisolated(nonsending) package func call(
        _ call: RPCCall, on node: Node, reply: inout ByteBuffer, wakeup: Wakeup
    ) async throws(GatewayError) {
        guard let caller = caller(for: node) else { throw .unspoken(by: node, of: call.destination.service, "calls") }
        reply.removeAll()
        guard let form = call.jsonForm else {
            return try await caller.call(call, on: node, reply: &reply, wakeup: wakeup)
        }
        if !node.readsOnlyJSON, !jsonNodes.contains(node) {
            do throws(GatewayError) {
                return try await caller.call(call, on: node, reply: &reply, wakeup: wakeup)
            } catch {
                // What a node does not understand it has not done.
                guard error.code == .unsupportedMediaType else { throw error }
                reply.removeAll()
            }
            if jsonNodes.count >= Self.maximumJSONNodes { jsonNodes.removeAll() }
            jsonNodes.insert(node)
        }
        try await callInJSON(call, form, on: node, by: caller, reply: &reply, wakeup: wakeup)
    }

    nonisolated(nonsending) private func callInJSON(
        _ call: RPCCall, _ form: any JSONForm, on node: Node, by caller: any Caller, reply: inout ByteBuffer,
        wakeup: Wakeup
    ) async throws(GatewayError) {
        var call = call
        call.format = .json
        call.body = ByteBuffer()
        try form.writeJSON(to: &call.body)
        do throws(GatewayError) {
            try await caller.call(call, on: node, reply: &reply, wakeup: wakeup)
        } catch {
            if error.code == .unsupportedMediaType { jsonNodes.remove(node) }
            throw error
        }
    }

    /// Opens a stream to the endpoint. Another node is asked only while none has seen anything of it.
    ///
    /// - Parameter wakeup: Fired whenever the stream may be able to go on.
    /// - Throws: `.notImplemented` when the node speaks a protocol that has no streams here; else as for a call.
    nonisolated(nonsending) package func open(
        _ call: RPCCall, over route: Route, wakeup: Wakeup
    ) async throws(GatewayError) -> any RPCStream {
        var tried: [Node] = []
        var last: GatewayError?
        while tried.count < maximumAttempts, let node = route.nodes.next(now: loop.now, after: tried) {
            do throws(GatewayError) {
                let stream = try await open(call, on: node, wakeup: wakeup)
                route.nodes.recordSuccess(of: node)
                return stream
            } catch {
                recordFailure(error, of: node, on: route)
                guard error.isRetryable else { throw error }
                tried.append(node)
                last = error
            }
        }
        throw last ?? .noNodes(of: call.destination.service)
    }

    /// Opens a stream to one node, whatever the others are.
    nonisolated(nonsending) package func open(
        _ call: RPCCall, on node: Node, wakeup: Wakeup
    ) async throws(GatewayError) -> any RPCStream {
        guard let caller = caller(for: node) as? any StreamingCaller else {
            throw GatewayError.unspoken(by: node, of: call.destination.service, "streams")
        }
        return try await caller.open(call, on: node, wakeup: wakeup)
    }

    private func caller(for node: Node) -> (any Caller)? {
        callers.first { $0.spoken == node.wireProtocol }?.caller
    }

    /// A node that is slow once is not taken for a dead one.
    private func recordFailure(_ error: GatewayError, of node: Node, on route: Route) {
        guard error.blamesNode, error.code != .upstreamTimedOut else { return }
        route.nodes.recordFailure(of: node, now: loop.now)
    }
}

extension GatewayError {
    /// The answer for a service that is known while none of its nodes can be asked: 503.
    package static func noNodes(of service: String) -> GatewayError {
        GatewayError(.noNodes, "\(service) is registered but has no node that can be asked")
    }

    /// The answer for a node that speaks what nobody here does: 501.
    fileprivate static func unspoken(by node: Node, of service: String, _ what: String) -> GatewayError {
        let spoken = node.wireProtocol
        let reason =
            spoken == .http
            ? "plain HTTP, which has no \(what)" : "\(spoken.name), which is not supported yet for \(what)"
        return GatewayError(
            .notImplemented, "\(service) speaks \(reason)",
            detail: "node \(node.id) at \(node.address) speaks \(node.wireProtocol.name)")
    }
}
