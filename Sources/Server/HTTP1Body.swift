internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

/// Where the reading of a request's body stands. There is one for each session, and looking at it copies nothing.
struct RequestBody: ~Copyable {
    private(set) var framing = BodyFraming.none
    private(set) var isContinueExpected = false
    private var reader = BodyReader(.none)
    /// Bytes of content at the front of the input that have not been handed out.
    private var pending = 0

    mutating func begin(_ framing: BodyFraming, expectsContinue: Bool) {
        self.framing = framing
        isContinueExpected = expectsContinue && framing != .none
        pending = 0
        if framing != .none || !reader.isComplete { reader = BodyReader(framing) }
    }

    var isComplete: Bool { pending == 0 && reader.isComplete }

    /// How many bytes have not been handed out; nil when nobody knows.
    var unreadLength: Int? { reader.remainingLength.map { $0 + pending } }

    /// True once; then the client has been told to go on, or has gone on by itself.
    mutating func takeContinue() -> Bool {
        defer { isContinueExpected = false }
        return isContinueExpected
    }

    /// Moves content from the input to the buffer. Returns how many bytes; 0 when the input has none.
    ///
    /// Chunks are put together, so that one of a byte costs no call to the system.
    mutating func take(
        from input: inout ByteBuffer, into buffer: inout ByteBuffer, atMost limit: Int
    ) throws(BodyProblem) -> Int {
        var taken = 0
        while taken < limit {
            if pending == 0 {
                guard !input.isEmpty, !reader.isComplete else { break }
                pending = try reader.skipFraming(of: &input)
            }
            let count = min(pending, limit - taken, input.count)
            guard count > 0 else { break }
            buffer.append(count, consuming: &input)
            pending -= count
            taken += count
        }
        return taken
    }
}

/// Where the writing of a response stands.
struct ResponseBody {
    private(set) var version = Version.http11
    private(set) var framing = BodyFraming.none
    private var remaining = 0
    /// True for an answer that has a head only: to HEAD it has the head of the one to GET.
    private(set) var hasNoContent = false
    private(set) var isEnded = false
    /// Bytes of content so far.
    private(set) var sent = 0

    mutating func begin(_ method: Method, _ version: Version) {
        hasNoContent = method == .head
        self.version = version
        framing = .none
        remaining = 0
        isEnded = false
        sent = 0
    }

    /// Decides how the content is delimited for this client, given how it comes.
    mutating func choose(_ offered: BodyFraming, for status: Status) -> BodyFraming {
        if status.forbidsContent {
            hasNoContent = true
            framing = .none
            return framing
        }
        if case .length(let length) = offered { remaining = length }
        switch offered {
        case .chunked, .untilClose: framing = version == .http10 ? .untilClose : .chunked
        case .none, .length: framing = offered
        }
        return framing
    }

    /// True once all content is counted that was announced.
    var isFull: Bool {
        guard case .length = framing else { return false }
        return remaining == 0
    }

    /// Counts content. Returns how many of the bytes may be sent.
    mutating func admit(_ count: Int) throws(GatewayError) -> Int {
        guard case .length = framing else {
            sent += count
            return count
        }
        guard count <= remaining else { throw GatewayError(.fault, "more content than was announced") }
        remaining -= count
        sent += count
        return count
    }

    /// Counts bytes that are no content, for the access log.
    mutating func countTunnelled(_ count: Int) { sent += count }

    mutating func end() throws(GatewayError) {
        if case .length = framing, remaining > 0, !hasNoContent {
            throw GatewayError(.fault, "less content than was announced")
        }
        isEnded = true
    }
}

extension HTTP1Session: ExchangeStream {
    var requestBody: BodyFraming { request.framing }

    var isClientGone: Bool { channel.isBroken }

    var shouldEnd: Bool { isDraining || channel.isBroken || channel.hasPeerFinished }

    func tryReadBody(into buffer: inout ByteBuffer, atMost limit: Int) throws(GatewayError) -> Int? {
        if tunnel.isOpen { return try readTunnel(into: &buffer, atMost: limit) }
        while true {
            if try takeBody(into: &buffer, atMost: limit) { return lastTaken }
            if request.isComplete {
                deadline.clear()
                return 0
            }
            if request.takeContinue() {
                output.append("HTTP/1.1 100 Continue\r\n\r\n")
                _ = try flushSome()
            }
            guard try fillForBody() else { return nil }
        }
    }

