package import Bytes
package import HTTP
package import Reactor

/// One request and its answer. An exchange is used again for later requests, also those of other clients, so nothing may
/// hold on to it after `handle` has returned.
package final class Exchange {
    /// The head of the request. Handlers read it; the session fills it.
    package var request = RequestHead()
    /// Where the request comes from, and what may be believed of it.
    package private(set) var forwarding: ForwardingContext
    /// True when the peer is on this machine, by its address.
    package private(set) var isPeerLoopback: Bool
    package let loop: any EventLoop
    /// What the task of this exchange waits on.
    package private(set) var wakeup: Wakeup
    /// True from the moment a handler has begun to answer.
    package private(set) var hasBegunResponse = false
    /// The status answered with; 0 before that. For the access log.
    package private(set) var status = 0
    /// The service that was asked, for the access log. Set by handlers.
    package var service = ""
    /// Who asks, for the access log and pages. Nil for somebody unknown, and where nobody asks. Set by whoever admits.
    package var account: Account?
    /// What went wrong after the answer had begun, where the handler has told the client of it within the answer. For the
    /// operator.
    package var lateFailure: GatewayError?
    /// True while the client may pause within the body for as long as it likes, because it is a stream whose end the
    /// handler watches over.
    package var mayBodyPause = false
    /// How the request is changed on its way to a plain HTTP node. Nil passes it on as it is; set by handlers.
    package var rewrite: RequestRewrite?
    /// What `takeWebSocketOffer` found good. Nil for every other request.
    package internal(set) var handshake: WebSocketHandshake?
    /// Why the request was refused, for the access log. Nil for one that was served.
    package var refusal: GatewayError.Code?
    /// Which page of another origin may read the answer. Added to every answer, errors included. Nil, the default, leaves
    /// answers as they are.
    package var crossOrigin: CrossOriginGrant?
    /// The limit that the request was counted for. Told in every answer, errors included. Nil, the default, for no limit.
    package var standing: RateLimit.Standing?

    /// The session owns its exchange and outlives it, so nothing needs to be checked at each of the many accesses.
    private unowned(unsafe) let stream: any ExchangeStream

    package init(
        stream: any ExchangeStream, forwarding: ForwardingContext, isPeerLoopback: Bool, loop: any EventLoop,
        wakeup: Wakeup
    ) {
        self.stream = stream
        self.forwarding = forwarding
        self.isPeerLoopback = isPeerLoopback
        self.loop = loop
        self.wakeup = wakeup
    }

    /// Lends the head of the request without copying it: a plain read of `request` counts references to each piece of its
    /// memory. For what runs for every request.
    ///
    /// - Precondition: `body` does not touch `request`.
    @inline(__always)
    package func withRequest<Result, Failure: Error>(
        _ body: (borrowing RequestHead) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try Self.lend(&request, to: body)
    }

    @inline(__always)
    private static func lend<Result, Failure: Error>(
        _ head: inout RequestHead, to body: (borrowing RequestHead) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(head)
    }

    /// Passes the exchange on to another connection. For the session only, between two requests.
    package func move(to forwarding: ForwardingContext, isPeerLoopback: Bool, wakeup: Wakeup) {
        if self.forwarding !== forwarding { self.forwarding = forwarding }
        self.isPeerLoopback = isPeerLoopback
        self.wakeup = wakeup
    }

    /// Makes the exchange ready for the next request. For the session only.
    package func reset() {
        hasBegunResponse = false
        isBodyUntouched = true
        handshake = nil
        rewrite = nil
        status = 0
        lateFailure = nil
        account = nil
        mayBodyPause = false
        refusal = nil
        crossOrigin = nil
        if standing != nil { standing = nil }
        compression = nil
        encoder = nil
        if !service.isEmpty { service = "" }
    }

    /// Keeps for the access log what an error tells of the request.
    package func note(_ error: GatewayError) {
        refusal = error.code
        if service.isEmpty { service = error.service }
    }

    // MARK: Compression

    /// Lets the answer be compressed if client and content are fit for it. Nil, the default, leaves it as it is. Who sets
    /// it calls `finishEnding` after the answer.
    package var compression: CompressionPolicy?
    /// Nil for an answer that is sent as it is.
    private var encoder: ContentEncoder?

    /// Begins an answer that may be compressed.
    private func begin(
        _ head: consuming ResponseHead, body: BodyFraming, by policy: CompressionPolicy
    ) throws(GatewayError) {
        var choice = withRequest { request in
            head.codingChoice(for: request, body: body, minimum: policy.minimumLength)
        }
        let isHead = request.method == .head
        if case .coded(let coding) = choice, !isHead {
            var length: Int?
            if case .length(let known) = body { length = known }
            encoder = ContentEncoder(coding, length: length, policy: policy)
            if encoder == nil { choice = .notForThisClient }
        }
        withRequest { request in head.declare(choice, answering: request) }
        guard case .coded = choice else { return try stream.begin(head, body: body) }
        // How long it will be is not known before it is compressed.
        try stream.begin(head, body: isHead ? .none : .chunked)
    }

    /// True while an answer has been ended whose last bytes are not sent: `finishEnding` is to be called.
    package var hasMoreToSend: Bool { encoder != nil }

    /// Sends the last bytes of an answer that has been ended, if some still wait for the client.
    nonisolated(nonsending) package func finishEnding() async throws(GatewayError) {
        guard let encoder, encoder.hasEnded else { return }
        while try !encoder.send(to: stream) { await wakeup.wait() }
        self.encoder = nil
        try stream.end(trailers: encoder.trailers)
    }

    /// The time at which the current tick began.
    package var now: ContinuousClock.Instant { loop.now }

    /// True when the request was made on this machine: the peer is, and it is no proxy that passes on what others ask.
    package var isFromThisMachine: Bool {
        let fields = request.fields
        return isPeerLoopback && !fields.contains(.forwarded) && !fields.contains(.xForwardedFor)
            && !fields.contains(.xRealIP) && !fields.contains(.via)
    }

    // MARK: Memory

    /// What a call sends along. Kept from request to request for its memory; whoever uses it fills it anew.
    package var metadata = HeaderFields()
    /// For identifiers of what this request causes.
    package var numbers = QuickNumbers()
    private var spares: [ByteBuffer] = []
    /// A larger buffer is not kept, so that one large request does not make a connection large for ever.
    private static let largestSpare = 4_096

    /// An empty buffer, with the memory of an earlier one if there is any. To be given back after use.
    package func takeBuffer() -> ByteBuffer { spares.popLast() ?? ByteBuffer() }

    /// Keeps the memory of a buffer for the next request.
    package func giveBack(_ buffer: consuming ByteBuffer) {
        guard buffer.capacity <= Self.largestSpare, spares.count < 2 else { return }
        buffer.removeAll()
        spares.append(buffer)
    }

    /// Gives memory back that one unusual request needed. For the session, while there is no request.
    package func releaseMemory() {
        if metadata.capacity > Self.largestSpare { metadata = HeaderFields() }
        request.releaseMemory()
    }

    /// Forgets whose request it was, where an error is to be answered that has none. For the session only.
    package func forgetRequest() {
        request = RequestHead(authority: "")
        reset()
    }

    // MARK: The request's body

    /// How the request's body is delimited.
    package var requestBody: BodyFraming { stream.requestBody }

    /// True while no byte of the body has been handed out, so that the request can be sent once more.
    package private(set) var isBodyUntouched = true

    /// Appends what has arrived of the body. Returns how many bytes, 0 at the end, nil when the task would have to wait.
    package func tryReadBody(into buffer: inout ByteBuffer, atMost limit: Int) throws(GatewayError) -> Int? {
        let count = try stream.tryReadBody(into: &buffer, atMost: limit)
        if let count, count > 0 { isBodyUntouched = false }
        return count
    }

    /// Waits for a part of the body. Returns how many bytes were appended, 0 at the end.
    nonisolated(nonsending) package func readBody(
        into buffer: inout ByteBuffer, atMost limit: Int
    ) async throws(GatewayError) -> Int {
        while true {
            if let count = try tryReadBody(into: &buffer, atMost: limit) { return count }
            await wakeup.wait()
        }
    }

    /// Waits for the whole body.
    ///
    /// - Throws: `.contentTooLarge` as soon as it is known to be longer than `limit` bytes.
    nonisolated(nonsending) package func collectBody(
        into body: inout ByteBuffer, limit: Int
    ) async throws(GatewayError) {
        while try !tryCollectBody(into: &body, limit: limit) { await wakeup.wait() }
    }

    /// Appends what has arrived of the body. Returns true when that was the rest of it, false when more is to come.
    ///
    /// - Throws: As `collectBody`.
    package func tryCollectBody(into body: inout ByteBuffer, limit: Int) throws(GatewayError) -> Bool {
        if case .length(let length) = requestBody, length > limit { throw Self.tooLarge(limit) }
        while true {
            let room = limit - body.count + 1
            guard let count = try tryReadBody(into: &body, atMost: min(room, 65_536)) else { return false }
            if count == 0 { return true }
            if body.count > limit { throw Self.tooLarge(limit) }
        }
    }

    private static func tooLarge(_ limit: Int) -> GatewayError {
        GatewayError(.contentTooLarge, "the body is longer than the limit of \(limit) bytes")
    }

    /// The fields that came after the body, once it was read to its end. Only such as a node may be told (RFC 9110,
    /// 6.5.1).
    package var requestTrailers: HeaderFields { stream.requestTrailers }

    // MARK: The answer

    /// Begins the answer. The body follows by `write`, and `end` ends it.
    package func begin(_ head: ResponseHead, body: BodyFraming) throws(GatewayError) {
        precondition(!hasBegunResponse, "a request is answered once")
        if request.version == .http2 { try checkOpensNoTunnel(head.status) }
        hasBegunResponse = true
        status = head.status.code
        guard crossOrigin != nil || standing != nil else { return try begin(checked: head, body: body) }
        var head = head
        crossOrigin?.write(to: &head.fields)
        standing?.write(to: &head.fields)
        try begin(checked: head, body: body)
    }

    private func begin(checked head: ResponseHead, body: BodyFraming) throws(GatewayError) {
        if let compression { return try begin(head, body: body, by: compression) }
        try stream.begin(head, body: body)
    }

    /// A client of HTTP/2 takes any success for its WebSocket (RFC 8441, 5), also one that means something else.
    private func checkOpensNoTunnel(_ status: Status) throws(GatewayError) {
        guard (200..<300).contains(status.code), stream.webSocketOffer == .extendedConnect else { return }
        throw GatewayError(.badRequest, "what the path names is no WebSocket")
    }

    /// Takes bytes of the body from the front of the buffer, at most `limit`. Returns how many there was room for; when
    /// those are fewer, the wake-up is fired once there is room again.
    package func tryWrite(_ buffer: inout ByteBuffer, atMost limit: Int) throws(GatewayError) -> Int {
        if let encoder { return try encoder.write(&buffer, atMost: limit, to: stream) }
        return try stream.tryWrite(&buffer, atMost: limit)
    }

    /// Writes a part of the body, and waits while the client is slower than we are.
    nonisolated(nonsending) package func write(_ buffer: inout ByteBuffer) async throws(GatewayError) {
        while !buffer.isEmpty {
            // Compressing takes its time, so others come to theirs in between.
            let limit = encoder == nil ? buffer.count : min(buffer.count, Self.encodedAtOnce)
            if try tryWrite(&buffer, atMost: limit) == 0 { await wakeup.wait() }
            if encoder != nil, !buffer.isEmpty { await Task.yield() }
        }
    }

    /// Content compressed in one tick of the loop, in bytes: about a millisecond.
    private static let encodedAtOnce = 65_536

    /// Sends what is buffered without waiting for more. For streams, where each message counts at once.
    package func flush() throws(GatewayError) {
        try encoder?.flush(to: stream)
        try stream.flush()
    }

    /// Ends the answer's body.
    package func end(trailers: HeaderFields = HeaderFields()) throws(GatewayError) {
        guard let encoder else { return try stream.end(trailers: trailers) }
        try encoder.end(trailers: trailers)
        guard try encoder.send(to: stream) else { return }
        self.encoder = nil
        try stream.end(trailers: trailers)
    }

    /// Answers in one piece. The body is taken.
    nonisolated(nonsending) package func respond(
        _ status: Status, _ fields: HeaderFields = HeaderFields(), body: inout ByteBuffer
    ) async throws(GatewayError) {
        try begin(ResponseHead(status, fields: fields), body: .length(body.count))
        // Nearly every answer is taken at once.
        if encoder == nil { _ = try tryWrite(&body, atMost: body.count) }
        if !body.isEmpty { try await write(&body) }
        try end()
        if encoder != nil { try await finishEnding() }
    }

    /// Answers in one piece with text of the given type.
    nonisolated(nonsending) package func respond(
        _ status: Status, contentType: String, text: String
    ) async throws(GatewayError) {
        var fields = HeaderFields()
        fields.append(.contentType, contentType)
        var body = ByteBuffer(text)
        try await respond(status, fields, body: &body)
    }

    /// True when the connection to the client is broken, so that no answer will arrive.
    package var isClientGone: Bool { stream.isClientGone }

    /// True when an answer without an end of its own should end now: the client has left or finished, or the server is
    /// stopping. The wake-up is fired when this changes.
    package var shouldEnd: Bool { stream.shouldEnd }

    // MARK: Tunnels

    /// Whether and how the client asks for a WebSocket instead of an answer.
    package var webSocketOffer: WebSocketOffer { stream.webSocketOffer }

    /// Answers by switching to the protocol that the head names: 101, or 200 over HTTP/2. From then on the body of the
    /// request is every byte that the client sends, up to the end of what it sends, and the body of the answer is every
    /// byte that it gets; `end` tells it that no more comes, and leaves the other direction open. No other request
    /// follows on the connection. The limits of bodies do not apply: how long a tunnel may be silent is for whoever
    /// holds it to say.
    package func switchProtocols(_ head: ResponseHead) throws(GatewayError) {
        precondition(!hasBegunResponse, "a request is answered once")
        hasBegunResponse = true
        status = webSocketOffer == .extendedConnect ? 200 : head.status.code
        try stream.switchProtocols(head)
    }

    /// True once the server wants to stop, so that a tunnel should be closed. The wake-up is fired when this changes.
    package var isStopping: Bool { stream.isStopping }
}

