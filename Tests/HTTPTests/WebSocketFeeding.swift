import Bytes
import HTTP

/// What came of reading a WebSocket: messages and control frames as text, and how it ended.
struct ReadWebSocket: Equatable {
    var events: [String] = []
    var problem: WebSocketProblem?
    var isClosed = false
    /// How many bytes are unread.
    var rest = 0
}

/// Reads frames whose bytes arrive in the pieces that end at these places, as an endpoint would: it unmasks, checks
/// text as it comes, and reads what a close frame says.
func readWebSocket(
    _ input: [UInt8], as role: WebSocketRole, upTo ends: [Int], messageLimit: Int = 100_000
) -> ReadWebSocket {
    var reader = WebSocketFrameReader(role, messageLimit: messageLimit)
    var result = ReadWebSocket()
    var (buffer, message, checker, fed) = (ByteBuffer(), ByteBuffer(), UTF8Checker(), 0)
    do throws(WebSocketProblem) {
        for end in ends {
            buffer.append(input.span.extracting(fed..<end))
            fed = end
            while true {
                var step = try reader.next(buffer.span)
                if step.isIdle { break }
                buffer.consume(step.skip)
                var piece = ByteBuffer()
                step.mask.copy(buffer.span.extracting(0..<step.take), to: &piece)
                buffer.consume(step.take)
                if step.opcode.isControl {
                    result.events.append(try describe(control: step.opcode, piece.span))
                    continue
                }
                message.append(piece)
                if step.opcode == .text {
                    guard checker.take(piece.span), !step.isEnd || checker.isComplete else { throw .invalidText }
                }
                guard step.isEnd else { continue }
                result.events.append("\(step.opcode) \(message.text)")
                (message, checker) = (ByteBuffer(), UTF8Checker())
            }
        }
    } catch {
        result.problem = error
    }
    result.isClosed = reader.isClosed
    result.rest = result.problem == nil ? buffer.count : 0
    return result
}

private func describe(control: WebSocketOpcode, _ payload: Span<UInt8>) throws(WebSocketProblem) -> String {
    guard control == .close else { return "\(control) \(String(payload))" }
    let close = try WebSocketClose(payload)
    return "close \(close.code.map { "\($0.number)" } ?? "none") \(close.reason)"
}

/// Bytes written as hexadecimal digits; blanks are left out.
func bytes(hex text: String) -> [UInt8] {
    let digits = text.filter { $0 != " " }.compactMap(\.hexDigitValue).map { UInt8($0) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
