package import Bytes
internal import Gateway
internal import HTTP

/// One line for each request, collected on the loop and handed on in large pieces.
package final class AccessLog {
    /// A piece is handed on when it is this long, and once a second.
    private static let pieceSize = 32_768

    /// How a line is written.
    package enum Format: Sendable {
        /// For people: `GET /greeter/say/hello 200 15 bytes in 1.2 ms, go.micro.api.greeter, from 127.0.0.1`.
        case text
        /// One JSON object for each line.
        case json
    }

    private let format: Format
    private let sink: @Sendable (ByteBuffer) -> Void
    private let clock: () -> String
    private var lines = ByteBuffer()

    /// - Parameters:
    ///   - clock: The wall time in RFC 3339.
    ///   - sink: Takes whole lines; it must not block.
    package init(format: Format, clock: @escaping () -> String, sink: @escaping @Sendable (ByteBuffer) -> Void) {
        self.format = format
        self.clock = clock
        self.sink = sink
    }

    func record(_ exchange: Exchange, took duration: Duration, bytes: Int, at now: ContinuousClock.Instant) {
        switch format {
        case .text: writeText(exchange, duration, bytes)
        case .json: writeJSON(exchange, duration, bytes)
        }
        if lines.count >= Self.pieceSize { flush() }
    }

    /// Hands on what was collected.
    package func flush() {
        guard !lines.isEmpty else { return }
        sink(lines)
        lines.removeAll()
    }

    private func writeText(_ exchange: Exchange, _ duration: Duration, _ bytes: Int) {
        lines.append(exchange.request.method.description)
        lines.append(" ")
        lines.append(exchange.request.targetSpan)
        lines.append(" ")
        lines.append(decimal: exchange.status)
        lines.append(" ")
        lines.append(decimal: bytes)
        lines.append(" bytes in ")
        appendMilliseconds(duration)
        lines.append(" ms")
        if !exchange.service.isEmpty {
            lines.append(", ")
            lines.append(exchange.service)
        }
        lines.append(", from ")
        lines.append(exchange.forwarding.clientAddress)
        lines.append("\n")
    }

    private func writeJSON(_ exchange: Exchange, _ duration: Duration, _ bytes: Int) {
        lines.append("{\"time\":\"")
        lines.append(clock())
        lines.append("\",\"level\":\"info\",\"message\":\"request\",\"method\":\"")
        lines.append(exchange.request.method.description)
        lines.append("\",\"path\":\"")
        appendEscaped(exchange.request.targetSpan)
        lines.append("\",\"status\":")
        lines.append(decimal: exchange.status)
        lines.append(",\"bytes\":")
        lines.append(decimal: bytes)
        lines.append(",\"milliseconds\":")
        appendMilliseconds(duration)
        lines.append(",\"service\":\"")
        appendEscaped(exchange.service.utf8.span)
        lines.append("\",\"client\":\"")
        lines.append(exchange.forwarding.clientAddress)
        lines.append("\"}\n")
    }

    private func appendMilliseconds(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let microseconds = Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
        lines.append(decimal: microseconds / 1_000)
        lines.append(".")
        let rest = microseconds % 1_000
        lines.append(UInt8(0x30 + rest / 100))
        lines.append(UInt8(0x30 + rest / 10 % 10))
        lines.append(UInt8(0x30 + rest % 10))
    }

    /// A target has no control bytes, since the parser refuses them; quotes and backslashes are left to escape.
    private func appendEscaped(_ bytes: Span<UInt8>) {
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == 0x22 || byte == 0x5c { lines.append(0x5c) }
            lines.append(byte < 0x20 ? 0x3f : byte)
        }
    }
}
