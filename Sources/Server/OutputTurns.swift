internal import Reactor

/// Which streams may write into the output of their connection, and in which order, so that none starves another.
///
/// As long as nobody waits, a stream takes all the room there is. Who finds none waits in line, and gets a turn of one
/// frame when there is room again; and while others have turns, nobody passes them.
struct OutputTurns {
    /// Bytes that a stream may write in its turn: one ordinary frame.
    static let size = 16_384

    private var line: [HTTP2Stream] = []
    /// Turns that were given and not yet taken.
    private var open = 0

    /// How much of the room a stream may take now.
    func share(of room: Int, for stream: HTTP2Stream) -> Int {
        if stream.turn > 0 { return min(room, stream.turn) }
        return line.isEmpty && open == 0 ? room : 0
    }

    /// To be told after a stream has written.
    mutating func take(by stream: HTTP2Stream) {
        guard stream.turn > 0 else { return }
        stream.turn = 0
        if open > 0 { open -= 1 }
    }

    mutating func wait(_ stream: HTTP2Stream) {
        stream.turn = 0
        guard !stream.isInLine else { return }
        stream.isInLine = true
        line.append(stream)
    }

    /// Gives turns to those who have waited longest, as far as there is room. By now all earlier turns were taken, or
    /// will not be.
    mutating func grant(room: Int) {
        open = 0
        guard !line.isEmpty, room > 0 else { return }
        let count = min(line.count, (room + Self.size - 1) / Self.size)
        for index in 0..<count {
            let stream = line[index]
            stream.isInLine = false
            stream.turn = Self.size
            stream.wakeup.fire()
        }
        open = count
        line.removeFirst(count)
    }

    mutating func remove(_ stream: HTTP2Stream) {
        stream.turn = 0
        guard stream.isInLine else { return }
        stream.isInLine = false
        line.removeAll { $0 === stream }
    }

    mutating func removeAll() {
        for stream in line { stream.isInLine = false }
        line = []
    }
}
