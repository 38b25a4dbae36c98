import Bytes
import HTTP
import TestSupport

/// Takes what a peer has received, as frames in words: `text Hello`, `close 1001 reason`.
///
/// - Parameter role: Which side the peer plays, so that masks must be there or not.
func takeFrames(of peer: Peer, as role: WebSocketRole = .client) -> [String] {
    var (reader, frames) = (WebSocketFrameReader(role), [String]())
    do throws(WebSocketProblem) {
        while true {
            var step = try reader.next(peer.received.span)
            if step.isIdle { break }
            peer.received.consume(step.skip)
            var payload = ByteBuffer()
            step.mask.copy(peer.received.span.extracting(0..<step.take), to: &payload)
            peer.received.consume(step.take)
            if step.opcode == .close {
                let close = try WebSocketClose(payload.span)
                frames.append("close \(close.code.map { "\($0.number)" } ?? "none") \(close.reason)")
            } else {
                frames.append("\(step.opcode) \(payload.text)")
            }
        }
    } catch {
        frames.append("problem \(error)")
    }
    if !peer.received.isEmpty, !reader.isClosed { frames.append("rest \(peer.received.count)") }
    return frames
}

/// A whole text as a client sends it.
func clientText(_ text: String) -> [UInt8] {
    var buffer = ByteBuffer()
    WebSocketFrameWriter.write(.text, text.utf8.span, maskingKey: 0x1234_5678, to: &buffer)
    return buffer.bytes
}

/// A whole binary message as a client sends it.
func clientBinary(_ bytes: [UInt8]) -> [UInt8] {
    var buffer = ByteBuffer()
    WebSocketFrameWriter.write(.binary, bytes.span, maskingKey: 0x1234_5678, to: &buffer)
    return buffer.bytes
}
