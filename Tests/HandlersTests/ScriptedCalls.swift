import Bytes
import Gateway
import HTTP
import Handlers
import Reactor
import TestSupport

/// Answers every call with the same bytes or error, and keeps what it was called with.
///
/// Unchecked because a test and its hand-turned loop share one thread.
final class ScriptedCaller: Caller, @unchecked Sendable {
    private(set) var calls: [RPCCall] = []
    let reply: [UInt8]
    let failure: GatewayError?

    init(reply: [UInt8] = [], failure: GatewayError? = nil) {
        self.reply = reply
        self.failure = failure
    }

    nonisolated(nonsending) func call(
        _ call: RPCCall, on node: Node, reply: inout ByteBuffer, wakeup: Wakeup
    ) async throws(GatewayError) {
        calls.append(call)
        if let failure { throw failure }
        reply.append(self.reply)
    }
}

/// One route for everything.
final class OneRoute: Router {
    private let route: Route

    /// - Parameter rule: What leads here. Nil when the resolver does.
    init(kind: HandlerKind = .api, nodes: Int = 1, metadata: [String: String] = [:], by rule: RouteRule? = nil) {
        let metadata = metadata.merging(["protocol": "mucp", "transport": "http"]) { $1 }
        let list = (0..<nodes).map { Node(id: "n\($0)", address: "10.0.0.\($0):1", metadata: metadata) }
        route = Route(
            destination: Destination(service: "go.micro.api.foo", endpoint: "Foo.Bar"), kind: kind,
            nodes: NodeRotation(nodes: list, strategy: RandomChoice(), health: NodeHealth()),
            binding: rule.map { RouteBinding(rule: $0) })
    }

    func route(_ head: RequestHead) throws(GatewayError) -> Route { route }
    func explain(_ head: RequestHead) -> Explanation { Explanation(of: head) }

    func route(to destination: Destination) throws(GatewayError) -> Route { route }
}
