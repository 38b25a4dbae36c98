import Reactor
import TestSupport
import Testing

/// Something that waits without a task, and notes when it is woken.
private final class Dozer: Sleeper {
    let wakeup = Wakeup()
    var woken = 0
    var onWake: () -> Void = {}

    func wake() {
        woken += 1
        onWake()
    }
}

struct SleeperTests {
    private let dozer = Dozer()

    @Test func `a sleeper is woken once for each sleep`() {
        #expect(dozer.wakeup.sleep(dozer))
        #expect(dozer.woken == 0)
        dozer.wakeup.fire()
        #expect(dozer.woken == 1)
        dozer.wakeup.fire()
        #expect(dozer.woken == 1)
    }

    @Test func `what was fired before is not slept through`() {
        dozer.wakeup.fire()
        #expect(!dozer.wakeup.sleep(dozer))
        #expect(dozer.wakeup.sleep(dozer))
        dozer.wakeup.fire()
        #expect(dozer.woken == 1)
    }

    @Test func `whoever is woken by a deadline may set it anew and sleep on`() {
        let loop = ManualEventLoop()
        let deadline = Deadline(on: loop, firing: dozer.wakeup)
        let dozer = dozer
        dozer.onWake = {
            #expect(deadline.hasExpired)
            deadline.set(loop.now + .seconds(1))
            #expect(dozer.wakeup.sleep(dozer))
        }
        deadline.set(loop.now + .seconds(1))
        #expect(dozer.wakeup.sleep(dozer))
        for round in 1...5 {
            loop.advance(by: .seconds(1))
            #expect(dozer.woken == round)
        }
        #expect(loop.timers.count == 1)
        deadline.cancel()
        dozer.onWake = {}
        dozer.wakeup.fire()
    }

    @Test func `a sleeper is owned while it sleeps, and no longer`() {
        let wakeup = Wakeup()
        var dozer: Dozer? = Dozer()
        weak let observed = dozer
        if let dozer { #expect(wakeup.sleep(dozer)) }
        dozer = nil
        #expect(observed != nil)
        wakeup.fire()
        #expect(observed == nil)
    }
}
