/// What a task waits on: it tries everything it has to do, and waits here when nothing is possible.
///
/// Whatever might make something possible (a socket, a timer, a new catalog) fires the same wake-up. A wake-up that is
/// fired while nobody waits is remembered, so none is lost; one may come without need, so the task always tries again.
/// It belongs to one loop and is not for use from other threads.
///
/// What may have to wait for long sleeps instead: it needs no task meanwhile.
package final class Wakeup {
    private var waiter: UnsafeContinuation<Void, Never>?
    private var sleeper: (any Sleeper)?
    private var isFired = false

    package init() {}

    /// Resumes the waiting task at the loop's next round of jobs, or lets the next wait return at once.
    package func fire() {
        if let waiter {
            self.waiter = nil
            waiter.resume()
        } else if let sleeper {
            self.sleeper = nil
            sleeper.wake()
        } else {
            isFired = true
        }
    }

    /// Returns when something was fired since the last wait ended.
    ///
    /// - Precondition: No other task waits on the same wake-up, and nothing sleeps on it.
    nonisolated(nonsending) package func wait() async {
        if isFired { return isFired = false }
        precondition(waiter == nil && sleeper == nil, "two wait on one wake-up")
        await withUnsafeContinuation { continuation in
            // A task that was not started on this loop has made a trip through the queue since the look above.
            guard isFired else { return waiter = continuation }
            isFired = false
            continuation.resume()
        }
    }

    /// Has the sleeper woken, and owned meanwhile, when the wake-up is fired the next time.
    ///
    /// - Returns: False when it was fired since the last wait ended. Then nothing sleeps.
    /// - Precondition: No task waits on the same wake-up, and nothing else sleeps on it.
    package func sleep(_ sleeper: any Sleeper) -> Bool {
        precondition(waiter == nil && self.sleeper == nil, "two wait on one wake-up")
        guard !isFired else {
            isFired = false
            return false
        }
        self.sleeper = sleeper
        return true
    }
}

/// Something that waits without a task.
package protocol Sleeper: AnyObject {
    /// Called once for each sleep, from within `fire`. Whoever fires is in the middle of something, so nothing more
    /// may be done here than to sleep on, or to have a task go on later.
    func wake()
}
