package import Bytes
package import Gateway
internal import HTTP
package import Reactor

/// Calls endpoints of nodes that speak gRPC, and opens streams to them, over HTTP/2 connections that the calls of one
/// loop share.
package final class GRPCCaller: StreamingCaller {
    /// How often a call is made anew on another connection because the node said that it has done nothing with it.
    private static let maximumAttempts = 4
    private static let maximumSpares = 64

    private let pool: HTTP2Pool
    private let methods: any GRPCMethods
    /// The longest message accepted from a service, in bytes.
    private let maximumMessage: Int
    /// Deadlines of calls that have ended, to be used again.
    private var spares: [Deadline] = []

    /// - Parameters:
    ///   - methods: Knows how endpoints are called.
    ///   - maximumMessage: Default 4 MiB, as Go Micro itself has it.
    package init(pool: HTTP2Pool, methods: any GRPCMethods, maximumMessage: Int = 4 << 20) {
        self.pool = pool
        self.methods = methods
        self.maximumMessage = maximumMessage
    }

    private var loop: any EventLoop { pool.loop }

    // MARK: One message each way

    nonisolated(nonsending) package func call(
        _ call: RPCCall, on node: Node, reply: inout ByteBuffer, wakeup: Wakeup
    ) async throws(GatewayError) {
        let deadline = takeDeadline(call.deadline, wakeup)
        defer { giveBack(deadline) }
        let method = try await methods.method(for: call.destination, on: node, wakeup: wakeup, until: deadline)
        guard !method.isStream else {
            throw GatewayError(
                .badRequest,
                "\(call.destination.endpoint) of \(call.destination.service) is a stream, and not called like this")
        }
        guard let translator = translator(of: method, for: call) else {
            return try await send(call, method, call.body, on: node, reply: &reply, wakeup, deadline)
        }
        var request = ByteBuffer()
        try translator.encodeRequest(call.body, to: &request)
        var answer = ByteBuffer()
        try await send(call, method, request, on: node, reply: &answer, wakeup, deadline)
        try translator.decodeAnswer(answer, to: &reply)
    }

    /// Sends a message and waits for the one that answers it.
    nonisolated(nonsending) private func send(
        _ call: RPCCall, _ method: GRPCMethod, _ message: borrowing ByteBuffer, on node: Node,
        reply: inout ByteBuffer, _ wakeup: Wakeup, _ deadline: Deadline
    ) async throws(GatewayError) {
        var attempt = 1
        while true {
            do throws(GatewayError) {
                let connection = try await pool.connection(to: node, wakeup: wakeup, until: deadline)
                let stream = try begin(call, method, over: connection, wakeup)
                defer { stream.close() }
                GRPCMessageWriter.write(message.span, to: &stream.outgoing)
                stream.send(end: true)
                return try await receive(call, from: stream, reply: &reply, deadline)
            } catch {
                guard error.isUnprocessed, attempt < Self.maximumAttempts else {
                    throw error
                }
                attempt += 1
                reply.removeAll()
            }
        }
    }

    nonisolated(nonsending) private func receive(
        _ call: RPCCall, from stream: HTTP2Stream, reply: inout ByteBuffer, _ deadline: Deadline
    ) async throws(GatewayError) {
        let node = stream.connection.node
        let start = loop.now
        var answer = GRPCAnswer(from: node, of: call.destination.service, maximumMessage: maximumMessage)
        var hasMessage = false
        while true {
            switch try answer.next(from: stream, into: &reply) {
            case .message:
                guard !hasMessage else { throw .broken(node, "it answered with more than one message") }
                hasMessage = true
                continue
            case .end:
                guard hasMessage else { throw .broken(node, "it answered with no message") }
                return
            case .nothing: break
            }
            if deadline.hasExpired {
                stream.connection.suspectSilence(since: start)
                throw .timedOut(node, after: loop.now - start)
            }
            if let exchange = call.exchange, exchange.isClientGone {
                throw GatewayError(.clientGone, "the client left")
            }
            await stream.wakeup.wait()
        }
    }

    /// Protobuf is passed on unread, whatever the node could read besides.
    private func translator(of method: GRPCMethod, for call: RPCCall) -> (any GRPCTranslator)? {
        switch call.format {
        case .json: method.translator
        case .protobuf: nil
        }
    }

    private func begin(
        _ call: RPCCall, _ method: GRPCMethod, over connection: HTTP2Connection, _ wakeup: Wakeup
    ) throws(GatewayError) -> HTTP2Stream {
        let timeLeft = call.deadline - loop.now
        let isJSON = call.format == .json
        let target = GRPCRequestHead.Target(
            path: method.path, scheme: connection.node.scheme, authority: connection.node.address,
            contentType: isJSON ? method.contentType : "application/grpc+proto")
        let hasHost = call.tellsHost && connection.node.isOfGoMicro
        let host = hasHost ? call.exchange?.withRequest { $0.authoritySpan.count } ?? 0 : 0
        try connection.checkListSize(target.listSize + call.metadata.listSize + host)
        return try connection.begin(wakeup: wakeup, endsStream: false) { encoder, block in
            GRPCRequestHead.write(target, timeLeft: timeLeft, metadata: call.metadata, with: &encoder, to: &block)
            for (name, value) in method.extras where isJSON { encoder.encode(name, value, to: &block) }
            if host > 0 {
                call.exchange?.withRequest { encoder.encode("host".utf8.span, $0.authoritySpan, to: &block) }
            }
            // Services of Go Micro make their deadline of this one.
            encoder.encode("timeout", "\(max(1, timeLeft.nanoseconds))", to: &block)
        }
    }

    // MARK: Streams

    nonisolated(nonsending) package func open(
        _ call: RPCCall, on node: Node, wakeup: Wakeup
    ) async throws(GatewayError) -> any RPCStream {
        let deadline = takeDeadline(call.deadline, wakeup)
        defer { giveBack(deadline) }
        let method = try await methods.method(for: call.destination, on: node, wakeup: wakeup, until: deadline)
        var attempt = 1
        while true {
            do throws(GatewayError) {
                let connection = try await pool.connection(to: node, wakeup: wakeup, until: deadline)
                try await connection.established(wakeup: wakeup, until: deadline)
                let stream = try begin(call, method, over: connection, wakeup)
                let answer = GRPCAnswer(from: node, of: call.destination.service, maximumMessage: maximumMessage)
                stream.send()
                return GRPCStream(
                    stream, answer, translator: translator(of: method, for: call), until: call.deadline)
            } catch {
                guard error.isUnprocessed, attempt < Self.maximumAttempts else { throw error }
                attempt += 1
            }
        }
    }

    // MARK: Deadlines

    private func takeDeadline(_ moment: ContinuousClock.Instant, _ wakeup: Wakeup) -> Deadline {
        let deadline = spares.popLast() ?? Deadline(on: loop, firing: wakeup)
        deadline.wakeup = wakeup
        deadline.set(moment)
        return deadline
    }

    private func giveBack(_ deadline: Deadline) {
        guard spares.count < Self.maximumSpares else { return deadline.cancel() }
        deadline.clear()
        spares.append(deadline)
    }
}
