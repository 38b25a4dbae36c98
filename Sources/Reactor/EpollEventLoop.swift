internal import CLinux
internal import Glibc
internal import Synchronization

/// The event loop of production: a thread of its own around one epoll set.
///
/// Unchecked because its state is touched by its own thread only: `enqueue` from other threads goes through the inbox,
/// which has a lock, and everything else is called by tasks that run on this loop.
package final class EpollEventLoop: EventLoop, @unchecked Sendable {
    /// Jobs run in one tick, so that a busy task cannot keep the sockets waiting.
    private static let jobsPerTick = 1_024

    private var poller: Poller
    private let inbox: Inbox
    private var jobs: [UnownedJob] = []
    private var running: [UnownedJob] = []
    private var registrations = RegistrationTable()
    /// The thread as its own code knows it; 0 before it runs. Asked by every thread that enqueues.
    private let runner = Atomic<UInt>(0)
    /// The thread as its creator knows it.
    private var thread: pthread_t?
    private let isStopping = Atomic(false)

    package let name: String
    package let timers = TimerHeap()
    package private(set) var now = ContinuousClock.now
    package var preciseNow: ContinuousClock.Instant { .now }
    /// Passes through the job queue since the start; tests count them for each request.
    package private(set) var jobsRun = 0

    /// - Throws: When the system is out of descriptors.
    package init(name: String) throws(SystemError) {
        self.name = name
        poller = try Poller()
        inbox = try Inbox()
        try poller.add(inbox.descriptor, name: Poller.inbox)
    }

    /// Starts the loop's thread, on the given processor if there is one.
    package func start(onProcessor processor: Int? = nil) {
        let box = Unmanaged.passRetained(StartInfo(loop: self, processor: processor))
        var thread = pthread_t()
        let result = pthread_create(&thread, nil, { EpollEventLoop.main($0) }, box.toOpaque())
        precondition(result == 0, "the system refuses to start a thread: \(String(cString: strerror(result)))")
        self.thread = thread
    }

    /// Asks the thread to end after the current tick, and waits for it. Tasks that are waiting are never resumed.
    ///
    /// To be called once, by whoever has started the loop.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        inbox.signal()
        if let thread { pthread_join(thread, nil) }
    }

    // MARK: Executor

    @inline(__always)
    package var isCurrent: Bool { runner.load(ordering: .relaxed) == pthread_self() }

    package func enqueue(_ job: consuming ExecutorJob) { enqueue(UnownedJob(job)) }

    package func enqueue(_ job: UnownedJob) {
        if isCurrent { jobs.append(job) } else { inbox.append(job) }
    }

    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    package func checkIsolated() {
        precondition(isCurrent, "code of loop \(name) runs on another thread")
    }

    // MARK: Descriptors

    package func observe(_ descriptor: CInt, _ target: any ReadinessTarget) throws(SystemError) -> Registration {
        let registration = registrations.insert(target)
        do throws(SystemError) {
            try poller.add(descriptor, name: registration.packed)
        } catch {
            registrations.remove(registration)
            throw error
        }
        return registration
    }

    package func ignore(_ registration: Registration, _ descriptor: CInt) {
        registrations.remove(registration)
        poller.remove(descriptor)
    }

    // MARK: The tick

    private func run() {
        while !isStopping.load(ordering: .acquiring) { tick() }
    }

    private func tick() {
        let count = poller.wait(milliseconds: jobs.isEmpty ? untilNextDeadline() : 0)
        now = .now
        for index in 0..<count {
            let (name, readiness) = poller.event(index)
            if name == Poller.inbox {
                inbox.drain(into: &jobs)
            } else {
                registrations.target(of: Registration(packed: name))?.ready(readiness)
            }
        }
        timers.fire(at: now)
        runJobs()
    }

    /// Runs jobs until none is left or the tick has had its share.
    private func runJobs() {
        var budget = Self.jobsPerTick
        while !jobs.isEmpty, budget > 0 {
            swap(&jobs, &running)
            for job in running {
                job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
            budget -= running.count
            jobsRun += running.count
            running.removeAll(keepingCapacity: true)
        }
    }

    /// For epoll: milliseconds, rounded up so that the loop does not wake before the deadline.
    private func untilNextDeadline() -> CInt {
        guard let next = timers.next else { return -1 }
        let wait = next - .now
        guard wait > .zero else { return 0 }
        let (seconds, attoseconds) = wait.components
        return CInt(clamping: seconds * 1_000 + attoseconds / 1_000_000_000_000_000 + 1)
    }

    // MARK: The thread

    private final class StartInfo {
        let loop: EpollEventLoop
        let processor: Int?

        init(loop: EpollEventLoop, processor: Int?) {
            self.loop = loop
            self.processor = processor
        }
    }

    private static func main(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let info = Unmanaged<StartInfo>.fromOpaque(argument).takeRetainedValue()
        info.loop.runner.store(pthread_self(), ordering: .relaxed)
        clinux_name_thread(info.loop.name)
        if let processor = info.processor { _ = clinux_pin_thread(CInt(processor)) }
        info.loop.run()
        return nil
    }
}
