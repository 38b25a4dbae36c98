import Bytes
import HTTP
import TestSupport

/// A node that speaks HTTP/2, played by the test: frames in, frames out.
final class HTTP2Peer {
    /// A frame that the gateway has sent.
    enum Received: Equatable {
        case preface
        case headers(UInt32, [String: String], ends: Bool)
        case data(UInt32, String, ends: Bool)
        case reset(UInt32, HTTP2ErrorCode)
        case settings, settingsAcknowledged
        case ping(isAnswer: Bool)
        case goAway(HTTP2ErrorCode)
        case windowUpdate(UInt32, Int)
        case other
    }

    let peer: Peer
    private var reader = FrameReader()
    private var decoder = HPACKDecoder()
    private var encoder = HPACKEncoder()
    private var hasPreface = false

    init(_ peer: Peer) { self.peer = peer }

    // MARK: From the gateway

    /// Everything that has come since the last look.
    func take() -> [Received] {
        var frames: [Received] = []
        if !hasPreface, peer.received.count >= 24 {
            peer.received.consume(24)
            hasPreface = true
            frames.append(.preface)
        }
        while hasPreface, let (frame, length) = next() {
            frames.append(frame)
            peer.received.consume(length)
        }
        return frames
    }

    private func next() -> (Received, Int)? {
        let bytes = peer.received
        guard let (frame, length) = try? reader.next(bytes.span) else { return nil }
        return (describe(frame, bytes), length)
    }

    private func describe(_ frame: Frame, _ bytes: borrowing ByteBuffer) -> Received {
        switch frame {
        case .headers(let stream, let fragment, _, let ends, _):
            var list = HPACKFieldList()
            try? decoder.decode(bytes.span.extracting(fragment), into: &list)
            var fields: [String: String] = [:]
            for index in 0..<list.count { fields[String(list.nameSpan(at: index))] = String(list.valueSpan(at: index)) }
            return .headers(stream, fields, ends: ends)
        case .data(let stream, let content, _, let ends):
            return .data(stream, String(bytes.span.extracting(content)), ends: ends)
        case .reset(let stream, let code): return .reset(stream, code)
        case .settings: return .settings
        case .settingsAcknowledged: return .settingsAcknowledged
        case .ping(_, let isAnswer): return .ping(isAnswer: isAnswer)
        case .goAway(_, let code, _): return .goAway(code)
        case .windowUpdate(let stream, let increment): return .windowUpdate(stream, increment)
        default: return .other
        }
    }

    // MARK: To the gateway

    func settings(_ values: [(name: HTTP2Settings.Name, value: UInt32)] = []) {
        send { FrameWriter.writeSettings(values, to: &$0) }
    }

    func headers(_ stream: UInt32, _ fields: [(String, String)], ends: Bool = false) {
        var block = ByteBuffer()
        encoder.beginBlock(to: &block)
        for (name, value) in fields { encoder.encode(name, value, to: &block) }
        send { FrameWriter.writeHeaders(block.span, stream: stream, endsStream: ends, to: &$0) }
    }

    func data(_ stream: UInt32, _ text: String, ends: Bool = false) { data(stream, Array(text.utf8), ends: ends) }

    func data(_ stream: UInt32, _ bytes: [UInt8], ends: Bool = false) {
        send { buffer in
            FrameWriter.writeDataHeader(stream: stream, length: bytes.count, endsStream: ends, to: &buffer)
            buffer.append(bytes)
        }
    }

    /// A message of gRPC.
    func message(_ stream: UInt32, _ text: String) { data(stream, Self.framed(text)) }

    static func framed(_ text: String) -> String {
        var buffer = ByteBuffer()
        GRPCMessageWriter.write(text.utf8.span, to: &buffer)
        return buffer.text
    }

    /// The head that answers of gRPC begin with.
    func begin(_ stream: UInt32, type: String = "application/grpc+json") {
        headers(stream, [(":status", "200"), ("content-type", type)])
    }

    func end(_ stream: UInt32, status: Int = 0, _ fields: [(String, String)] = []) {
        headers(stream, [("grpc-status", "\(status)")] + fields, ends: true)
    }

    /// A whole answer.
    func answer(_ stream: UInt32, _ text: String) {
        begin(stream)
        message(stream, text)
        end(stream)
    }

    func reset(_ stream: UInt32, _ code: HTTP2ErrorCode) {
        send { FrameWriter.writeReset(stream: stream, code: code, to: &$0) }
    }

    func ping(isAnswer: Bool) {
        send { FrameWriter.writePing([0, 0, 0, 0, 0, 0, 0, 1].span, isAnswer: isAnswer, to: &$0) }
    }

    func goAway(last: UInt32, _ code: HTTP2ErrorCode = .noError) {
        send { FrameWriter.writeGoAway(lastStream: last, code: code, to: &$0) }
    }

    func windowUpdate(_ stream: UInt32, _ increment: Int) {
        send { FrameWriter.writeWindowUpdate(stream: stream, increment: increment, to: &$0) }
    }

    private func send(_ write: (inout ByteBuffer) -> Void) {
        var buffer = ByteBuffer()
        write(&buffer)
        peer.send(buffer.bytes)
    }
}
