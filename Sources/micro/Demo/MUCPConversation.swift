import Bytes
import Gateway
import HTTP
import JSON
import Reactor

/// A number of messages, with a pause between two of them.
struct MessageSeries {
    let count: Int
    let pause: Duration
    /// The message of this number, from 0.
    let message: @Sendable (Int) -> JSONValue
}

/// One stream of a service, after its first request. From then on the connection belongs to the stream: requests come in
/// and answers go out that have nothing to do with each other.
struct MUCPConversation: ~Copyable {
    /// What a service does with each message that it gets.
    typealias Method = @Sendable (JSONValue) throws(MicroError) -> MessageSeries

    /// Series that may wait while another is being sent.
    private static let longestQueue = 100

    private let exchange: Exchange
    private let method: Method
    private let pause: Deadline
    /// What each answer begins with.
    private let preamble: ByteBuffer
    private var input = ByteBuffer()
    private var output = ByteBuffer()
    private var parser = RequestParser()
    private var head = RequestHead()
    private var reader: BodyReader?
    private var body = ByteBuffer()
    private var queue: [MessageSeries] = []
    /// How many messages of the first series have been sent.
    private var sent = 0
    private var hasClientFinished = false
    private var isOver = false

    init(_ exchange: Exchange, _ method: @escaping Method) {
        self.exchange = exchange
        self.method = method
        pause = Deadline(on: exchange.loop, firing: exchange.wakeup)
        var preamble = ByteBuffer("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        for name in ["Micro-Id", "Micro-Stream", "Micro-Service", "Micro-Endpoint", "Micro-Method"] {
            if let value = exchange.request.fields[name] { preamble.append("\(name): \(value)\r\n") }
        }
        self.preamble = preamble
    }

    deinit { pause.cancel() }

    /// Runs until all is said, or the client gone.
    nonisolated(nonsending) mutating func run() async throws(GatewayError) {
        // An interim answer is the one thing that can be said before the first message.
        try exchange.switchProtocols(ResponseHead(.continue))
        while !(isOver && output.isEmpty) {
            if exchange.isClientGone { throw GatewayError(.clientGone, "the client left the stream") }
            if exchange.isStopping { isOver = true }
            let hasTaken = try take()
            sendDue()
            let written = output.isEmpty ? 0 : try exchange.tryWrite(&output, atMost: output.count)
            try exchange.flush()
            if !hasTaken, written == 0, !isOver { await exchange.wakeup.wait() }
        }
        try exchange.end()
    }

    // MARK: What comes in

    /// Returns true when something was taken.
    private mutating func take() throws(GatewayError) -> Bool {
        guard !isOver, queue.count < Self.longestQueue else { return false }
        if try takeRequest() { return true }
        guard let count = try exchange.tryReadBody(into: &input, atMost: 65_536) else { return false }
        guard count > 0 else { throw GatewayError(.clientGone, "the client left the stream") }
        return true
    }

    private mutating func takeRequest() throws(GatewayError) -> Bool {
        do {
            if reader == nil {
                guard !input.isEmpty, try parser.take(from: &input, into: &head) else { return false }
                reader = BodyReader(try BodyFraming.ofRequest(head))
            }
            guard var reader else { return false }
            while case let count = try reader.skipFraming(of: &input), count > 0 {
                body.append(count, consuming: &input)
            }
            self.reader = reader.isComplete ? nil : reader
            guard reader.isComplete else { return false }
        } catch {
            throw GatewayError(.badRequest, "\(error)")
        }
        answer()
        return true
    }

    private mutating func answer() {
        defer { body.removeAll() }
        guard head.fields["Micro-Error"] == nil else { return hasClientFinished = true }
        do throws(MicroError) {
            let request: JSONValue
            do throws(JSONProblem) {
                request = try JSONParser.parse(body.span)
            } catch {
                throw MicroError(id: "", code: 400, detail: "\(error)")
            }
            queue.append(try method(request))
        } catch {
            end(error.text)
        }
    }

    // MARK: What goes out

    private mutating func sendDue() {
        guard !isOver, output.isEmpty else { return }
        if let series = queue.first, pause.at == nil {
            if sent < series.count {
                send(series.message(sent))
                sent += 1
            }
            if sent < series.count { pause.set(exchange.now + series.pause) } else { removeSeries() }
        } else if queue.isEmpty, hasClientFinished {
            end("EOS")
        }
    }

    private mutating func removeSeries() {
        queue.removeFirst()
        sent = 0
    }

    private mutating func send(_ message: JSONValue) {
        var content = ByteBuffer()
        JSONWriter.write(message, to: &content)
        content.append("\n")
        output.append(preamble)
        output.append("Content-Length: \(content.count)\r\n\r\n")
        output.append(content)
    }

    /// Ends the stream with an error, or with `EOS`, which is none.
    private mutating func end(_ error: String) {
        isOver = true
        output.append(preamble)
        output.append("Micro-Error: \(error)\r\nContent-Length: 0\r\n\r\n")
    }
}