/// How a client asks for a WebSocket.
package enum WebSocketOffer: Sendable {
    /// It does not.
    case none
    /// With `Upgrade: websocket` in HTTP/1.1 (RFC 6455, 4.1); whether the rest of the request is right is open.
    case upgrade
    /// With CONNECT and `:protocol` in HTTP/2 (RFC 8441). The session shows it to handlers as a GET.
    case extendedConnect
}

/// The session's side of an exchange: one request on one connection, or one stream of it.
package protocol ExchangeStream: AnyObject {
    var requestBody: BodyFraming { get }
    var isClientGone: Bool { get }
    var shouldEnd: Bool { get }

    /// The fields after the body. Default none.
    var requestTrailers: HeaderFields { get }

    /// - Throws: `.badRequest`, `.requestTimeout` or `.clientGone`.
    func tryReadBody(into buffer: inout ByteBuffer, atMost limit: Int) throws(GatewayError) -> Int?
    func begin(_ head: ResponseHead, body: BodyFraming) throws(GatewayError)
    func tryWrite(_ buffer: inout ByteBuffer, atMost limit: Int) throws(GatewayError) -> Int
    func flush() throws(GatewayError)
    func end(trailers: HeaderFields) throws(GatewayError)

    /// What of tunnels there is: see the members of the exchange with these names.
    var webSocketOffer: WebSocketOffer { get }
    var isStopping: Bool { get }

    /// - Throws: `.notImplemented` where the request cannot become a tunnel.
    func switchProtocols(_ head: ResponseHead) throws(GatewayError)
}

/// A stream that never becomes a tunnel.
extension ExchangeStream {
    package var webSocketOffer: WebSocketOffer { .none }
    package var isStopping: Bool { shouldEnd }

    package func switchProtocols(_ head: ResponseHead) throws(GatewayError) {
        throw GatewayError(.notImplemented, "this connection cannot become a tunnel")
    }
}

extension ExchangeStream {
    package var requestTrailers: HeaderFields { HeaderFields() }
}
