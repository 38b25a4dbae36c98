package import Bytes
package import Gateway
package import HTTP
package import Reactor

/// An exchange whose session is played by the test: the request is given, the answer is kept.
///
/// Unchecked because a test and its hand-turned loop share one thread.
package final class ScriptedExchange: ExchangeStream, @unchecked Sendable {
    package private(set) lazy var exchange = Exchange(
        stream: self,
        forwarding: ForwardingContext(clientAddress: "127.0.0.1", isTrusted: false, scheme: "http", viaName: "test"),
        isPeerLoopback: isPeerLoopback, loop: loop, wakeup: wakeup)
    /// The head of the answer; nil until it was begun.
    package private(set) var head: ResponseHead?
    /// How the content of the answer is delimited.
    package private(set) var framing: BodyFraming?
    /// The content of the answer so far. As from a server, there is none for HEAD.
    package private(set) var body = ""
    /// How often the answer was sent without waiting for more of it.
    package private(set) var flushes = 0
    /// True once the handler has ended the answer.
    package private(set) var isEnded = false
    /// True once the handler has returned or thrown.
    package fileprivate(set) var isOver = false
    /// What the handler threw.
    package fileprivate(set) var failure: GatewayError?

    package let requestBody: BodyFraming
    package private(set) var isClientGone = false
    package private(set) var shouldEnd = false
    private var incoming: ByteBuffer
    private let request: RequestHead
    private let isPeerLoopback: Bool
    private let loop: any EventLoop
    private let wakeup = Wakeup()

    package convenience init(
        _ request: RequestHead, body: String = "", isPeerLoopback: Bool = true, on loop: any EventLoop
    ) {
        self.init(request, bytes: Array(body.utf8), isPeerLoopback: isPeerLoopback, on: loop)
    }

    package init(_ request: RequestHead, bytes: [UInt8], isPeerLoopback: Bool = true, on loop: any EventLoop) {
        self.request = request
        self.isPeerLoopback = isPeerLoopback
        self.loop = loop
        incoming = ByteBuffer(bytes)
        requestBody = bytes.isEmpty ? .none : .length(bytes.count)
        exchange.request = request
    }

    /// The client goes away.
    package func leave() {
        isClientGone = true
        shouldEnd = true
        wakeup.fire()
    }

    /// The server is about to stop.
    package func windDown() {
        shouldEnd = true
        wakeup.fire()
    }

    /// Takes what was received of the answer's content.
    package func take() -> String {
        defer { body = "" }
        return body
    }

    package func tryReadBody(into buffer: inout ByteBuffer, atMost limit: Int) throws(GatewayError) -> Int? {
        let count = min(limit, incoming.count)
        buffer.append(count, consuming: &incoming)
        return count
    }

    package func begin(_ head: ResponseHead, body: BodyFraming) throws(GatewayError) {
        self.head = head
        framing = body
    }

    package func tryWrite(_ buffer: inout ByteBuffer, atMost limit: Int) throws(GatewayError) -> Int {
        if isClientGone { throw GatewayError(.clientGone, "the client left") }
        let count = min(limit, buffer.count)
        var piece = ByteBuffer()
        piece.append(count, consuming: &buffer)
        if request.method != .head { body += piece.text }
        return count
    }

    package func flush() throws(GatewayError) { flushes += 1 }

    package func end(trailers: HeaderFields) throws(GatewayError) { isEnded = true }
}

/// Where one handler answers scripted exchanges, on a loop that is turned by hand.
package actor Stage {
    private let loop: ManualEventLoop
    private let handler: any Handler
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    package init(loop: ManualEventLoop, makeHandler: @Sendable () -> sending any Handler) {
        self.loop = loop
        handler = makeHandler()
    }

    /// Lets the handler answer as far as it can without waiting.
    package nonisolated func play(_ scripted: ScriptedExchange) {
        Task(executorPreference: loop) { await self.answer(scripted) }
        loop.drain()
    }

    private func answer(_ scripted: ScriptedExchange) async {
        do throws(GatewayError) {
            try await handler.handle(scripted.exchange)
        } catch {
            scripted.failure = error
        }
        scripted.isOver = true
    }
}
