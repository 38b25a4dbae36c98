/// One thread's loop: the executor of its tasks, their clock, their timers, and the readiness of their descriptors.
///
/// Everything but `enqueue` and `now` is for code that runs on the loop itself. A task is matched to its loop when it is
/// started with the loop as its executor preference and runs on an actor whose executor is the loop; only then does
/// `await` cost no trip through the queue.
package protocol EventLoop: SerialExecutor, TaskExecutor {
    /// The time at which the current tick began: one clock reading for each wake-up.
    var now: ContinuousClock.Instant { get }

    /// The time at this moment, which costs a clock reading. For measuring, not for deciding.
    var preciseNow: ContinuousClock.Instant { get }

    /// The deadlines of the tasks on this loop.
    var timers: TimerHeap { get }

    /// Tells `target` whenever the descriptor becomes readable or writable, from now on until `ignore`.
    ///
    /// Readiness is edge-triggered: it is told once, and again only after the descriptor would have blocked.
    func observe(_ descriptor: CInt, _ target: any ReadinessTarget) throws(SystemError) -> Registration

    /// Ends an observation. Events of it that are still queued are dropped.
    func ignore(_ registration: Registration, _ descriptor: CInt)
}

extension EventLoop {
    /// Waits on this loop's own clock.
    nonisolated(nonsending) package func sleep(for duration: Duration) async {
        let wakeup = Wakeup()
        let deadline = Deadline(on: self, firing: wakeup)
        deadline.set(now + duration)
        while !deadline.hasExpired { await wakeup.wait() }
    }
}

/// Something with a descriptor: it is told what the descriptor is ready for.
package protocol ReadinessTarget: AnyObject {
    func ready(_ readiness: Readiness)
}

/// What a descriptor is ready for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: 1)
    package static let writable = Readiness(rawValue: 2)
    /// The peer has closed its sending half.
    package static let peerFinished = Readiness(rawValue: 4)
    /// The connection is broken, or closed in both directions.
    package static let broken = Readiness(rawValue: 8)
}
