internal import CLinux
internal import Glibc
internal import Synchronization

/// Jobs from other threads. One write to the eventfd wakes the loop for a whole batch.
final class Inbox: Sendable {
    private struct Content: ~Copyable {
        var jobs: [UnownedJob] = []
        var isSignalled = false
    }

    private let content = Mutex(Content())
    /// Readable when there is something in the inbox.
    let descriptor: CInt

    init() throws(SystemError) {
        descriptor = try systemCall("eventfd") { eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK)) }
    }

    deinit { close(descriptor) }

    func append(_ job: UnownedJob) {
        let mustSignal = content.withLock { content in
            content.jobs.append(job)
            defer { content.isSignalled = true }
            return !content.isSignalled
        }
        if mustSignal { signal() }
    }

    /// Wakes the loop without a job.
    func signal() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)  // Fails only when the counter is full, and then the loop is awake already.
    }

    /// Takes everything, and lets the next job signal again.
    func drain(into jobs: inout [UnownedJob]) {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
        content.withLock { content in
            jobs += content.jobs
            content.jobs.removeAll(keepingCapacity: true)
            content.isSignalled = false
        }
    }
}
