import Bytes
import Glibc
import Synchronization

/// Writes lines on a thread of its own, so that a slow terminal or a full pipe never holds a loop up. When the reader
/// falls behind, whole pieces are dropped, and the next line that gets through says how many.
final class LogWriter: Sendable {
    /// Bytes that may wait. More are dropped.
    static let maximumWaiting = 1 << 20
    /// How long the end waits for a reader that takes nothing, in milliseconds.
    private static let longestEnd: CInt = 1_000

    private struct State: ~Copyable {
        var waiting = ByteBuffer()
        var dropped = 0
        var isEnding = false
    }

    private let state = Mutex(State())
    private let stream: StandardStream
    /// The thread sleeps on the read end; a byte wakes it.
    private let bell: (read: CInt, write: CInt)
    /// A byte comes out of the read end when the thread has ended.
    private let farewell: (read: CInt, write: CInt)

    /// Starts the thread.
    init(_ stream: StandardStream) {
        self.stream = stream
        bell = Self.makePipe()
        farewell = Self.makePipe()
        var thread = pthread_t()
        let box = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<LogWriter>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        precondition(result == 0, "the system refuses to start a thread")
        pthread_detach(thread)
    }

    private static func makePipe() -> (read: CInt, write: CInt) {
        var ends: [CInt] = [0, 0]
        precondition(pipe(&ends) == 0, "the system is out of descriptors")
        return (ends[0], ends[1])
    }

    /// Takes whole lines, from any thread.
    @Sendable func write(_ lines: ByteBuffer) {
        let mustRing = state.withLock { state in
            guard state.waiting.count + lines.count <= Self.maximumWaiting else {
                state.dropped += 1
                return false
            }
            defer { state.waiting.append(lines.span) }
            return state.waiting.isEmpty
        }
        if mustRing { ring() }
    }

    /// Writes what is waiting, no longer than a second, and ends the thread.
    func end() {
        state.withLock { $0.isEnding = true }
        ring()
        var end = pollfd(fd: farewell.read, events: Int16(POLLIN), revents: 0)
        _ = poll(&end, 1, Self.longestEnd)
    }

    private func ring() { Self.send(to: bell.write) }

    private static func send(to end: CInt) {
        var byte: UInt8 = 0
        _ = Glibc.write(end, &byte, 1)
    }

    private func run() {
        var byte: UInt8 = 0
        while read(bell.read, &byte, 1) == 1 {
            let (lines, dropped, isEnding) = state.withLock { state in
                defer { state.dropped = 0 }
                return (state.waiting.take(), state.dropped, state.isEnding)
            }
            if !lines.isEmpty { stream.write(lines.bytes) }
            if dropped > 0 {
                stream.write("{\"level\":\"warning\",\"message\":\"\(dropped) pieces of the log were lost\"}\n")
            }
            if isEnding { return Self.send(to: farewell.write) }
        }
    }
}