    /// Returns true when some content was handed out.
    private func takeBody(into buffer: inout ByteBuffer, atMost limit: Int) throws(GatewayError) -> Bool {
        do throws(BodyProblem) {
            lastTaken = try request.take(from: &input, into: &buffer, atMost: limit)
        } catch {
            keepsAlive = false
            mustLinger = true
            throw GatewayError(.badRequest, error.reason)
        }
        return lastTaken > 0
    }

    /// Returns true when more of the body has arrived.
    private func fillForBody() throws(GatewayError) -> Bool {
        let count: Int?
        do throws(ChannelError) {
            count = try channel.tryRead(into: &input, atMost: 65_536)
        } catch {
            throw GatewayError(.clientGone, "the client left before its request was complete")
        }
        guard let count else {
            if exchange.mayBodyPause { return false }
            if deadline.hasExpired {
                keepsAlive = false
                mustLinger = true
                throw GatewayError(.requestTimeout, "the request's body did not arrive in time")
            }
            if deadline.at == nil { deadline.set(loop.now + configuration.bodyTimeout) }
            return false
        }
        guard count > 0 else {
            throw GatewayError(.clientGone, "the client left before its request was complete")
        }
        deadline.clear()
        return true
    }

    func begin(_ head: borrowing ResponseHead, body: BodyFraming) throws(GatewayError) {
        let framing = response.choose(body, for: head.status)
        if framing == .untilClose { keepsAlive = false }
        // Whoever asked for a WebSocket may already be sending its frames, which must not be taken for requests.
        if webSocketOffer != .none { (keepsAlive, mustLinger) = (false, true) }
        // Whoever still waits to be told to go on has its answer now, and may go on or not: nobody knows.
        if request.takeContinue(), !request.isComplete { keepsAlive = false }
        if endsUpload(head.status) { keepsAlive = false }
        ForwardedResponse.write(
            head, framing: framing, keepAlive: keepsAlive, version: response.version,
            upgrades: head.status == .upgradeRequired, date: context.date.line(at: loop.now), to: &output)
    }

    /// Whether an answer that begins before its request is complete is the last of the connection. One to an upload so
    /// long that its rest would not be skipped is, and the client shall know; so is an error in the middle of one whose
    /// length is unknown, since who has failed does not send the rest just to keep a connection.
    private func endsUpload(_ status: Status) -> Bool {
        guard !request.isComplete else { return false }
        guard let length = request.unreadLength else { return status.code >= 400 }
        return length >= Self.skippedBytes
    }

    func tryWrite(_ buffer: inout ByteBuffer, atMost limit: Int) throws(GatewayError) -> Int {
        var room = configuration.outputHighMark - output.count
        if room <= 0 {
            _ = try flushSome()
            room = configuration.outputHighMark - output.count
            guard room > 0 else { return 0 }
        }
        if tunnel.isOpen { return writeTunnel(&buffer, atMost: min(limit, buffer.count, room)) }
        let count = try response.admit(min(limit, buffer.count, room))
        guard count > 0 else { return 0 }
        if response.hasNoContent {
            buffer.consume(count)
        } else if response.framing == .chunked {
            HeadWriter.writeChunkSize(count, to: &output)
            output.append(count, consuming: &buffer)
            output.append("\r\n")
        } else {
            output.append(count, consuming: &buffer)
        }
        return count
    }

    func flush() throws(GatewayError) {
        _ = try flushSome()
        finishTunnelIfSent()
    }

    func end(trailers: HeaderFields) throws(GatewayError) {
        if tunnel.isOpen { return try endTunnel() }
        try response.end()
        if response.framing == .chunked, !response.hasNoContent {
            HeadWriter.writeLastChunk(trailers: trailers, to: &output)
        }
    }

    /// Sends what the socket takes. Returns true when everything is gone.
    func flushSome() throws(GatewayError) -> Bool {
        guard !output.isEmpty else { return true }
        let before = output.count
        do throws(ChannelError) {
            if try channel.tryWrite(&output) {
                deadline.clear()
                return true
            }
        } catch {
            throw GatewayError(.clientGone, "the client left before its answer was complete")
        }
        if output.count < before { deadline.clear() }
        if tunnel.isOpen { return false }
        if deadline.hasExpired { throw GatewayError(.clientGone, "the client did not take its answer in time") }
        if deadline.at == nil { deadline.set(loop.now + configuration.bodyTimeout) }
        return false
    }
}
