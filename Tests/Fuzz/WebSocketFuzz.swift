import Bytes
import HTTP

/// Frames of a client and of a server: in pieces as in one.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWebSocket(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard let input = Cutting(start, count) else { return -1 }
    let role: WebSocketRole = input.bytes[input.bytes.count - 1] & 1 == 0 ? .server : .client
    expectSame(frames(input, role, cut: false), frames(input, role, cut: true))
    return 0
}

private func frames(_ input: Cutting, _ role: WebSocketRole, cut: Bool) -> [String] {
    var reader = WebSocketFrameReader(role, messageLimit: 1_024)
    var checker = UTF8Checker()
    var message: [UInt8] = []
    return input.read(cut: cut) { buffer, trace in
        do throws(WebSocketProblem) {
            while true {
                var step = try reader.next(buffer.span)
                if step.isIdle { return true }
                precondition(step.skip + step.take <= buffer.count)
                buffer.consume(step.skip)
                var bytes = Array(buffer.bytes.prefix(step.take))
                buffer.consume(step.take)
                var span = bytes.mutableSpan
                step.mask.apply(to: &span)
                let content = ByteBuffer(bytes)
                if step.opcode == .text, !checker.take(content.span) {
                    trace.append("no text")
                    return false
                }
                if step.opcode == .close { _ = try WebSocketClose(content.span) }
                if step.opcode.isControl {
                    trace.append("\(step.opcode) \(content.bytes)")
                    continue
                }
                message += content.bytes
                guard step.isEnd else { continue }
                trace.append("\(step.opcode) \(message)")
                message = []
                checker = UTF8Checker()
            }
        } catch {
            trace.append("failed \(error)")
            return false
        }
    }
}
