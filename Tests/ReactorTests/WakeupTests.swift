import Reactor
import TestSupport
import Testing

/// Waits and fires on a loop, called by tasks that were not started there.
private actor Domain {
    private let loop: EpollEventLoop
    private let wakeup = Wakeup()

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EpollEventLoop) { self.loop = loop }

    func wait() async { await wakeup.wait() }
    func fire() { wakeup.fire() }
}

struct WakeupDeliveryTests {
    @Test(.timeLimit(.minutes(1)))
    func `what is fired while a foreign task is on its way to wait is not lost`() async throws {
        let loop = try EpollEventLoop(name: "test")
        loop.start()
        let domain = Domain(loop: loop)
        for _ in 0..<2_000 {
            async let waited: Void = domain.wait()
            await domain.fire()
            await waited
        }
        loop.stop()
    }
}
