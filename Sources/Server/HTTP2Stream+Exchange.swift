internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

extension HTTP2Stream: ExchangeStream {
    /// How the content of a request is delimited for whoever passes it on, given whether any comes.
    static func framing(of head: borrowing RequestHead, announced: Int?, isBodyless: Bool) -> BodyFraming {
        if let announced { return .length(announced) }
        guard isBodyless else { return .chunked }
        // A node of HTTP/1.1 that is sent a method with content wants to be told that there is none.
        return head.method == .post || head.method == .put || head.method == .patch ? .length(0) : .none
    }

    var requestTrailers: HeaderFields { trailers }

    var isClientGone: Bool { isCut }

    var shouldEnd: Bool { isCut || session.isDraining }

    func tryReadBody(into buffer: inout ByteBuffer, atMost limit: Int) throws(GatewayError) -> Int? {
        if connect != nil, !isTunnel { return 0 }
        let count = min(limit, body.count)
        guard count == 0 else {
            buffer.append(count, consuming: &body)
            session.consumed(count, on: self)
            return count
        }
        if isTunnel { return try readTunnel() }
        guard !isCut else { throw GatewayError(.clientGone, "the client left before its request was complete") }
        guard !record.hasReceivedEnd else {
            deadline.clear()
            return 0
        }
        if isContinueExpected, !exchange.hasBegunResponse {
            isContinueExpected = false
            session.write(ResponseHead(.continue), framing: .none, of: record.number, endsStream: false)
            session.flushSoon()
        }
        if exchange.mayBodyPause { return nil }
        if deadline.hasExpired { throw GatewayError(.requestTimeout, "the request's body did not arrive in time") }
        if deadline.at == nil { deadline.set(session.loop.now + session.configuration.bodyTimeout) }
        return nil
    }

    func begin(_ head: ResponseHead, body: BodyFraming) throws(GatewayError) {
        guard !isCut else { throw Self.gone }
        let framing = response.choose(body, for: head.status)
        let endsStream = response.hasNoContent || framing == .none || framing == .length(0)
        session.write(head, framing: framing, of: record.number, endsStream: endsStream)
        if endsStream { noteEnd() }
    }

    func tryWrite(_ buffer: inout ByteBuffer, atMost limit: Int) throws(GatewayError) -> Int {
        guard !isCut else { throw Self.gone }
        let wanted = min(limit, buffer.count)
        guard !response.hasNoContent else {
            let count = try response.admit(wanted)
            buffer.consume(count)
            return count
        }
        guard wanted > 0 else { return 0 }
        let allowed = min(wanted, record.sendWindow.sendable)
        let share = allowed > 0 ? session.room(for: self) : 0
        guard share > 0 else { return try waitForRoom(isOwnWindowClosed: allowed == 0) }
        guard !isCut else { throw Self.gone }
        let count = try response.admit(min(allowed, share))
        record.sendWindow.send(count)
        // Who opens its windows by the byte makes work of every byte, and is not excused for asking for it.
        if count >= min(wanted, Self.worthCrediting) { session.connection.floods.creditContent() }
        session.write(count, of: &buffer, stream: record.number, endsStream: response.isFull)
        session.turns.take(by: self)
        deadline.clear()
        if response.isFull { noteEnd() }
        return count
    }

    /// Bytes after which a client may have to say that its windows are open again.
    private static let worthCrediting = 1_024

    /// - Parameter isOwnWindowClosed: Then no turn would help.
    private func waitForRoom(isOwnWindowClosed: Bool) throws(GatewayError) -> Int {
        // How long a tunnel may be blocked is for whoever holds it to say.
        if !isTunnel, deadline.hasExpired {
            throw GatewayError(.clientGone, "the client did not take its answer in time")
        }
        if !isTunnel, deadline.at == nil { deadline.set(session.loop.now + session.configuration.bodyTimeout) }
        if isOwnWindowClosed { session.turns.remove(self) } else { session.turns.wait(self) }
        session.flushSoon()
        return 0
    }

    func flush() throws(GatewayError) { session.flushSoon() }

    func end(trailers: HeaderFields) throws(GatewayError) {
        try response.end()
        guard !isCut else { throw Self.gone }
        if !record.hasSentEnd {
            if trailers.isEmpty {
                FrameWriter.writeDataHeader(stream: record.number, length: 0, endsStream: true, to: &session.output)
            } else {
                session.write(trailers: trailers, of: record.number)
            }
            noteEnd()
        }
        session.flushSoon()
    }

    /// The last frame of the answer was written.
    private func noteEnd() {
        record.send(.dataWithEnd)
        // An error is soon said, so answering it is no work that would excuse others.
        if !isRefused { session.connection.floods.creditAnswer() }
        deadline.clear()
        if record.state == .ended { session.close(self) }
    }

    static var gone: GatewayError {
        GatewayError(.clientGone, "the client left before its answer was complete")
    }
}
