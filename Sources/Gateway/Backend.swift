package import Bytes
package import HTTP
package import Reactor

/// Carries a request to one plain HTTP node and its response back. Made once for each loop, whose connections to the
/// nodes it keeps.
package protocol Backend: AnyObject {
    /// - Throws: An error that says by `mayHaveBeenSent` whether another node may be asked instead.
    nonisolated(nonsending) func forward(_ exchange: Exchange, to node: Node) async throws(GatewayError)
}

/// Calls an endpoint of one node, over one RPC protocol. Made once for each loop, whose connections it keeps.
package protocol Caller: AnyObject {
    /// Calls and waits for the answer, which replaces the content of `reply`.
    ///
    /// - Throws: `.application` for an error that the service reports; `.upstreamTimedOut` when the deadline of the call
    ///   passes; others by what went wrong with the node.
    nonisolated(nonsending) func call(
        _ call: RPCCall, on node: Node, reply: inout ByteBuffer, wakeup: Wakeup
    ) async throws(GatewayError)
}

/// A call of an endpoint, independent of the protocol that carries it.
package struct RPCCall {
    package var destination: Destination
    /// The request message, in JSON.
    package var body: ByteBuffer
    /// What is sent along: header fields of the client, without those that concern the connection.
    package var metadata: HeaderFields
    /// When the caller stops waiting. The node is told the time that is left.
    package var deadline: ContinuousClock.Instant
    /// Whose answer this becomes, if anyone's: when its client is gone, nobody waits for the service any more.
    package var exchange: Exchange?

    package init(
        destination: Destination, body: ByteBuffer, metadata: HeaderFields,
        deadline: ContinuousClock.Instant, exchange: Exchange? = nil
    ) {
        self.destination = destination
        self.body = body
        self.metadata = metadata
        self.deadline = deadline
        self.exchange = exchange
    }
}
