internal import Glibc
internal import Synchronization

/// A flag that one thread raises and others wait for, blocking. Only for start and stop, never on a loop.
package final class ThreadEnd: Sendable {
    private let isRaised = Mutex(false)

    package init() {}

    /// Raises the flag, for good.
    package func signal() { isRaised.withLock { $0 = true } }

    /// Blocks the thread until the flag is raised.
    package func wait() {
        while !isRaised.withLock({ $0 }) { usleep(200) }
    }
}
