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
    /// The request message.
    package var body: ByteBuffer
    /// How the body is encoded, and the answer too. Default JSON.
    package var format = MessageFormat.json
    /// What is sent along: header fields of the client, without those that concern the connection.
    package var metadata: HeaderFields
    /// Whether services of Go Micro that speak gRPC are told the host of the request, as `host`. Their other protocol has no
    /// place for it. Default false.
    package var tellsHost = false
    /// The body in JSON, for nodes that read nothing else. Nil, the default, when there is none.
    package var jsonForm: (any JSONForm)?
    /// When the caller stops waiting: for the answer, or for the end of a stream. The node is told the time that is left.
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

/// What the message of a call in protobuf is in JSON.
package protocol JSONForm: AnyObject {
    /// Appends the message in JSON. From then on, JSON is what the answer is in.
    ///
    /// - Throws: What keeps it from being JSON.
    func writeJSON(to message: inout ByteBuffer) throws(GatewayError)
}

/// How a message is encoded.
package enum MessageFormat: Sendable {
    case json
    /// Protobuf, whose bytes are passed on unread.
    case protobuf
}

/// Calls endpoints whose requests or answers are more than one message.
package protocol StreamingCaller: Caller {
    /// Opens a stream to the endpoint. The body of the call is not sent; messages are sent by the stream.
    ///
    /// - Parameter wakeup: Fired whenever the stream may be able to go on. The channel of the node is not the caller's.
    /// - Throws: What went wrong with the node before the stream was open.
    nonisolated(nonsending) func open(
        _ call: RPCCall, on node: Node, wakeup: Wakeup
    ) async throws(GatewayError) -> any RPCStream
}

/// Messages to and from one node, in order, both ways at once. Its methods never wait; a task that can go no further
/// waits on the wake-up that the stream was opened with.
package protocol RPCStream: AnyObject {
    /// Takes the whole message from the buffer, or nothing. Returns false when there is no room now.
    func trySend(_ message: inout ByteBuffer) throws(GatewayError) -> Bool

    /// Tells the service that no message follows.
    func finishSending() throws(GatewayError)

    /// Appends the next message, whole, in the format of the call.
    ///
    /// - Throws: `.application` for an error that the service ends the stream with; others by what went wrong.
    func tryReceive(into message: inout ByteBuffer) throws(GatewayError) -> RPCStreamArrival

    /// Ends the stream before its time. Safe to call at any moment, also after its end.
    func cancel()
}

/// What a look at a stream brought.
package enum RPCStreamArrival: Sendable {
    /// Nothing yet.
    case nothing
    case message
    /// The service has ended the stream without an error.
    case end
}
