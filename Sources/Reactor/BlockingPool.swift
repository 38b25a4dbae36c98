internal import CLinux
internal import Glibc
internal import Synchronization

/// The one door off the loop: work that blocks, such as looking up a host name, runs on a thread of its own.
///
/// At most `maximumThreads` run at once; more wait in a queue of at most `maximumQueue`.
package final class BlockingPool: Sendable {
    package static let shared = BlockingPool()
    package static let maximumThreads = 4
    package static let maximumQueue = 256

    private typealias Work = @Sendable () -> Void
    private struct State: ~Copyable {
        var queue: [Work] = []
        var threads = 0
    }
    private let state = Mutex(State())

    /// Runs the work elsewhere and comes back with its result. Nil when the queue is full.
    package func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result? {
        await withCheckedContinuation { (continuation: CheckedContinuation<Result?, Never>) in
            let isTaken = submit { continuation.resume(returning: work()) }
            if !isTaken { continuation.resume(returning: nil) }
        }
    }

    private func submit(_ work: @escaping Work) -> Bool {
        let (isTaken, needsThread) = state.withLock { state in
            guard state.queue.count < Self.maximumQueue else { return (false, false) }
            state.queue.append(work)
            guard state.threads < Self.maximumThreads else { return (true, false) }
            state.threads += 1
            return (true, true)
        }
        if needsThread { startThread() }
        return isTaken
    }

    private func startThread() {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                clinux_name_thread("blocking")
                Unmanaged<BlockingPool>.fromOpaque(argument).takeRetainedValue().work()
                return nil
            }, box.toOpaque())
        precondition(result == 0, "the system refuses to start a thread: \(String(cString: strerror(result)))")
        pthread_detach(thread)
    }

    private func work() {
        while let next = takeNext() { next() }
    }

    private func takeNext() -> Work? {
        state.withLock { state in
            guard !state.queue.isEmpty else {
                state.threads -= 1
                return nil
            }
            return state.queue.removeFirst()
        }
    }
}
