/// What a task waits on: it tries everything it has to do, and waits here when nothing is possible.
///
/// Whatever might make something possible (a socket, a timer, a new catalog) fires the same wake-up. A wake-up that is
/// fired while nobody waits is remembered, so none is lost; one may come without need, so the task always tries again.
/// It belongs to one loop and is not for use from other threads.
package final class Wakeup {
    private var waiter: UnsafeContinuation<Void, Never>?
    private var isFired = false

    package init() {}

    /// Resumes the waiting task at the loop's next round of jobs, or lets the next wait return at once.
    package func fire() {
        guard let waiter else { return isFired = true }
        self.waiter = nil
        waiter.resume()
    }

    /// Returns when something was fired since the last wait ended.
    ///
    /// - Precondition: No other task waits on the same wake-up.
    nonisolated(nonsending) package func wait() async {
        if isFired { return isFired = false }
        precondition(waiter == nil, "two tasks wait on one wake-up")
        await withUnsafeContinuation { continuation in
            // A task that was not started on this loop has made a trip through the queue since the look above.
            guard isFired else { return waiter = continuation }
            isFired = false
            continuation.resume()
        }
    }
}
