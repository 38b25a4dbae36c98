package import Reactor
internal import Synchronization

/// A loop that the test turns by hand: nothing runs before `drain`, and time stands still until `advance`.
///
/// Unchecked because everything but the queue is touched by the test's own thread only.
package final class ManualEventLoop: EventLoop, @unchecked Sendable {
    private let queue = Mutex<[UnownedJob]>([])
    private var isDraining = false
    private var registrations = RegistrationTable()
    package let timers = TimerHeap()
    package private(set) var now = ContinuousClock.now
    package var preciseNow: ContinuousClock.Instant { now }

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.withLock { $0.append(job) }
    }

    package func isIsolatingCurrentContext() -> Bool? { isDraining }
    package func checkIsolated() { precondition(isDraining, "code of the loop runs outside of it") }

    /// Runs jobs until none is left, and fires what is due without any time passing. Returns how many jobs ran.
    ///
    /// - Precondition: Fewer than a million, else something runs in a circle.
    @discardableResult
    package func drain() -> Int {
        isDraining = true
        defer { isDraining = false }
        var count = 0
        repeat {
            while let job = queue.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
                job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
                count += 1
                precondition(count < 1_000_000, "the jobs do not end")
            }
        } while timers.fire(at: now) > 0
        return count
    }

    /// Lets time pass, fires what is due, and runs what that wakes.
    package func advance(by duration: Duration) {
        now += duration
        timers.fire(at: now)
        drain()
    }

    package func observe(_ descriptor: CInt, _ target: any ReadinessTarget) throws(SystemError) -> Registration {
        registrations.insert(target)
    }

    package func ignore(_ registration: Registration, _ descriptor: CInt) { registrations.remove(registration) }
}
