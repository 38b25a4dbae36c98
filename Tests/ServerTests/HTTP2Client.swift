import Bytes
import Gateway
import HTTP
import Server
import TestSupport

/// Frames as a client writes them, well-formed or not. Fields are written out, so that blocks do not depend on each other.
enum Wire {
    typealias Fields = [(String, String)]

    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let get: Fields = fields("GET")
    static let post: Fields = fields("POST")

    static func fields(_ method: String, _ path: String = "/", _ more: (String, String)...) -> Fields {
        [(":method", method), (":scheme", "http"), (":path", path), (":authority", "a")] + more
    }

    static func frame(_ type: Int, flags: UInt8 = 0, stream: UInt32, _ payload: [UInt8] = []) -> [UInt8] {
        let length = payload.count
        let head = [length >> 16, length >> 8, length, type].map { UInt8(truncatingIfNeeded: $0) } + [flags]
        return head + number(stream) + payload
    }

    static func number(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }

    static func block(_ fields: Fields) -> [UInt8] {
        var block = ByteBuffer()
        for (name, value) in fields {
            block.append(UInt8(0))
            for text in [name, value] {
                HPACKInteger.encode(text.utf8.count, prefix: 7, pattern: 0, to: &block)
                block.append(text)
            }
        }
        return block.bytes
    }

    static func headers(
        _ stream: UInt32, _ fields: Fields = get, ends: Bool = true, whole: Bool = true, extra: UInt8 = 0,
        before: [UInt8] = [], after: [UInt8] = []
    ) -> [UInt8] {
        frame(1, flags: (ends ? 1 : 0) | (whole ? 4 : 0) | extra, stream: stream, before + block(fields) + after)
    }

    static func continuation(_ stream: UInt32, _ fields: Fields = [("x", "y")], whole: Bool = true) -> [UInt8] {
        frame(9, flags: whole ? 4 : 0, stream: stream, block(fields))
    }

    static func data(_ stream: UInt32, _ text: String = "test", ends: Bool = true) -> [UInt8] {
        frame(0, flags: ends ? 1 : 0, stream: stream, Array(text.utf8))
    }

    static func settings(_ values: (Int, UInt32)...) -> [UInt8] {
        frame(4, stream: 0, values.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 0xff)] + number($0.1) })
    }

    static let settingsAck = frame(4, flags: 1, stream: 0)
    static let ping = frame(6, stream: 0, Array("pingpong".utf8))

    static func reset(_ stream: UInt32, _ code: UInt32 = 8) -> [UInt8] { frame(3, stream: stream, number(code)) }

    static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> [UInt8] {
        frame(8, stream: stream, number(increment))
    }

    static func priority(_ stream: UInt32, on other: UInt32 = 0) -> [UInt8] {
        frame(2, stream: stream, number(other) + [16])
    }
}

/// A frame from the server, as far as tests look at it.
struct Answer: Equatable, CustomStringConvertible {
    var type: FrameType?
    var flags: FrameFlags
    var stream: UInt32
    var payload: [UInt8]
    /// Of HEADERS.
    var fields: [String] = []

    var ends: Bool { (type == .data || type == .headers) && flags.contains(.endsStream) }
    var isAcknowledgement: Bool { (type == .settings || type == .ping) && flags.contains(.acknowledges) }
    /// Of RST_STREAM and GOAWAY.
    var code: HTTP2ErrorCode? {
        let bytes = type == .reset ? payload[...] : type == .goAway ? payload.dropFirst(4).prefix(4) : []
        return bytes.isEmpty ? nil : HTTP2ErrorCode(rawValue: bytes.reduce(0) { $0 << 8 | UInt32($1) })
    }
    var increment: Int { payload.reduce(0) { $0 << 8 | Int($1) } }
    var text: String { String(decoding: payload, as: UTF8.self) }
    var status: String? { fields.first { $0.hasPrefix(":status: ") }.map { String($0.dropFirst(9)) } }

    var description: String {
        "\(type.map { "\($0)" } ?? "?") \(stream)\(ends ? " end" : "") \(code.map { "\($0)" } ?? "")\(fields)"
    }
}

/// A client of HTTP/2 on the other end of a rig.
final class HTTP2Client {
    let rig: Rig
    private var decoder = HPACKDecoder()
    private var buffer = ByteBuffer()
    /// Everything that has come, in order.
    private(set) var answers: [Answer] = []

    /// - Parameter greets: Whether the preface, settings and their acknowledgement are exchanged at once.
    init(_ rig: Rig, greets: Bool = true) {
        self.rig = rig
        if greets { send(Wire.preface + Wire.settings() + Wire.settingsAck) }
    }

    /// Sends, lets the loop run, and reads what has come. Returns what is new.
    @discardableResult
    func send(_ bytes: [UInt8]) -> [Answer] {
        rig.peer.send(bytes)
        rig.loop.drain()
        return read()
    }

    @discardableResult
    func read() -> [Answer] {
        let before = answers.count
        buffer.append(rig.peer.received)
        rig.peer.received.removeAll()
        while buffer.count >= FrameHeader.size {
            let header = FrameHeader(buffer.span)
            guard buffer.count >= FrameHeader.size + header.length else { break }
            buffer.consume(FrameHeader.size)
            let payload = Array(buffer.bytes.prefix(header.length))
            buffer.consume(header.length)
            var answer = Answer(type: header.type, flags: header.flags, stream: header.stream, payload: payload)
            if header.type == .headers { answer.fields = decode(payload) }
            answers.append(answer)
        }
        return Array(answers[before...])
    }

    private func decode(_ block: [UInt8]) -> [String] {
        var list = HPACKFieldList()
        do throws(HPACKProblem) {
            try decoder.decode(block.span, into: &list)
        } catch {
            return ["cannot be decoded: \(error)"]
        }
        return (0..<list.count).map { index in
            let (name, value) = (list.nameSpan(at: index), list.valueSpan(at: index))
            return "\(String(copying: name)): \(String(copying: value))"
        }
    }

    func answers(on stream: UInt32) -> [Answer] { answers.filter { $0.stream == stream } }

    /// The content on a stream so far.
    func content(of stream: UInt32) -> String {
        answers(on: stream).filter { $0.type == .data }.map(\.text).joined()
    }

    func status(of stream: UInt32) -> String? { answers(on: stream).compactMap(\.status).last }

    func hasEnded(_ stream: UInt32) -> Bool { answers(on: stream).contains { $0.ends } }

    /// How the stream was reset, if it was.
    func resetCode(of stream: UInt32) -> HTTP2ErrorCode? { answers(on: stream).first { $0.type == .reset }?.code }

    /// What the last GOAWAY says, if there is one.
    var goAway: HTTP2ErrorCode? { answers.last { $0.type == .goAway }?.code }
}

extension String {
    fileprivate init(copying bytes: Span<UInt8>) {
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        self.init(decoding: copy, as: UTF8.self)
    }
}

/// A client of a worker whose handler that makes; one that answers with the path when it is left out.
func client(
    _ makeHandler: @escaping @Sendable (WorkerContext) -> any Handler = { _ in PathHandler() }
) -> HTTP2Client {
    HTTP2Client(Rig(makeHandler: makeHandler))
}
