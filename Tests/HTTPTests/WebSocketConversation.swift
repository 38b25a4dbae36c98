import Bytes
import HTTP

/// A frame as a client sends it, from its first byte and its payload. The length is written as it must be.
func clientFrame(_ first: UInt8, _ payload: [UInt8] = [], key: UInt32 = 0x37fa_213d) -> [UInt8] {
    var header: [UInt8] = [first]
    switch payload.count {
    case ...125: header.append(0x80 | UInt8(payload.count))
    case ...0xffff: header += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
    default:
        header.append(0x80 | 127)
        header += stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: payload.count >> $0) }
    }
    let mask = stride(from: UInt32(24), through: 0, by: -8).map { UInt8(truncatingIfNeeded: key >> $0) }
    return header + mask + payload.indices.map { payload[$0] ^ mask[$0 % 4] }
}

func clientFrame(_ first: UInt8, _ text: String) -> [UInt8] { clientFrame(first, Array(text.utf8)) }

/// A server that answers each message with the same message, and what it did.
struct EchoServer {
    var socket: WebSocketConnection
    var now = ContinuousClock.now
    private var input = ByteBuffer()
    private var sent: [UInt8] = []

    init(limits: WebSocketLimits = WebSocketLimits()) {
        socket = WebSocketConnection(.server, limits: limits, now: now)
    }

    /// Bytes arrive.
    mutating func receive(_ bytes: some Sequence<UInt8>) {
        input.append(Array(bytes))
        loop: while true {
            switch socket.receive(from: &input, now: now) {
            case .nothing, .closed: break loop
            case .text: socket.send(socket.message)
            case .binary: socket.send(socket.message, isText: false)
            }
        }
        collect()
    }

    /// Time passes.
    mutating func wait(_ duration: Duration) {
        now += duration
        socket.tick(now: now)
        collect()
    }

    mutating func collect() {
        sent += socket.output.bytes
        socket.output.removeAll()
    }

    /// What the client got, as `readWebSocket` tells it.
    mutating func takeEvents() -> [String] {
        defer { sent = [] }
        let read = readWebSocket(sent, as: .client, upTo: [sent.count])
        return read.events + (read.problem.map { ["problem \($0)"] } ?? [])
            + (read.rest > 0 ? ["rest \(read.rest)"] : [])
    }
}
