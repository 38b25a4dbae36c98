package import Bytes
internal import Gateway
internal import HTTP

/// One line for each request, collected on the loop and handed on in large pieces.
///
/// Of the target only the path is written: queries may hold secrets.
package final class AccessLog {
    /// A piece is handed on when it is this long, and once a second.
    private static let pieceSize = 32_768

    /// How a line is written.
    package enum Format: Sendable {
        /// For people: `GET /greeter/say/hello 200 15 bytes in 1.2 ms, go.micro.api.greeter, from 127.0.0.1`. Of a
        /// request that was refused, the reason's code follows the service.
        case text
        /// One JSON object for each line.
        case json
    }

    private let format: Format
    private let sink: @Sendable (ByteBuffer) -> Void
    private let clock: () -> Moment
    private var lines = ByteBuffer()
    /// The time of the line before, up to the second, which most lines share with the next.
    private var time = ByteBuffer()
    private var second: Int?

    /// - Parameters:
    ///   - clock: The wall time. Default: the system's.
    ///   - sink: Takes whole lines; it must not block.
    package init(
        format: Format, clock: @escaping () -> Moment = Moment.now, sink: @escaping @Sendable (ByteBuffer) -> Void
    ) {
        self.format = format
        self.clock = clock
        self.sink = sink
    }

    /// Writes down a request that was understood, whatever became of it.
    func record(_ exchange: Exchange, took duration: Duration, bytes: Int) {
        switch format {
        case .text: writeText(exchange, duration, bytes)
        case .json: writeJSON(exchange, duration, bytes)
        }
        if lines.count >= Self.pieceSize { flush() }
    }

    /// Writes down a request whose head could not be understood, and why. What the exchange holds of a head is none of
    /// this request.
    func record(malformed error: GatewayError, _ exchange: Exchange, bytes: Int) {
        switch format {
        case .text: writeText(malformed: error, exchange, bytes)
        case .json: writeJSON(malformed: error, exchange, bytes)
        }
        if lines.count >= Self.pieceSize { flush() }
    }

    /// Hands on what was collected.
    package func flush() {
        guard !lines.isEmpty else { return }
        sink(lines)
        lines.removeAll()
    }

    // MARK: Text

    private func writeText(_ exchange: Exchange, _ duration: Duration, _ bytes: Int) {
        lines.append(exchange.request.method.description)
        lines.append(" ")
        lines.append(exchange.request.pathSpan)
        appendOutcome(exchange, bytes)
        lines.append(" in ")
        appendMilliseconds(duration)
        lines.append(" ms")
        if !exchange.service.isEmpty {
            lines.append(", ")
            appendVisible(exchange.service)
        }
        if let account = exchange.account {
            lines.append(", account ")
            appendVisible(account.id)
        }
        if let refusal = exchange.refusal {
            lines.append(", ")
            lines.append(refusal.rawValue)
        }
        appendPeer(exchange)
    }

    private func writeText(malformed error: GatewayError, _ exchange: Exchange, _ bytes: Int) {
        lines.append("malformed request")
        appendOutcome(exchange, bytes)
        lines.append(", ")
        lines.append(error.code.rawValue)
        lines.append(" (")
        appendVisible(error.detail)
        lines.append(")")
        appendPeer(exchange)
    }

    private func appendOutcome(_ exchange: Exchange, _ bytes: Int) {
        lines.append(" ")
        lines.append(decimal: exchange.status)
        lines.append(" ")
        lines.append(decimal: bytes)
        lines.append(" bytes")
    }

    private func appendPeer(_ exchange: Exchange) {
        lines.append(", from ")
        lines.append(exchange.forwarding.clientAddress)
        lines.append("\n")
    }

    /// What a client chose may hold what a terminal would obey.
    private func appendVisible(_ text: String) {
        append(text.utf8.span, replacing: { $0 < 0x20 || $0 == 0x7f }) { _ in lines.append("?") }
    }

    // MARK: JSON

    private func writeJSON(_ exchange: Exchange, _ duration: Duration, _ bytes: Int) {
        beginJSON("request")
        lines.append(",\"method\":\"")
        lines.append(exchange.request.method.description)
        lines.append("\",\"path\":\"")
        appendEscaped(exchange.request.pathSpan)
        lines.append("\"")
        appendJSONOutcome(exchange, bytes)
        lines.append(",\"milliseconds\":")
        appendMilliseconds(duration)
        lines.append(",\"service\":\"")
        appendEscaped(exchange.service.utf8.span)
        lines.append("\"")
        if let account = exchange.account {
            lines.append(",\"account\":\"")
            appendEscaped(account.id.utf8.span)
            lines.append("\"")
        }
        if let refusal = exchange.refusal { appendCode(refusal) }
        endJSON(exchange)
    }

    private func writeJSON(malformed error: GatewayError, _ exchange: Exchange, _ bytes: Int) {
        beginJSON("malformed request")
        appendJSONOutcome(exchange, bytes)
        appendCode(error.code)
        lines.append(",\"reason\":\"")
        appendEscaped(error.detail.utf8.span)
        lines.append("\"")
        endJSON(exchange)
    }

    private func beginJSON(_ message: StaticString) {
        lines.append("{\"time\":\"")
        appendTime()
        lines.append("\",\"level\":\"info\",\"message\":\"")
        lines.append(message)
        lines.append("\"")
    }

    private func appendJSONOutcome(_ exchange: Exchange, _ bytes: Int) {
        lines.append(",\"status\":")
        lines.append(decimal: exchange.status)
        lines.append(",\"bytes\":")
        lines.append(decimal: bytes)
    }

    private func appendCode(_ code: GatewayError.Code) {
        lines.append(",\"code\":\"")
        lines.append(code.rawValue)
        lines.append("\"")
    }

    private func endJSON(_ exchange: Exchange) {
        lines.append(",\"client\":\"")
        lines.append(exchange.forwarding.clientAddress)
        lines.append("\"}\n")
    }

    // MARK: Values

    private func appendTime() {
        let now = clock()
        if now.seconds != second {
            second = now.seconds
            time.removeAll()
            now.append(to: &time, .seconds)
            time.removeLast(1)  // The letter of the zone comes after the fraction.
        }
        lines.append(time)
        lines.appendFraction(now.nanoseconds, .milliseconds)
        lines.append("Z")
    }

    private func appendMilliseconds(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let microseconds = Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
        lines.append(decimal: microseconds / 1_000)
        lines.append(".")
        lines.append(decimal: microseconds % 1_000, digits: 3)
    }

    /// A path has no control bytes, since the parser refuses them; quotes and backslashes are left to escape.
    private func appendEscaped(_ bytes: Span<UInt8>) {
        append(bytes, replacing: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5c }) { byte in
            if byte < 0x20 { return lines.append("?") }
            lines.append(0x5c)
            lines.append(byte)
        }
    }

    /// Appends what may stay in one piece, which is nearly always everything.
    @inline(__always)
    private func append(_ bytes: Span<UInt8>, replacing isOdd: (UInt8) -> Bool, with write: (UInt8) -> Void) {
        var start = 0
        for index in bytes.indices where isOdd(bytes[index]) {
            lines.append(bytes.extracting(start..<index))
            write(bytes[index])
            start = index + 1
        }
        lines.append(bytes.extracting(start..<bytes.count))
    }
}
